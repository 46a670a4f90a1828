"""Single fields of the provider's responses, with the surprises they hold; what cannot be read raises Bad."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from icpportal.handles import canonical_address
from servers.inventory.facts import NAME_LENGTH, REGION_CODE, YEARS

T = TypeVar("T")

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_NO_TIME = (None, "", "0000-00-00 00:00:00", "0000-00-00T00:00:00Z")
_ZONE_NUMBER = re.compile(r"-\d+$", re.ASCII)
SHOWN_LENGTH = 100


class Bad(Exception):
    """A field that cannot be read; `detail` says which and why, for people."""

    def __init__(self, detail: object) -> None:
        super().__init__(detail)
        self.detail = detail


def shown(value: object) -> str:
    """Foreign text, short and fit for any output, terminals too: printable letters; of lists in lists six levels."""
    text = value if isinstance(value, str) else reprlib.repr(value)
    return "".join(letter for letter in text[:SHOWN_LENGTH] if letter.isprintable())


def shown_id(name: object) -> str | None:
    """By what a rejected row goes; None for one without a name."""
    return shown(name) if isinstance(name, str) and name else None


def read_word(row: Mapping[str, Any], name: str, words: Mapping[str, T], *, default: T | None = None) -> T:
    """What a word of a closed vocabulary means; `default` when it is missing or null. Raises Bad for a new word."""
    word = row.get(name)
    if word is None and default is not None:
        return default
    if isinstance(word, str) and word in words:
        return words[word]
    raise Bad(_("%(name)s is unknown: %(word)s") % {"name": name, "word": shown(word)})


def read_time(value: object, name: str) -> datetime | None:
    """A moment in any form the provider writes; without an offset it is UTC, as documented. None for none."""
    if value in _NO_TIME:
        return None
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
        if moment is not None and moment.year in YEARS:
            return moment
    raise Bad(_("%(name)s is not a time: %(value)s") % {"name": name, "value": shown(value)})


def read_address(value: object, name: str) -> str:
    """The canonical address. Raises Bad, also for a masked one such as 119.***.***.51."""
    address = canonical_address(value)
    if address is None:
        raise Bad(_("%(name)s is not an IP address: %(value)s") % {"name": name, "value": shown(value)})
    return address


def read_name(value: object, name: str) -> str:
    """A name of at most 200 characters, cut where it is longer; empty for null."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Bad(_("%(name)s is not a text.") % {"name": name})
    return value.replace("\x00", "").encode("utf-8", "replace").decode()[:NAME_LENGTH]


def read_list(row: Mapping[str, Any], name: str) -> list[object]:
    """A list within a row; null is an empty one. Raises Bad for anything else, an empty object among it."""
    given = row.get(name)
    if not isinstance(given, list | None):
        raise Bad(_("%(name)s is not a list.") % {"name": name})
    return given or []


def read_region(placement: object) -> str:
    """The region is the zone without its last -n; whether anybody knows it is another question."""
    zone = placement.get("Zone") if isinstance(placement, Mapping) else None
    if not isinstance(zone, str) or not REGION_CODE.fullmatch(region := _ZONE_NUMBER.sub("", zone)):
        raise Bad(_("%(name)s is missing or malformed.") % {"name": "Placement.Zone"})
    return region


def provider_error(error: object) -> object:
    """What is told of the error in a response."""
    fields = error if isinstance(error, Mapping) else {}
    return _("The provider answered with the error %(code)s: %(message)s") % {
        "code": shown(fields.get("Code", "")),
        "message": shown(fields.get("Message", "")),
    }
