"""The Retry-After header of an answer: how long its sender asks to be left alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


def seconds(value: str | None, *, date: str | None) -> float | None:
    """Seconds to wait, from 0; None when nothing readable was asked for.

    A moment counts from the answer's own `date`, its header Date: the sender's clock may be wrong.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until, now = _moment(text), _moment(date)
    return None if until is None or now is None else max((until - now).total_seconds(), 0.0)


def _moment(value: str | None) -> datetime | None:
    """The aware moment that an HTTP date names; None for what is none."""
    try:
        parsed = parsedate_to_datetime(value or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
