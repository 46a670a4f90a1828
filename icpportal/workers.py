"""How gunicorn's processes share what comes in and the processors, and how long they wait for the rest of a request."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

STEP, MOST = 0.00005, 0.0005  # seconds
STALLED = 30.0  # seconds without a byte
WHOLE = 120.0  # seconds after which nobody reads on


def hesitation(connections: int) -> float:
    """Seconds that a process with so many connections leaves a new one to another."""
    return min(connections * STEP, MOST)


def processor_for(others: Iterable[int | None], *, processes: int) -> int | None:
    """The processor that a new process stays on: the one that the fewest of the `others` have. None: any.

    One thread of a process runs Python at a time. Woken on another processor, the next one finds nothing of what they
    share in its caches. Fewer processes than processors are left alone: who stays shares with what else runs there.
    """
    ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    taken = Counter(others)
    return min(ours, key=lambda each: taken[each]) if 0 < len(ours) <= processes else None


def give_up_stalled(listeners: Iterable[socket.socket], *, after: float = STALLED) -> None:
    """Connections of these listeners are given up when so many seconds pass and nothing more comes or goes.

    gunicorn's threads wait for ever for the rest of a request: as many clients as there are threads, gone in the middle
    of it, would be the end of the service. The system hands the option on to each connection.
    """
    seconds, rest = divmod(after, 1)
    timeval = struct.pack("@ll", int(seconds), int(rest * 1_000_000))
    for listener in listeners:
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.setsockopt(socket.SOL_SOCKET, direction, timeval)


def give_up_slow(begun: dict[Any, float], *, now: float) -> None:
    """Of connections whose request began so long before `now` (in seconds) that it should be there, read no more.

    A byte now and then keeps a thread as well as none; an answer that is under way still goes out.
    """
    for connection, moment in list(begun.items()):
        if now - moment > WHOLE:
            with suppress(OSError):  # it is gone already
                socket.socket.shutdown(connection.sock, socket.SHUT_RD)  # TLS's own would answer in the clear then


class EvenThreadWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, but a process that holds connections lets one that holds fewer go first.

    All are woken by a new connection, and when many come at once the first to wake took them all and kept them, as long
    as clients or a proxy do: one processor worked and the others stood by.
    """

    nr_conns: int  # connections that it holds
    processor: int | None = None  # see `processor_for`

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.begun: dict[Any, float] = {}  # since when a thread has each connection

    def init_process(self) -> None:
        """Called in the new process; returns when it ends."""
        if self.processor is not None:
            os.sched_setaffinity(0, [self.processor])
        give_up_stalled(self.sockets)
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, if it is still there."""
        if self.nr_conns:
            time.sleep(hesitation(self.nr_conns))
        super().accept(listener)

    def handle(self, conn: Any) -> Any:
        """One request, in a thread of its own."""
        self.begun[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            del self.begun[conn]

    def finish_request(self, conn: Any, fs: Any) -> None:
        """gunicorn counts one twice that closed in the middle of its answer; fewer than none would end the process."""
        held = self.nr_conns
        super().finish_request(conn, fs)
        self.nr_conns = max(self.nr_conns, held - 1)

    def murder_pending(self) -> None:
        """Called every second."""
        super().murder_pending()
        give_up_slow(self.begun, now=time.monotonic())
