"""Code values: minted from 120 random bits, told apart by a check character, found by keyed digest.

A value has one canonical form: 25 upper-case Crockford base-32 characters, the last of them the check character. Only
`show` turns it into what people read: `ICP-` and five groups of five. The database holds the sealed value and its
digest alone, both under the keys of the setting CODE_KEYS (newest first), so that a dump holds no usable code.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from django.conf import settings
from stdnum import luhn

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})  # letters that are taken for digits
_LETTERS = ALPHABET.encode() * 8  # for each byte one: 256 are eight times the alphabet
PREFIX = "ICP"
LENGTH = 25
GROUP = TAIL = 5
_LONGEST = len(PREFIX) + LENGTH
_MINUS = "\u2212"  # looks like a hyphen and is none by its category
_SEPARATORS = {"Pd": " ", "Cf": ""}  # dashes; what is not seen at all
_TOKEN = re.compile(r"\b(?:icp|whsec)_[\w+/=-]{40}")
_CHUNK = re.compile(r"[0-9A-Z ]+")
_ASCII = {code: " " for code in range(128) if chr(code).isspace() or chr(code) == "-"}  # the same of these alone


def mint() -> str:
    """A new canonical value: 24 random characters and their check character."""
    body = secrets.token_bytes(LENGTH - 1).translate(_LETTERS).decode()
    return body + luhn.calc_check_digit(body, ALPHABET)


def show(canonical: str) -> str:
    """The form for people: ICP-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX."""
    return "-".join([PREFIX, *(canonical[i : i + GROUP] for i in range(0, LENGTH, GROUP))])


def mask(tail: str) -> str:
    """What lists show of a code: ICP-…-7Q4KD."""
    return f"{PREFIX}-…-{tail}"


def normalise(typed: str) -> str:
    """The canonical form of what somebody typed or pasted; of no code at all when it is none.

    Case, spaces, hyphens, full-width forms, O for 0, I and L for 1 are forgiven; the prefix may be left out.
    """
    letters = _fold(typed).replace(" ", "").translate(ALIKE)
    prefix = PREFIX.translate(ALIKE)
    if len(letters) == LENGTH + len(prefix) and letters.startswith(prefix):
        return letters[len(prefix) :]
    return letters


def is_well_formed(canonical: str) -> bool:
    """Whether the length, the alphabet and the check character are right: a mistyped code is not."""
    return len(canonical) == LENGTH and not set(canonical) - set(ALPHABET) and bool(luhn.is_valid(canonical, ALPHABET))


def stands_in(text: str) -> bool:
    """Whether a code value, an API token or a webhook's secret is readable in `text`: free text must not carry one."""
    return bool(_TOKEN.search(text)) or any(True for _value in found_in(text))


def found_in(text: str) -> Iterator[str]:
    """What in `text` has the form of a code value, in its canonical form: issued or not, by chance or on purpose."""
    for words in map(str.split, _CHUNK.findall(_fold(text))):
        yield from (normalise("".join(part)) for part in _as_long_as_values(words) if _is_value(part))


def _as_long_as_values(words: list[str]) -> Iterator[list[str]]:
    """The words in a row that have together as many characters as a value, with its prefix or without."""
    for first in range(len(words)):
        length = 0
        for last, word in enumerate(words[first : first + _LONGEST], start=first + 1):
            length += len(word)
            if length in (LENGTH, _LONGEST):
                yield words[first:last]
            if length >= _LONGEST:
                break


def _is_value(words: list[str]) -> bool:
    # Words that part elsewhere than groups do are prose: one sentence in dozens has a value's length and check.
    text, sizes = "".join(words), [len(word) for word in words]
    sizes[0] -= len(PREFIX) if len(text) > LENGTH else 0
    parted_as_groups = not any(size % GROUP for size in sizes) or max(sizes) == 1
    return parted_as_groups and is_well_formed(normalise(text))


def _fold(text: str) -> str:
    """Upper case, of normal width, with a space for whatever may part the characters of a value."""
    if text.isascii():  # as most values are sent
        return text.upper().translate(_ASCII)
    letters = unicodedata.normalize("NFKC", text).upper()
    return "".join(
        " " if letter.isspace() or letter == _MINUS else _SEPARATORS.get(unicodedata.category(letter), letter)
        for letter in letters
    )


def digest(canonical: str) -> bytes:
    """What a code is stored and found by, under the newest key."""
    return digests(canonical)[0]


def digests(canonical: str) -> list[bytes]:
    """The digest under each key, newest first: a code sealed before a rotation is found too."""
    text = canonical.encode("utf-8", "surrogatepass")
    return [hmac.digest(key, text, "sha256") for key in _digest_keys(tuple(settings.CODE_KEYS))]


@lru_cache(maxsize=8)
def _digest_keys(keys: tuple[str, ...]) -> list[bytes]:
    """A key of its own for digests, derived from each sealing key."""
    return [hashlib.sha256(b"icp code digest\0" + key.encode()).digest() for key in keys]
