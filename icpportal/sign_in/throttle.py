"""Failed sign-ins, counted in the database by django-axes: per name that was typed, and per address.

The name is kept as a keyed digest, since people type passwords and codes into the wrong field. Names that nobody has
are counted like any other, and an e-mail address apart from the user name behind it: an answer tells of neither. A
sign-in that succeeds clears its own name, not what its address did to other names.
"""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

PER_NAME = settings.AXES_FAILURE_LIMIT
PER_ADDRESS = 5 * PER_NAME  # an office shares one
COOL_OFF: timedelta = settings.AXES_COOLOFF_TIME  # after the last failure that counted; later ones do not count


class Throttle(AxesDatabaseHandler):
    """The setting AXES_HANDLER: one limit for a name, a wider one for an address."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """On the scale of PER_NAME, which is AXES_FAILURE_LIMIT."""
        of_name, of_address = (
            attempts.aggregate(count=Sum("failures_since_start"))["count"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return int(max(of_name, of_address * PER_NAME // PER_ADDRESS))

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Counts, and keeps nothing of what was sent: any field may hold a password or a code."""
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is not None:
            of_name, _of_address = self.filter_user_attempts(request, credentials)
            of_name.update(get_data="", post_data="")

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        of_name, _of_address = self.filter_user_attempts(request, credentials)
        return int(of_name.delete()[0])

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """By the name as people know it: `manage.py axes_reset_username NAME`."""
        name = digest(username) if username else None
        return int(super().reset_attempts(ip_address=ip_address, username=name, ip_or_username=ip_or_username))


def digest(name: str) -> str:
    """What failures of this name are kept under; case and width of letters do not matter."""
    folded = unicodedata.normalize("NFKC", name).casefold().strip()
    return salted_hmac("sign-in", folded.encode("utf-8", "surrogatepass"), algorithm="sha256").hexdigest()


def count_under(request: HttpRequest, name: str) -> None:
    """What fails in this request counts under this name: it is known who it is, whatever name was sent beside."""
    request.counted_name = name  # type: ignore[attr-defined]


def name_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The setting AXES_USERNAME_CALLABLE: the digest of what was typed, not of the name found for it."""
    known = getattr(request, "counted_name", "")
    return digest(known or request.POST.get("username") or (credentials or {}).get("username") or "")


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """The setting AXES_LOCKOUT_CALLABLE: 429, the same for everybody who is over a limit."""
    minutes = int(COOL_OFF.total_seconds() // 60)
    answer = render(request, "429.html", {"minutes": minutes}, status=429)
    answer["Retry-After"] = str(int(COOL_OFF.total_seconds()))
    return answer
