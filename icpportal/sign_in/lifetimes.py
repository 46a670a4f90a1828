"""How long a session lasts: from sign-in, and from its last use; shorter for staff, who sign in with one-time codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from icpportal.sign_in.models import Session

SIGN_IN = "sign_in"  # in a session's data: when it began, and from where
ONE_TIME_CODE = "one_time_code"  # in a session's data: it began with one


def is_alive(session: Session, user: User, data: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether this person may go on with it, by what is true of them now: active, staff or not."""
    if not user.is_active or SIGN_IN not in data:
        return False
    if user.is_staff and settings.STAFF_ONE_TIME_CODES and not data.get(ONE_TIME_CODE):
        return False
    age, idle = _limits(user)
    return now - datetime.fromisoformat(data[SIGN_IN]["at"]) < age and now - session.seen_at < idle


def _limits(user: User) -> tuple[timedelta, timedelta]:
    if user.is_staff:
        return settings.STAFF_SESSION_AGE, settings.STAFF_SESSION_IDLE
    return timedelta(seconds=settings.SESSION_COOKIE_AGE), settings.SESSION_IDLE
