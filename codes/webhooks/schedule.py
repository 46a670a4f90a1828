"""When a failed delivery is tried again, and for how long an endpoint is left alone that asks for it or is away."""

from __future__ import annotations

from datetime import datetime, timedelta

TRIED_FOR = timedelta(days=3)
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 2 * 60, 10 * 60, 30 * 60, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
)
JITTER = 0.1  # of the wait, at most, on top
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=10)


def next_attempt(
    *, tries: int, began_at: datetime, asked: timedelta | None = None, jitter: float, now: datetime
) -> datetime | None:
    """When to try again after `tries` failed attempts, the first at `began_at`; None when three days are over.

    The waits grow up to a day, and are no shorter than what the receiver `asked` for; the last attempt is three days
    after the first. `jitter` from 0 to 1 spreads deliveries that failed together.
    """
    end = began_at + TRIED_FOR
    if now >= end:
        return None
    wait = max(WAITS[min(tries, len(WAITS)) - 1], asked or timedelta())
    return min(now + wait * (1 + JITTER * jitter), end)


def asked_wait(seconds: float | None) -> timedelta | None:
    """How long to leave an endpoint alone that asked for `seconds`, a day at most; None when it asked for nothing."""
    return None if seconds is None else min(timedelta(seconds=seconds), WAITS[-1])


def pause(*, failing_since: datetime, now: datetime) -> timedelta:
    """How long to leave an endpoint alone that cannot be reached: a tenth of the time that it has failed.

    Without it, each waiting delivery would spend a time-out on a dead endpoint; with it, one in ten minutes does.
    """
    return min(max((now - failing_since) / 10, SHORTEST_PAUSE), LONGEST_PAUSE)
