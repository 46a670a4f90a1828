"""Rows in batches: the next is read while the database takes in the one before, or processes share them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Generic, TypeVar

from django.db import connection
from django.utils.translation import get_language, override

from icpportal import bulk

T = TypeVar("T")
BATCH = 2500  # servers locked and written together
TURN, USUAL_TURN = 0.0002, sys.getswitchinterval()  # seconds that a thread keeps from one that waits


def sharers(rows: int, *, most: int) -> int:
    """How many processes share so many rows: each has a batch or more."""
    return min(most, rows // BATCH)


def is_turn(at: int, *, turn: int, turns: int) -> bool:
    """Whether a row, by its place from 0, is in a batch of the one whose `turn` it is, of `turns` that share them."""
    return at // BATCH % turns == turn


class Batches(Generic[T]):
    """The rows, BATCH at a time, to be iterated once. What reading them raises comes when the batch is asked for.

    They are read when they are asked for, where not `ahead`: beside other processes no processor waits for work.
    """

    def __init__(self, rows: Iterator[T], *, ahead: bool = True) -> None:
        self._rows, self._ahead = rows, ahead and connection.vendor == "postgresql"
        self._is_over = False
        self._next: Future[list[T]] | None = None

    def __iter__(self) -> Iterator[list[T]]:
        with ThreadPoolExecutor(1) as self._reader:
            while batch := self._take():
                yield batch

    def read_on(self) -> None:
        """Begin to read the next batch in a thread: for when this one is about to wait for the database.

        Reading must not need a connection; the language is that of the caller. Nothing on SQLite: it works in the
        caller's own thread, and would hand Python's lock over and back for each row.
        """
        if self._ahead and self._next is None and not self._is_over:
            self._next = self._reader.submit(self._read_in, get_language())

    def _take(self) -> list[T]:
        ahead, self._next = self._next, None
        return self._read() if ahead is None else ahead.result()

    def _read_in(self, language: str | None) -> list[T]:
        # Or whoever hears from the database waits for 5 ms until this thread lets go, and the database with it.
        sys.setswitchinterval(TURN)
        try:
            with override(language):
                return self._read()
        finally:
            sys.setswitchinterval(USUAL_TURN)

    def _read(self) -> list[T]:
        with bulk.uncollected():
            batch = [] if self._is_over else list(islice(self._rows, BATCH))
        self._is_over = len(batch) < BATCH
        return batch
