"""What may stand in a path: anything else is an address that does not exist."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import StringConverter

from icpportal.handles import NAME, NUMBER, UID


class HandleConverter(StringConverter):
    """An instance ID or an order number."""

    regex = NAME


class UidConverter(StringConverter):
    """An account's uid."""

    regex = UID


class IdConverter:
    """A number of ours."""

    regex = NUMBER

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Its digits."""
        return str(value)


def register_all() -> None:
    """Give them their names, before addresses are read."""
    register_converter(HandleConverter, "handle")
    register_converter(UidConverter, "uid")
    register_converter(IdConverter, "id")
