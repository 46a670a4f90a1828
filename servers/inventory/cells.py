"""Cells of a spreadsheet with servers: how each reads, and how it is written so that it reads the same again.

Words are the API's or those that the desk shows, in English or Chinese. A time without an offset is Asia/Shanghai's.
What cannot be read raises Bad, which says what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import Any, TypeVar

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from icpportal.dates import SHANGHAI
from icpportal.handles import canonical_address
from icpportal.sentences import comma
from icpportal.spreadsheets import guard, unguard
from servers.choices import BillingMode, IPKind, ServerState
from servers.inventory.facts import (
    INSTANCE_ID,
    MAX_IPS,
    MAX_VERSION,
    MOST_MONTHS,
    NAME_LENGTH,
    REGION_CODE,
    UID,
    YEARS,
    IPFacts,
)
from servers.inventory.fields import Bad, shown

C = TypeVar("C", bound=TextChoices)

_TIME = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s*(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( \+08:00)?", re.ASCII)  # nearly all, in a third of the time
_NUMBER = re.compile(r"(\d{1,19})(?:\.0)?", re.ASCII)
_SHORTENED = re.compile(r"\d(?:\.\d+)?E\+\d+", re.ASCII | re.IGNORECASE)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_EIGHT_AHEAD = timezone(timedelta(hours=8))  # also in the summers of 1986 to 1991
_YES = {"true", "yes", "1", "是"}
_NO = {"false", "no", "0", "否"}
_IPS = re.compile(r"[;；\n]")


def read_instance_id(text: str) -> str:
    """An instance ID."""
    if not INSTANCE_ID.fullmatch(text):
        why = _("%(text)s is not an instance ID: 1 to 64 letters, digits, dots, hyphens or underscores.")
        raise Bad(why % {"text": _quoted(text)})
    return text


def read_account(text: str) -> str:
    """The owner's uid; whether anybody knows it is another question."""
    if _SHORTENED.fullmatch(text):
        raise Bad(_("The spreadsheet shortened the account to %(text)s: format the column as text.") % {"text": text})
    if not UID.fullmatch(text):
        why = _("%(text)s is not an account: 1 to 32 letters, digits, dots, hyphens or underscores.")
        raise Bad(why % {"text": _quoted(text)})
    return text


def read_name(text: str) -> str:
    """A name, spaces and all."""
    if len(text) > NAME_LENGTH:
        raise Bad(_("The name is longer than %(most)d characters.") % {"most": NAME_LENGTH})
    if "\x00" in text:
        raise Bad(_("The name holds a NUL character."))
    return text


def read_region(text: str) -> str:
    """A region's code, known here or not."""
    if not REGION_CODE.fullmatch(text):
        raise Bad(_("%(text)s is not a region: write its code, such as ap-guangzhou.") % {"text": _quoted(text)})
    return text


