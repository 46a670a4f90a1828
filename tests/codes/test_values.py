"""Values: one canonical form of whatever is typed, a check character, 120 bits, keys that rotate."""

import base64
from typing import Any

import pytest

from codes import values
from codes.models import AuthorizationCode
from tests.factories import make_issued

# 24 characters by hand and the 25th from the Luhn sum mod 32 below.
BODY = "0123456789ABCDEFGHJKMNPQ"
CANONICAL = BODY + "R"
SHOWN = "ICP-01234-56789-ABCDE-FGHJK-MNPQR"
FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in SHOWN)


def a_key(letter: str) -> str:
    return base64.urlsafe_b64encode(letter.encode() * 32).decode()


def luhn_sum(text: str) -> int:
    """By the definition: from the right every second number doubled, its base-32 digits added."""
    numbers = [values.ALPHABET.index(letter) for letter in reversed(text)]
    doubled = [sum(divmod(number * 2, 32)) if place % 2 else number for place, number in enumerate(numbers)]
    return sum(doubled) % 32


def test_the_alphabet_is_crockfords() -> None:
    assert values.ALPHABET == "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_the_check_character_is_luhn_mod_32_in_the_alphabets_order() -> None:
    assert [letter for letter in values.ALPHABET if luhn_sum(BODY + letter) == 0] == ["R"]
    assert [letter for letter in values.ALPHABET if values.is_well_formed(BODY + letter)] == ["R"]


def test_a_minted_value_is_well_formed_and_new() -> None:
    minted = {values.mint() for _ in range(1000)}
    assert len(minted) == 1000
    assert all(len(value) == 25 and luhn_sum(value) == 0 for value in minted)


def test_every_character_of_the_alphabet_comes_up_in_each_of_24_random_places() -> None:
    minted = [values.mint() for _ in range(1000)]  # 24 × 5 bits = 120
    assert all({value[place] for value in minted} == set(values.ALPHABET) for place in range(24))


def test_people_see_the_prefix_and_five_groups_of_five() -> None:
    assert values.show(CANONICAL) == SHOWN


@pytest.mark.parametrize(
    "typed",
    [
        SHOWN,
        CANONICAL,
        SHOWN.lower(),
        f"  {SHOWN}\n",
        SHOWN.replace("-", " "),
        SHOWN.replace("-", ""),
        SHOWN.removeprefix("ICP-"),
        SHOWN.replace("-", "\u2010"),  # hyphen
        SHOWN.replace("-", "\u2011"),  # non-breaking hyphen
        SHOWN.replace("-", "\u2013"),  # en dash
        SHOWN.replace("-", "\u2014"),  # em dash
        SHOWN.replace("-", "\u00ad"),  # soft hyphen
        SHOWN.replace("-", "\u2212"),  # minus sign
        SHOWN.replace("-", "\u3000"),  # ideographic space
        SHOWN.replace("-", " - "),
        SHOWN.replace("-", "\u200b"),  # zero-width space
        FULL_WIDTH,
        SHOWN.replace("0", "O").replace("1", "I"),
        SHOWN.replace("0", "o").replace("1", "l"),
        SHOWN.replace("ICP", "lcp"),
        SHOWN.replace("ICP", "1CP"),
    ],
)
def test_what_is_typed_has_one_form(typed: str) -> None:
    assert values.normalise(typed) == CANONICAL


def test_a_value_that_begins_like_the_prefix_keeps_its_beginning() -> None:
    value = "1CP" + "0" * 22
    assert values.normalise(value) == value
    assert values.normalise(values.show(value)) == value


@pytest.mark.parametrize("typed", ["x", "ICP-", "备案授权码", "\ud800", "0" * 200, CANONICAL[:-1], CANONICAL + "0"])
def test_what_is_no_value_is_not_well_formed(typed: str) -> None:
    assert not values.is_well_formed(values.normalise(typed))
    assert len(values.digest(values.normalise(typed))) == 32


@pytest.mark.parametrize("place", range(25))
def test_one_wrong_character_is_told(place: int) -> None:
    wrong = [letter for letter in values.ALPHABET if letter != CANONICAL[place]]
    assert not any(values.is_well_formed(CANONICAL[:place] + letter + CANONICAL[place + 1 :]) for letter in wrong)


@pytest.mark.parametrize("place", range(24))
def test_two_neighbours_exchanged_are_told(place: int) -> None:
    one, other = CANONICAL[place], CANONICAL[place + 1]
    swapped = CANONICAL[:place] + other + one + CANONICAL[place + 2 :]
    blind = {one, other} == {"0", "Z"}  # the one pair that Luhn cannot tell
    assert values.is_well_formed(swapped) is blind


