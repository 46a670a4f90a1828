"""What may stand in a path: anything else is an address that does not exist."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import StringConverter

HANDLE = r"[A-Za-z0-9._-]"
NAME, UID = HANDLE + "{1,64}", HANDLE + "{1,32}"


class HandleConverter(StringConverter):
    """An instance ID or an order number: 1 to 64 of [A-Za-z0-9._-]."""

    regex = NAME


class UidConverter(StringConverter):
    """An account's uid: 1 to 32 of [A-Za-z0-9._-]."""

    regex = UID


class IdConverter:
    """A number of ours, as it stands in JSON: no sign, no leading zero, within 63 bits."""

    regex = r"[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Its digits."""
        return str(value)


register_converter(HandleConverter, "handle")
register_converter(UidConverter, "uid")
register_converter(IdConverter, "id")
