"""A text as agents paste it into the look-up, taken apart: what in it may be a handle. Reads no database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from codes import values
from codes.names import ICP_NUMBER
from codes.support import references
from icpportal.handles import canonical_address

WORDS = 40  # of a pasted text that may be handles
LENGTH = 500  # characters of a pasted text
START = 3  # characters at least of the start of something; of Chinese two
_SEPARATORS = re.compile(r"[\s,;!?()\[\]{}<>\"'“”‘’「」『』《》【】、。|=/]+")
_GROUPS = r"[0-9A-Z]{5}(?:[\s-]{0,3}[0-9A-Z]{5}){4}"
_SLIPPED = r"[0-9A-Z]{4,6}(?:-[0-9A-Z]{4,6}){4}"  # a character too few or too many
_VALUE = re.compile(
    rf"(?<![0-9A-Z])(?:ICP[\s-]{{0,3}})?({_GROUPS}|{_SLIPPED})(?![0-9A-Z])|ICP[\s-]{{0,3}}([0-9A-Z][0-9A-Z-]{{17,}})"
)
_IN_ASCII = re.compile(r"[!-~]+")
# What can be told from the label that it may stand to without a sign: an IP, an instance ID, a long number.
_AFTER_LABEL = re.compile(
    r"(?<=[A-Z])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9-]|\.[0-9A-Z])|ins-[0-9a-z]+|[0-9]{9,}(?![0-9-]))", re.IGNORECASE
)
_EDGES = ".,;!?#*_ \t\r\n"  # signs around a handle that are none of it
_TAIL = re.compile(r"(?:ICP-\.\.\.-)?([0-9A-Z]{5})")


@dataclass(frozen=True, kw_only=True)
class Term:
    """A pasted text, taken apart: the `whole` of it, and the `words` that cannot be ordinary ones."""

    whole: str
    words: list[str]
    values: list[str]

    @classmethod
    def of(cls, text: str) -> Term:
        """Of what somebody typed or pasted."""
        readable = text[:LENGTH].replace("\0", " ").encode(errors="replace").decode()
        folded = unicodedata.normalize("NFKC", readable)
        plain = "".join(
            "-" if unicodedata.category(letter) == "Pd" else letter
            for letter in folded
            if unicodedata.category(letter) != "Cf"
        )
        return cls(whole=_trimmed(plain), words=list(islice(_words(plain), WORDS)), values=_values(plain.upper()))

    @cached_property
    def exact(self) -> list[str]:
        """What is compared with handles: the whole and the words, each once; not a code value."""
        if self.values:
            return []
        return list(dict.fromkeys([self.whole, *self.words]))

    @cached_property
    def start(self) -> str:
        """The whole, where it may be the start of something: empty if it is a code value or too short to tell."""
        length = len(self.whole) + (not self.whole.isascii())
        return self.whole if length >= START and not self.values else ""

    @cached_property
    def addresses(self) -> list[str]:
        """The IP addresses among them, in their usual form."""
        return [address for address in map(canonical_address, self.exact) if address]

    @cached_property
    def main_icp_numbers(self) -> list[str]:
        """The ICP filing numbers that stand without the number of a website, which "-1" and the like add."""
        return [text for text in self.exact if text.endswith("号") and ICP_NUMBER.fullmatch(text)]

    @cached_property
    def tails(self) -> list[str]:
        """The last characters of codes among them."""
        found = (_TAIL.fullmatch(text.upper()) for text in self.exact)
        return [values.normalise(match.group(1)) for match in found if match]

    @cached_property
    def references(self) -> list[str]:
        """The support references in the text, which a reference without a digit is too."""
        return [] if self.values else references(self.whole)

    @cached_property
    def domains(self) -> list[str]:
        """The domains among them, as typed and in ASCII."""
        dotted = [text.lower().rstrip(".") for text in self.exact if "." in text and text not in self.addresses]
        return list(dict.fromkeys([*dotted, *filter(None, map(_ascii, dotted))]))


def _trimmed(text: str) -> str:
    """Without the signs around it; an IPv6 address may begin or end with colons of its own."""
    plain = text.strip(_EDGES)
    return plain if canonical_address(plain) else plain.strip(f"{_EDGES}:")


def _words(text: str) -> Iterable[str]:
    """The words of a text that hold a digit or a dot, without the label that may stand before a colon."""
    for word in _SEPARATORS.split(text):
        parts = [word] if canonical_address(_trimmed(word)) else word.split(":")
        for part in parts:
            for plain in map(_trimmed, [part, *_within(part)]):
                if any(letter.isdigit() or letter == "." for letter in plain):
                    yield plain


def _within(word: str) -> Iterable[str]:
    """What stands in a Chinese sentence, which has no spaces: ICP filing numbers, and what is written in ASCII."""
    yield from _AFTER_LABEL.findall(word)
    if not word.isascii():
        yield from (match.group() for match in ICP_NUMBER.finditer(word))
        yield from _IN_ASCII.findall(ICP_NUMBER.sub("。", word))


def _values(text: str) -> list[str]:
    """What reads as the full value of a code, in canonical form: also with a typing error."""
    found = [values.normalise(match.group(1) or match.group(2)) for match in _VALUE.finditer(text)]
    whole = values.normalise(text)
    found += [whole] if values.is_well_formed(whole) else []
    # Five ordinary words of five letters are no code; of the codes one in ten thousand has no digit.
    return [value for value in dict.fromkeys(found) if any(letter.isdigit() for letter in value)]


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return ""
