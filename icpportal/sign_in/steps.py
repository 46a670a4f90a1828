"""Signing in by two steps. Between them nobody is signed in: the session only remembers whose password was right.

What stands between the steps is good for some minutes, for this password, for a person who is active.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.utils import reset
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from icpportal.sign_in.lifetimes import ONE_TIME_CODE
from icpportal.sign_in.throttle import count_under

PERIOD = timedelta(minutes=10)
_PENDING = "pending_sign_in"


@dataclass(frozen=True, kw_only=True)
class Pending:
    """Somebody whose password was right: what they typed as their name, and where they want to go."""

    user: User
    typed: str
    way: str


def begin(request: HttpRequest, user: User, *, way: str, now: datetime) -> None:
    """Remember the first step; the session gets a new key."""
    request.session.flush()
    request.session[_PENDING] = {
        "user": user.pk,
        "backend": user.backend,  # type: ignore[attr-defined]  # set by authenticate()
        "password": user.get_session_auth_hash(),
        "typed": request.POST.get("username", ""),
        "way": way,
        "at": now.timestamp(),
    }


def pending(request: HttpRequest, *, now: datetime) -> Pending | None:
    """Who is between the two steps; None for nobody, or too late."""
    kept: dict[str, Any] | None = request.session.get(_PENDING)
    if kept is None or not 0 <= now.timestamp() - kept["at"] < PERIOD.total_seconds():
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["password"], user.get_session_auth_hash()):
        return None
    user.backend = kept["backend"]  # type: ignore[attr-defined]
    return Pending(user=user, typed=kept["typed"], way=kept["way"])


def finish(request: HttpRequest, who: Pending) -> None:
    """The second step is done: they are signed in, and failures under the name that they typed are forgotten."""
    request.session.flush()
    count_under(request, who.typed)
    login(request, who.user)
    request.session[ONE_TIME_CODE] = True
    reset(username=who.typed)
