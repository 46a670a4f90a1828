"""How the handles of others, addresses and our own numbers are written, in paths, filters and bodies.

Each with what would be right, for whoever wrote it otherwise.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from icpportal.sentences import StrPromise

NAME = r"[A-Za-z0-9._-]{1,64}"  # an instance ID, an order number, a request id
UID = r"[A-Za-z0-9._-]{1,32}"  # an account's
REGION = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
NUMBER = r"[1-9][0-9]{0,17}"  # a primary key as it stands in JSON: no sign, no leading zero, within 63 bits
NO_ADDRESS = _("Give an IPv4 or IPv6 address, such as 203.0.113.7.")

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_QUAD = re.compile(rf"(?:{_BYTE}\.){{3}}{_BYTE}")  # nearly all there are, in a quarter of the time


@dataclass(frozen=True)
class Form:
    """A text that matches `pattern` as a whole; `wanted` says so to people."""

    pattern: str
    wanted: StrPromise

    def validator(self, code: str = "form") -> RegexValidator:
        """Refuses every other text, in Django's forms and in serializers; `code` is that of the error."""
        return RegexValidator(rf"\A(?:{self.pattern})\Z", self.wanted, code)


NAME_FORM = Form(NAME, _("Give 1 to 64 letters, digits, dots, hyphens or underscores."))
UID_FORM = Form(UID, _("Give 1 to 32 letters, digits, dots, hyphens or underscores."))
ORDER_FORM = Form(NAME, _("Give 1 to 64 letters, digits, dots, hyphens or underscores, and not dots alone."))
REGION_FORM = Form(REGION, _("Give the code of a region, such as ap-guangzhou."))


def is_number(text: str) -> bool:
    """Whether it can be the number of a row: what cannot must not reach the database."""
    return re.fullmatch(NUMBER, text) is not None


def canonical_address(text: object) -> str | None:
    """The one way an IPv4 or IPv6 address is written here; None for anything that is none, a masked one too."""
    if not isinstance(text, str) or "%" in text:
        return None
    if _QUAD.fullmatch(text):
        return text
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
