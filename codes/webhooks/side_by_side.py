"""Several receivers called side by side, by threads of one process: a slow one keeps one thread busy, and no other."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event

from django.db import connection
from django.utils import timezone

from codes.webhooks.delivering import Turns, deliver_next

PATIENCE = 1.0  # seconds that a round waits for its attempts: then the next looks for what is new


def deliver_due(stop: Event, turns: Turns | None = None) -> Counter[str]:
    """Send what is due, attempt after attempt, until nothing is or `stop` is set; how many ended in which state."""
    sent = Counter[str]()
    while not stop.is_set() and (attempt := deliver_next(turns=turns, now=timezone.now())):
        sent[attempt.delivery.state] += 1
    return sent


class SideBySide:
    """`at_once` threads that send what is due. Use as a context manager, which waits for attempts under way."""

    def __init__(self, at_once: int, *, stop: Event) -> None:
        self._at_once, self._stop, self._turns = at_once, stop, Turns()
        self._pool = ThreadPoolExecutor(at_once)
        self._running: set[Future[Counter[str]]] = set()

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._pool.shutdown()

    def round(self) -> Counter[str]:
        """Set idle threads to work; what has been sent since the last round. Raises what a thread raised."""
        idle = self._at_once - len(self._running)
        self._running |= {self._pool.submit(self._work) for _ in range(idle)}
        return self._ended(timeout=PATIENCE)

    def finish(self) -> Counter[str]:
        """Wait for all; what has been sent since the last round. Raises what a thread raised."""
        return self._ended(timeout=None)

    def _ended(self, timeout: float | None) -> Counter[str]:
        done, self._running = wait(self._running, timeout=timeout)
        return sum((one.result() for one in done), Counter[str]())

    def _work(self) -> Counter[str]:
        try:
            return deliver_due(self._stop, self._turns)
        finally:
            connection.close()  # the thread's own
