"""Statements in turn: one round trip on PostgreSQL, and all else as if they were sent one by one."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from icpportal.connections import drop_ended
from icpportal.plans import planned_anew
from icpportal.statements import Asked, Statement, fetch_in_turn
from servers.models import Region
from tests.test_statements import logged

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite takes them one by one")
INSERTION = Statement(
    "INSERT INTO servers_region (code, name_en, name_zh, jurisdiction) VALUES (%s, '', '', 'overseas') RETURNING code"
)
LOOK = Statement("SELECT code FROM servers_region WHERE code = %s")
DIVISION = Statement("SELECT 1 / %s::int")
ADDED, SEEN = Asked(INSERTION, ["nowhere"]), Asked(LOOK, ["nowhere"])


@pytest.fixture
def round_trips(tmp_path: Path) -> Callable[[], AbstractContextManager[list[str]]]:
    """What ends a round trip, as libpq tells it of its work in a block, when that is over."""
    fetch_in_turn(ADDED, SEEN)  # prepared
    Region.objects.filter(code="nowhere").delete()

    @contextmanager
    def traced() -> Iterator[list[str]]:
        found, log = list[str](), tmp_path / "sent"
        with log.open("w") as sent:
            connection.connection.pgconn.trace(sent.fileno())
            yield found
            connection.connection.pgconn.untrace()
        found += re.findall(r"\tF\t\d+\t(Sync|Query)\b", log.read_text())

    return traced


def is_there() -> bool:
    """Whether it was committed: seen by another connection."""
    there = connection.copy()
    try:
        return bool(LOOK.fetch(["nowhere"], database=there))
    finally:
        there.close()


def in_transaction() -> bool:
    return connection.connection.pgconn.transaction_status != 0


def test_each_sees_what_those_before_it_did() -> None:
    assert [[*map(tuple, rows)] for rows in fetch_in_turn(SEEN, ADDED, SEEN)] == [[], [("nowhere",)], [("nowhere",)]]


def test_each_is_logged_and_wrapped() -> None:
    assert logged(lambda: fetch_in_turn(ADDED, SEEN)) == [INSERTION.sql, LOOK.sql]


@on_postgresql
def test_they_and_the_beginning_of_a_transaction_are_one_round_trip(round_trips: Any) -> None:
    with transaction.atomic():
        with round_trips() as ends:
            fetch_in_turn(ADDED, SEEN)
        assert in_transaction()
        transaction.set_rollback(True)
    assert ends == ["Sync"]
    assert not is_there()


@on_postgresql
def test_the_end_goes_along_with_the_last(round_trips: Any) -> None:
    done: list[bool] = []
    with round_trips() as ends, transaction.atomic():
        LOOK.fetch(["nowhere"])
        transaction.on_commit(lambda: done.append(is_there()))
        assert INSERTION.fetch(["nowhere"], last=True) == [("nowhere",)]
        assert (in_transaction(), done) == (False, [])
    assert (ends, done) == (["Sync", "Sync"], [True])


def test_the_end_of_an_inner_block_ends_nothing() -> None:
    with transaction.atomic():
        with transaction.atomic(savepoint=False):
            INSERTION.fetch(["nowhere"], last=True)
        transaction.set_rollback(True)
    assert not Region.objects.filter(code="nowhere").exists()


def test_without_a_block_there_is_no_end_to_send() -> None:
    assert [tuple(row) for row in INSERTION.fetch(["nowhere"], last=True)] == [("nowhere",)]
    assert is_there()


@on_postgresql
@pytest.mark.parametrize("savepoint", [False, True])
def test_the_end_of_a_block_in_a_transaction_begun_by_hand_ends_nothing(savepoint: bool) -> None:
    transaction.set_autocommit(False)
    try:
        with transaction.atomic(savepoint=savepoint):
            INSERTION.fetch(["nowhere"], last=True)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert not Region.objects.filter(code="nowhere").exists()


@on_postgresql
@pytest.mark.parametrize("last", [False, True])
def test_nothing_stays_of_those_before_an_error_and_none_after_it_is_run(last: bool) -> None:
    with pytest.raises(DataError), transaction.atomic():
        fetch_in_turn(ADDED, Asked(DIVISION, [0]), Asked(INSERTION, ["elsewhere"]), last=last)
    assert not Region.objects.filter(code__in=["nowhere", "elsewhere"]).exists()
    assert fetch_in_turn(SEEN, SEEN) == [[], []]


@on_postgresql
def test_what_the_end_refuses_is_not_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE of_nobody (region bigint REFERENCES servers_region DEFERRABLE INITIALLY DEFERRED)")
    try:
        orphan = Statement("INSERT INTO of_nobody VALUES (%s)")
        with pytest.raises(IntegrityError), transaction.atomic():
            orphan.fetch([0], last=True)
        assert Statement("SELECT 1 FROM of_nobody").fetch([]) == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE of_nobody")


@on_postgresql
def test_where_plans_are_not_kept_they_are_in_turn_too() -> None:
    with planned_anew(), transaction.atomic():
        assert fetch_in_turn(ADDED, SEEN) == [[("nowhere",)], [("nowhere",)]]


@on_postgresql
def test_large_values_go_in_turn_too() -> None:
    length = Statement("SELECT length(%s::text)")
    large = Asked(length, ["x" * 30_000_000])
    assert fetch_in_turn(large, SEEN, large) == [[(30_000_000,)], [], [(30_000_000,)]]


@on_postgresql
def test_a_connection_that_is_cut_in_the_middle_is_an_operational_error_and_the_next_one_works() -> None:
    cut = Asked(Statement("SELECT pg_terminate_backend(pg_backend_pid())"), [])
    with pytest.raises(OperationalError), transaction.atomic():
        fetch_in_turn(ADDED, cut, SEEN)
    assert fetch_in_turn(SEEN, SEEN) == [[], []]


@on_postgresql
def test_a_connection_that_is_left_before_the_answer_is_closed() -> None:
    def leave(*_signal: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, leave)
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            fetch_in_turn(*[Asked(Statement("SELECT pg_sleep(1)"), [])] * 2)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert connection.connection.closed
    drop_ended()  # as the next request does
    assert fetch_in_turn(SEEN, SEEN) == [[], []]
