"""Commands that go on as a service (`--watch`): round after round, until SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from django.db import DatabaseError, InterfaceError, close_old_connections

log = logging.getLogger(__name__)

MOST_SECONDS = 86_400
NO_WAIT = f"--watch takes more than 0 and at most {MOST_SECONDS} seconds."


def is_wait(seconds: float) -> bool:
    """Whether a service can look again after so many seconds: NaN and infinity are none."""
    return 0 < seconds <= MOST_SECONDS


def watch(work: Callable[[], object], *, seconds: float, stop: Event) -> None:
    """Do `work`, wait so many seconds, and again, until `stop` is set. A database that is away ends nothing."""
    while not stop.is_set():
        close_old_connections()
        try:
            work()
        except (DatabaseError, InterfaceError):
            log.exception("The database could not be used; trying again")
        stop.wait(seconds)


@contextmanager
def stopped_by_signals(stop: Event) -> Iterator[None]:
    """Inside, SIGTERM and SIGINT set `stop`: what is being done ends first."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(each, lambda *_: stop.set()) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
