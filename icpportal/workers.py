"""How gunicorn's processes share what comes in."""

from __future__ import annotations

import socket
import time

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

STEP, MOST = 0.00005, 0.0005  # seconds


def hesitation(connections: int) -> float:
    """Seconds that a process with so many connections leaves a new one to another."""
    return min(connections * STEP, MOST)


class EvenThreadWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, but a process that holds connections lets one that holds fewer go first.

    All are woken by a new connection, and when many come at once the first to wake took them all and kept them, as long
    as clients or a proxy do: one processor worked and the others stood by.
    """

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, if it is still there."""
        if self.nr_conns:
            time.sleep(hesitation(self.nr_conns))
        super().accept(listener)
