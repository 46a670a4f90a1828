"""Failed sign-ins, counted in the database by django-axes: per name that was typed, and per address.

An attempt is counted before it is judged, in a statement of its own, and taken back when it was right: of many at once
no more are judged than the limit allows. The name is kept as a keyed digest, since people type passwords and codes into
the wrong field; nothing else that was sent is written down. Names that nobody has are counted like any other, and an
e-mail address apart from the user name behind it: an answer tells of neither. A sign-in that succeeds clears its own
name, not what its address did to other names.
"""

from __future__ import annotations

import logging
import unicodedata
from datetime import timedelta
from typing import Any, cast

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import F, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from icpportal import mailing
from icpportal.sign_in.people import PeopleBackend

log = logging.getLogger(__name__)

PER_NAME = settings.AXES_FAILURE_LIMIT
PER_ADDRESS = 5 * PER_NAME  # an office shares one
COOL_OFF: timedelta = settings.AXES_COOLOFF_TIME  # after the last failure that counted; later ones do not count


class Throttle(AxesDatabaseHandler):
    """The setting AXES_HANDLER: one limit for a name, a wider one for an address."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """On the scale of PER_NAME, which is AXES_FAILURE_LIMIT."""
        of_name, of_address = self._sums(request, credentials)
        return max(of_name, of_address * PER_NAME // PER_ADDRESS)

    def is_allowed(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether the attempt may be judged; it counts as a failure then, until `take_back`."""
        if self.is_locked(request, credentials):
            return False
        self.clean_expired_user_attempts(request, credentials)
        self._count(request, credentials)
        of_name, of_address = self._sums(request, credentials)
        if of_name > PER_NAME or of_address > PER_ADDRESS:  # others came first
            take_back(request)
            return False
        return True

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """It was counted before: say so, and answer 429 if it was the last."""
        if request is None:
            return
        log.warning("A sign-in failed")
        request.axes_credentials = credentials  # type: ignore[attr-defined]
        if self.is_locked(request, credentials):
            request.axes_locked_out = True  # type: ignore[attr-defined]

    def _count(self, request: Any, credentials: dict[str, Any] | None) -> None:
        which = {"username": name_of(request, credentials), "ip_address": request.axes_ip_address, "user_agent": ""}
        rows = AccessAttempt.objects.filter(**which)
        once_more = {"failures_since_start": F("failures_since_start") + 1, "attempt_time": request.axes_attempt_time}
        while not rows.update(**once_more):
            AccessAttempt.objects.get_or_create(**which, defaults={"failures_since_start": 0})
        request.counted_attempt = rows

    def _sums(self, request: HttpRequest, credentials: dict[str, Any] | None) -> tuple[int, int]:
        """Failures of the name, and of the address."""
        of_name, of_address = (
            int(attempts.aggregate(count=Sum("failures_since_start"))["count"] or 0)
            for attempts in self.get_user_attempts(request, credentials)
        )
        return of_name, of_address

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        of_name, _of_address = self.filter_user_attempts(request, credentials)
        return int(of_name.delete()[0])

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """By the name as people know it: `manage.py axes_reset_username NAME`."""
        name = digest(username) if username else None
        return int(super().reset_attempts(ip_address=ip_address, username=name, ip_or_username=ip_or_username))


class Counted(AxesStandaloneBackend):  # type: ignore[misc]
    """The first of AUTHENTICATION_BACKENDS: judges names and passwords as Django does, what is right for nothing."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User:  # type: ignore[override]
        """The person. Raises PermissionDenied for a wrong password as for one too many: nobody else is asked."""
        super().authenticate(request, **credentials)
        user = PeopleBackend().authenticate(request, **credentials)
        if user is None:
            raise PermissionDenied
        take_back(request)
        return cast(User, user)

    def get_user(self, user_id: int) -> User | None:
        """As the backend behind it does."""
        return PeopleBackend().get_user(user_id)


def take_back(request: HttpRequest) -> None:
    """The attempt that was counted in this request was right, or was not judged."""
    counted = request.__dict__.pop("counted_attempt", None)
    if counted is not None:
        counted.filter(failures_since_start__gt=0).update(failures_since_start=F("failures_since_start") - 1)
        counted.filter(failures_since_start=0).delete()


def digest(name: str) -> str:
    """What failures of this name are kept under; case and width of letters do not matter."""
    folded = unicodedata.normalize("NFKC", name).casefold().strip()
    return salted_hmac("sign-in", folded.encode("utf-8", "surrogatepass"), algorithm="sha256").hexdigest()


def forget_failures(user: User) -> None:
    """After a new password what failed under their names counts no more; what failed from an address does."""
    for name in filter(None, {user.get_username(), user.email}):
        reset(username=name)


def count_under(request: HttpRequest, name: str) -> None:
    """What fails in this request counts under this name: it is known who it is, whatever name was sent beside."""
    request.counted_name = name  # type: ignore[attr-defined]


def name_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The setting AXES_USERNAME_CALLABLE: the digest of what was typed, not of the name found for it."""
    known = getattr(request, "counted_name", "")
    return digest(known or request.POST.get("username") or (credentials or {}).get("username") or "")


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """The setting AXES_LOCKOUT_CALLABLE: 429, the same for everybody over a limit; `forget_failures` ends a name's."""
    can_reset = mailing.is_set() and "password" in request.POST
    page = {"minutes": int(COOL_OFF.total_seconds() // 60), "can_reset": can_reset}
    answer = render(request, "429.html", page, status=429)
    answer["Retry-After"] = str(int(COOL_OFF.total_seconds()))
    return answer
