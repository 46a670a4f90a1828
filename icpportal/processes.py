"""Work shared by processes that are forked for it. Knows nothing of the domain."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeAlias, TypeVar

from django.db import connection, connections

T = TypeVar("T")
_Pipe: TypeAlias = tuple[Connection, Connection]  # where it is read, where it is written
_SAID, _FAILED, _OVER = range(3)


class ProcessLost(Exception):
    """A process ended before its work did: something killed it."""


def usable(most: int) -> int:
    """How many processes share work well here, up to `most`: one a processor of Linux, one alone on SQLite."""
    if connection.vendor == "sqlite" or not hasattr(os, "sched_getaffinity"):
        return 1
    return min(most, len(os.sched_getaffinity(0)))


def share(work: Callable[[int], Iterator[T]], *, number: int) -> Iterator[T]:
    """What `work(0)` to `work(number - 1)` yield, one of each in turn; each is done by a process of its own.

    The processes are forked from this one, which must have no other threads, and know what it knows; what they yield
    and raise has to be picklable. Each has its own connection to the database: this one's is closed, so no transaction
    may surround the call. The first error is raised here, ProcessLost when a process was killed. After that, and when
    the caller leaves off, the others are ended where they are; their transactions are undone.
    """
    connections.close_all()
    fork = get_context("fork")
    pipes = [fork.Pipe(duplex=False) for _turn in range(number)]
    processes = [fork.Process(target=_work, args=(work, turn, pipes), daemon=True) for turn in range(number)]
    try:
        for process in processes:
            process.start()
        for _reader, writer in pipes:
            writer.close()  # so that the end of a process is heard
        yield from _in_turn([reader for reader, _writer in pipes])
    finally:
        for process in processes:
            if process.pid is not None:
                process.kill()  # one that was stopped would not hear anything milder
                process.join()
        for reader, _writer in pipes:
            reader.close()


def _in_turn(readers: Sequence[Connection]) -> Iterator[Any]:
    speaking = list(readers)
    while speaking:
        for reader in tuple(speaking):
            try:
                kind, said = reader.recv()
            except EOFError as error:
                raise ProcessLost from error
            if kind == _FAILED:
                raise said[0] from said[1]
            if kind == _OVER:
                speaking.remove(reader)
            else:
                yield said


def _work(work: Callable[[int], Iterator[object]], turn: int, pipes: Sequence[_Pipe]) -> None:
    """In the new process: do the work of this turn. If nobody listens any more, it ends after what it is at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process ends the others
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # or the collector would write to what is shared, and each process had a copy
    for at, (reader, writer) in enumerate(pipes):
        reader.close()
        if at != turn:
            writer.close()
    tell = pipes[turn][1].send
    with suppress(BrokenPipeError):
        try:
            for one in work(turn):
                tell((_SAID, one))
            tell((_OVER, None))
        except BrokenPipeError:
            raise
        except Exception as error:
            tell((_FAILED, (error, error.__cause__)))
    connections.close_all()