@pytest.mark.parametrize(
    "text",
    [
        SHOWN,
        CANONICAL,
        SHOWN.lower(),
        SHOWN.removeprefix("ICP-"),
        SHOWN.replace("-", " "),
        SHOWN.replace("-", ""),
        SHOWN.replace("-", "\u2013"),
        SHOWN.replace("-", " - "),
        SHOWN.replace("0", "O").replace("1", "l"),
        FULL_WIDTH,
        f"the customer sent {SHOWN} yesterday",
        f"the customer sent {CANONICAL} in May 2026",
        f"code:{SHOWN}",
        f"客户的授权码是{SHOWN}，已泄露",
        f"[{SHOWN}]",
        " ".join(CANONICAL),
        SHOWN.replace("-", "").replace("CD", "C\u200bD"),
        f"two lines:\n{SHOWN[:15]}\n{SHOWN[15:]}",
    ],
)
def test_a_value_in_a_text_is_seen(text: str) -> None:
    assert values.stands_in(text)


@pytest.mark.parametrize("beside", ["", "中"])  # a text of ASCII alone is read another way
def test_every_character_parts_a_value_alike_in_both_kinds_of_text(beside: str) -> None:
    parting = {chr(code) for code in range(128) if values.stands_in(beside + SHOWN.replace("-", chr(code)))}
    assert parting == set("-\t\n\v\f\r\x1c\x1d\x1e\x1f ")


def test_every_minted_value_is_seen_in_a_text() -> None:
    assert all(values.stands_in(f"please check {values.show(values.mint())} again") for _ in range(200))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ICP-…-MNPQR",
        "ins-00000001 203.0.113.7",
        CANONICAL[:-1] + "S",
        SHOWN[:-2],
        "The customer asked twice and could not find the code that was sent to the site",
        "粤ICP备12345678号-1",
    ],
)
def test_a_text_without_a_value_passes(text: str) -> None:
    assert not values.stands_in(text)


def test_prose_is_never_taken_for_a_value() -> None:
    words = "the customer asked us to abandon this filing because another domain goes here first and no one can wait"
    prose = words.split()
    turns = [" ".join(prose[turn:] + prose[:turn]) for turn in range(len(prose))]
    every_other = [" ".join(prose[turn::2] + prose[::3]) for turn in range(len(prose))]
    assert not any(values.stands_in(text) for text in turns + every_other)


@pytest.mark.parametrize("secret", ["icp_" + "a" * 20 + "-_" + "B" * 21, "whsec_" + "a/+B" * 10 + "aaa="])
def test_a_token_in_a_text_is_found_too(secret: str) -> None:
    assert values.stands_in(f"use {secret}, please")
    assert not values.stands_in(f"use {secret[:12]}…, please")


@pytest.fixture
def old_key(settings: Any) -> str:
    settings.CODE_KEYS = [a_key("o")]
    return a_key("o")


def test_a_value_is_found_under_the_newest_key(settings: Any, old_key: str) -> None:
    under_old = values.digest(CANONICAL)
    settings.CODE_KEYS = [a_key("n"), old_key]
    assert values.digests(CANONICAL) == [values.digest(CANONICAL), under_old]
    assert values.digest(CANONICAL) != under_old


@pytest.mark.django_db
def test_a_code_of_an_older_key_is_found_by_its_value(settings: Any, old_key: str) -> None:
    issued = make_issued()
    settings.CODE_KEYS = [a_key("n"), old_key]
    newer = make_issued()
    for each in (issued, newer):
        assert AuthorizationCode.objects.of_value(each.value.lower()).get() == each.code
    settings.CODE_KEYS = [a_key("n")]
    assert not AuthorizationCode.objects.of_value(issued.value).exists()
    assert AuthorizationCode.objects.of_value(newer.value).get() == newer.code


def test_the_digest_is_keyed_and_the_key_is_not_the_sealing_key(settings: Any, old_key: str) -> None:
    import hashlib
    import hmac

    plain = hashlib.sha256(CANONICAL.encode()).digest()
    under_sealing_key = hmac.digest(old_key.encode(), CANONICAL.encode(), "sha256")
    assert values.digest(CANONICAL) not in (plain, under_sealing_key)


def test_a_mask_shows_the_last_five_characters_alone() -> None:
    assert values.mask("7Q4KD") == "ICP-…-7Q4KD"
