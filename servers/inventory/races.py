"""Two that write the same servers at once: whoever loses the race for a row begins again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction

T = TypeVar("T")
ATTEMPTS = 50  # each lost race is one that somebody else won, so this many rivals at once are fine
DEADLOCK = "40P01"


class Moved(Exception):
    """An address found another holder while the locks were being taken."""


def settle(work: Callable[[], T]) -> T:
    """Do `work` in a transaction, and again when it loses a race. A lock that takes too long is an OperationalError."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return work()
        except (IntegrityError, Moved, OperationalError) as error:
            lost = not isinstance(error, OperationalError) or getattr(error.__cause__, "sqlstate", "") == DEADLOCK
            if not lost or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")