def read_time(text: str) -> datetime | None:
    """A moment; None for an empty cell."""
    if not text:
        return None
    try:
        moment = _moment(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is not None and moment.year in YEARS:
        return moment
    if _SERIAL.fullmatch(text):
        raise Bad(_("%(text)s is a spreadsheet's day number: format the column as text.") % {"text": text})
    raise Bad(_("%(text)s is not a time: write 2027-01-31 16:00:00, in Shanghai's time.") % {"text": _quoted(text)})


def _moment(text: str) -> datetime | None:
    if found := _WRITTEN.fullmatch(text):
        if found[1]:
            return datetime.fromisoformat(f"{text[:19]}+08:00").astimezone(UTC)
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)
    if not (found := _TIME.fullmatch(text)):
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    clock = (int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0")))
    return datetime(int(year), int(month), int(day), *clock, tzinfo=_zone(offset)).astimezone(UTC)


def read_flag(text: str) -> bool:
    """Yes or no."""
    if (word := text.lower()) in _YES | _NO:
        return word in _YES
    raise Bad(_("%(text)s is neither true nor false.") % {"text": _quoted(text)})


def read_version(text: str) -> int | None:
    """The feed's version; None for an empty cell, which keeps the stored one."""
    return _whole(text, most=MAX_VERSION)


def read_months(text: str) -> int | None:
    """The prepaid months of somebody who knows the orders; None for an empty cell: the two dates say it."""
    return _whole(text, most=MOST_MONTHS)


def read_ips(text: str) -> tuple[IPFacts, ...]:
    """The addresses on the server, in order: `203.0.113.7 public; 198.51.100.9 elastic until 2027-01-31`."""
    ips = tuple(_ip(part.strip()) for part in _IPS.split(text) if part.strip())
    if len(ips) > MAX_IPS:
        raise Bad(_("More than %(most)d addresses.") % {"most": MAX_IPS})
    seen: set[str] = set()
    for ip in ips:
        if ip.address in seen:
            raise Bad(_("%(address)s is in the cell twice.") % {"address": ip.address})
        seen.add(ip.address)
    return ips


def _ip(text: str) -> IPFacts:
    # By words: a pattern would try each gap of a long cell with each other.
    first, *words = text.split()
    until = next((at for at, word in enumerate(words[:-1]) if word.lower() == "until"), len(words))
    kind, ends = " ".join(words[:until]), " ".join(words[until + 1 :])
    address = canonical_address(first)
    if address is None:
        raise Bad(_("%(text)s is not an IP address: write 203.0.113.7 public.") % {"text": _quoted(text)})
    if not kind:
        raise Bad(_("%(address)s lacks its kind: public, elastic or clb.") % {"address": address})
    return IPFacts(address=address, kind=_word(kind, IPKind), expires_at=read_time(ends))


def _whole(text: str, *, most: int) -> int | None:
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    if found is None or int(found[1]) > most:
        raise Bad(_("%(text)s is not a whole number from 0 to %(most)d.") % {"text": _quoted(text), "most": most})
    return int(found[1])


def _zone(offset: str | None) -> Any:
    if offset is None:
        return SHANGHAI
    if offset in "Zz":
        return UTC
    digits = offset[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if offset[0] == "-" else ahead)


@cache
def _meanings(choices: type[C]) -> dict[str, C]:
    words = {str(choice.value): choice for choice in choices}
    for language in ("en", "zh-hans"):
        with override(language):
            words |= {str(choice.label).lower(): choice for choice in choices}
    return words


def _word(text: str, choices: type[C]) -> C:
    meaning: C | None = _meanings(choices).get(text.lower())
    if meaning is None:
        right = comma().join(choices.values)
        raise Bad(_("%(text)s is unknown: write one of %(right)s.") % {"text": _quoted(text), "right": right})
    return meaning


def _quoted(text: str) -> str:
    return f"“{shown(text)}”" if text else str(_("An empty cell"))


READERS: dict[str, Callable[[str], Any]] = {
    "instance_id": read_instance_id,
    "account": read_account,
    "name": read_name,
    "region": read_region,
    "billing_mode": lambda text: _word(text, BillingMode),
    "purchased_at": read_time,
    "expires_at": read_time,
    "state": lambda text: _word(text, ServerState),
    "public_ip_assigned": read_flag,
    "ips": read_ips,
    "version": read_version,
    "prepaid_months": read_months,
}
COLUMNS = tuple(READERS)
REPEATED = {"account", "region", "billing_mode", "state", "public_ip_assigned"}  # the same few texts, row after row
OPTIONAL = ("version", "prepaid_months")  # columns that a file may lack


def read(column: str, text: str) -> Any:
    """What a cell says. Raises Bad."""
    return (_read_again if column in REPEATED else _read)(column, text)


def _read(column: str, text: str) -> Any:
    text = unguard(text)
    return READERS[column](text if column == "name" else text.strip())


_read_again = lru_cache(maxsize=1000)(_read)


def addresses(text: str) -> Iterator[str]:
    """The addresses that a cell of `ips` names, in order, whatever else is wrong with it."""
    for part in _IPS.split(unguard(text)):
        if (words := part.split(None, 1)) and (address := canonical_address(words[0])) is not None:
            yield address


def write_time(moment: datetime | None) -> str:
    """In Shanghai's time with the offset: no spreadsheet rewrites it, and nothing is lost."""
    if moment is None:
        return ""
    local = moment.astimezone(_EIGHT_AHEAD)
    fraction = f".{local.microsecond:06d}" if local.microsecond else ""
    return f"{local:%Y-%m-%d %H:%M:%S}{fraction} +08:00"


def write_ips(ips: Iterable[tuple[str, str, datetime | None]]) -> str:
    """Of (address, kind, expiry)."""
    parts = (
        f"{address} {kind}" + (f" until {write_time(ends)}" if ends is not None else "") for address, kind, ends in ips
    )
    return "; ".join(parts)


def write(cell: object) -> str:
    """A cell that no spreadsheet runs."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return write_time(cell)
    return "" if cell is None else guard(str(cell))
