"""Rows in batches: the same ones, in order, whether the next are read ahead or when they are asked for."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread, current_thread

import pytest
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext

from servers.inventory.batches import BATCH, Batches

AHEAD = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite reads when asked")


@pytest.mark.parametrize("number", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 500])
@pytest.mark.parametrize("reads_on", [True, False])
def test_every_row_comes_once_and_in_order(number: int, reads_on: bool) -> None:
    batches, sizes, rows = Batches(iter(range(number))), [], []
    for batch in batches:
        for _again in range(2 * reads_on):  # a batch that lost a race is written again
            batches.read_on()
        sizes.append(len(batch))
        rows += batch
    assert rows == list(range(number))
    assert all(size == BATCH for size in sizes[:-1])


@pytest.mark.parametrize("reads_on", [True, False])
def test_what_cannot_be_read_is_said_after_the_batch_before(reads_on: bool) -> None:
    def rows() -> Iterator[int]:
        yield from range(BATCH)
        raise ValueError("The next line")

    batches, taken = Batches(rows()), 0
    with pytest.raises(ValueError, match="The next line"):
        for batch in batches:
            if reads_on:
                batches.read_on()
            taken += len(batch)
    assert taken == BATCH


def _leave_off(batches: Batches[str]) -> None:
    for _batch in batches:
        batches.read_on()
        return


def _told(rows: Callable[[], Iterator[str]]) -> list[str]:
    batches, told = Batches(rows()), []
    for batch in batches:
        batches.read_on()
        told += batch
    return told


@AHEAD
def test_the_reader_is_another_thread_that_speaks_the_callers_language() -> None:
    def rows() -> Iterator[str]:
        for _row in range(BATCH + 1):
            yield f"{current_thread() is caller} {gettext('Server')}"

    caller = current_thread()
    with translation.override("zh-hans"):
        told = _told(rows)
    assert (told[0], told[-1]) == ("True 云服务器", "False 云服务器")


@AHEAD
@pytest.mark.parametrize("fails", [True, False])
def test_threads_take_turns_more_often_only_while_one_reads_ahead(fails: bool) -> None:
    turns: list[float] = []

    def rows() -> Iterator[str]:
        for _row in range(BATCH + 1):
            turns.append(sys.getswitchinterval())
            yield ""
        if fails:
            raise ValueError

    usual = sys.getswitchinterval()
    with suppress(ValueError):
        _told(rows)
    assert turns[0] == turns[BATCH - 1] == sys.getswitchinterval() == usual
    assert turns[BATCH] < usual


@AHEAD
def test_no_reader_is_left_behind() -> None:
    readers: set[Thread] = set()

    def rows() -> Iterator[str]:
        while True:
            readers.add(current_thread())
            yield ""

    _leave_off(Batches(rows()))
    assert len(readers) == 2
    assert not any(reader.is_alive() for reader in readers - {current_thread()})
