"""Fields that take exactly what they say: a string is no number, a number no string, a moment names its zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from icpportal.api.problems import one_of

# Python reads more: weeks, blanks, digits of other scripts; but of RFC 3339 no small letters.
_MOMENT = re.compile(r"[0-9-]+T[0-9:.]+(Z|[+-][0-9:]+)", re.IGNORECASE)
NO_MOMENT = _("Give a date and time with its zone, such as 2026-01-31T08:00:00Z.")

# What every field says of a value that is not there.
MISSING = {"required": _("This field is missing."), "null": _("This field cannot be null.")}


class Text(serializers.CharField):
    """A string as it was sent, blanks included. An optional one may be `null` or left out: the empty string.

    With `keeps_absent` one that is left out stays out, for changes of a part.
    """

    default_error_messages = {
        **MISSING,
        "invalid": _("Give a string."),
        "blank": _("This field cannot be empty."),
        "max_length": _("Give at most {max_length} characters."),
    }

    def __init__(self, *, keeps_absent: bool = False, **options: Any) -> None:
        if not options.get("required", True):
            options = {"allow_blank": True, "allow_null": True, **options}
            if not keeps_absent:
                del options["required"]
                options["default"] = ""
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data == "" and not self.allow_blank:
            self.fail("blank")
        value = super().run_validation(data)
        return "" if value is None else value


class Choice(serializers.ChoiceField):
    """One of the choices, as a string."""

    default_error_messages = {**MISSING}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(one_of(self.choices), "invalid_choice")
        return data


class Items(serializers.ListField):
    """A list of at most `max_length` items. A longer one is refused unread: each item costs."""

    default_error_messages = {
        **MISSING,
        "not_a_list": _("Give a list."),
        "min_length": _("Too few items: give {min_length} or more."),
        "max_length": _("Too many items: give {max_length} or fewer."),
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return list(super().to_internal_value(data))


class Integer(serializers.IntegerField):
    """A JSON number without a fraction."""

    default_error_messages = {
        **MISSING,
        "invalid": _("Give a whole number."),
        "min_value": _("Give {min_value} or more."),
        "max_value": _("Give {max_value} or less."),
    }

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Boolean(serializers.BooleanField):
    """true or false."""

    default_error_messages = {**MISSING, "invalid": _("Give true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "string", "format": "date-time"})
class Moment(serializers.Field):
    """An ISO 8601 date and time with its zone; the value is aware, in UTC."""

    default_error_messages = {**MISSING, "invalid": NO_MOMENT}

    def to_internal_value(self, data: Any) -> datetime:
        moment = moment_of(data) if isinstance(data, str) else None
        if moment is None:
            self.fail("invalid")
        return moment

    def to_representation(self, value: datetime) -> str | None:
        return iso(value)


def moment_of(text: str) -> datetime | None:
    """The aware moment, in UTC, that `text` names; None when it names none."""
    try:
        moment = parse_datetime(text.upper()) if _MOMENT.fullmatch(text) else None
        return moment and moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def iso(moment: datetime | None) -> str | None:
    """How the API writes a moment: ISO 8601 in UTC with Z. None stays None."""
    if moment is None:
        return None
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:-6] + "Z"
