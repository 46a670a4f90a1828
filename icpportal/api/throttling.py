"""Counts calls and unknown codes per client and minute, exactly, in the database: several processes share it.

One row a client, started anew each minute. On PostgreSQL the table is not written ahead (UNLOGGED): counting costs
no flush, and a crash forgets one minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from icpportal.api.models import ApiClient
from icpportal.api.problems import Problem

# Processes whose clocks differ by a moment count on in the later minute instead of starting anew.
_SAME = "count.minute - excluded.minute IN (0, 1)"
ADD_UP = f"""
ON CONFLICT (client_id) DO UPDATE SET
    calls = excluded.calls + CASE WHEN {_SAME} THEN count.calls ELSE 0 END,
    unknown_codes = excluded.unknown_codes + CASE WHEN {_SAME} THEN count.unknown_codes ELSE 0 END,
    minute = CASE WHEN {_SAME} THEN count.minute ELSE excluded.minute END
"""
_ADD = (
    "INSERT INTO api_callcount AS count (client_id, minute, calls, unknown_codes) VALUES (%s, %s, %s, %s)"
    f"{ADD_UP} RETURNING calls, unknown_codes"
)


@dataclass(frozen=True, kw_only=True)
class Count:
    """What a client did in the minute of `now`, this call included."""

    calls: int
    unknown_codes: int
    now: datetime

    def headers(self) -> dict[str, str]:
        """RateLimit-Limit, -Remaining and -Reset (seconds)."""
        limit = settings.THROTTLE_RATES["calls"]
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(limit - self.calls, 0)),
            "RateLimit-Reset": str(seconds_left(self.now)),
        }


def minute(now: datetime) -> int:
    """The minute of `now`, counted since 1970."""
    return int(now.timestamp()) // 60


def seconds_left(now: datetime) -> int:
    """Whole seconds until the minute is over, 1 to 60."""
    return 60 - int(now.timestamp()) % 60


def add(client: ApiClient, *, calls: int = 1, unknown_codes: int = 0, now: datetime) -> Count:
    """Count on, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [client.pk, minute(now), calls, unknown_codes])
        calls, unknown_codes = cursor.fetchone()
    return Count(calls=calls, unknown_codes=unknown_codes, now=now)


def check(count: Count, *, guesses_codes: bool) -> None:
    """Raises Problem throttled past the limit of calls; with `guesses_codes`, also past that of unknown codes."""
    rates = settings.THROTTLE_RATES
    if count.calls > rates["calls"] or (guesses_codes and count.unknown_codes >= rates["unknown_codes"]):
        raise throttled(now=count.now)


def guessed(client: ApiClient, *, now: datetime) -> None:
    """Count an unknown code. Raises Problem throttled past the limit: rivals cannot get one answer more."""
    count = add(client, calls=0, unknown_codes=1, now=now)
    if count.unknown_codes > settings.THROTTLE_RATES["unknown_codes"]:
        raise throttled(now=now)


def throttled(*, now: datetime) -> Problem:
    """429 until the minute is over."""
    return Problem("throttled", headers={"Retry-After": str(seconds_left(now))})
