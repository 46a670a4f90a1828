"""Statements that go past the driver's cursor: the same rows, errors, transactions and logs as through it."""

import gc
import re
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from icpportal.plans import planned_anew
from icpportal.statements import MOST_PREPARED, Statement
from servers.models import Account

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite keeps no statement here")
BY_NAME = Statement("SELECT %(b)s, %(a)s, %(b)s")


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'icp%%' ORDER BY prepare_time, name")
        return [name for (name,) in cursor.fetchall()]


def test_placeholders_are_numbered_once_a_name_and_a_double_percent_is_one() -> None:
    assert BY_NAME.numbered == b"SELECT $1, $2, $1"
    assert Statement("SELECT %s WHERE name LIKE 'a%%' AND id = %s").numbered == (
        b"SELECT $1 WHERE name LIKE 'a%' AND id = $2"
    )


def test_values_stand_where_they_belong() -> None:
    assert [tuple(row) for row in BY_NAME.fetch({"a": 1, "b": "x"})] == [("x", 1, "x")]
    assert [tuple(row) for row in Statement("SELECT %s, %s, '%%'").fetch([2**40, None])] == [(2**40, None, "%")]


@on_postgresql
def test_a_moment_and_bytes_come_back_as_they_were() -> None:
    now = datetime(2026, 11, 25, 12, 0, 0, 5, tzinfo=UTC)
    assert Statement("SELECT %s::timestamptz, %s::bytea").fetch([now, b"\0\xff"]) == [(now, b"\0\xff")]


def logged(work: Callable[[], Any]) -> list[str]:
    """The statements that Django's wrappers saw meanwhile, each of which its log has too."""
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with CaptureQueriesContext(connection) as queries, connection.execute_wrapper(wrapper):
        work()
    assert len(queries) == len(seen)
    return seen


def test_it_is_logged_and_wrapped_as_every_other() -> None:
    assert logged(lambda: BY_NAME.fetch({"a": 1, "b": "x"})) == [BY_NAME.sql]


def test_errors_are_those_of_django() -> None:
    insertion = Statement("INSERT INTO servers_account (uid, name, emails, created_at) VALUES (%s, '', '[]', %s)")
    now = datetime(2026, 11, 25, tzinfo=UTC).isoformat()
    Account.objects.create(uid="1")
    with pytest.raises(IntegrityError), transaction.atomic():
        insertion.fetch(["1", now])
    assert Account.objects.count() == 1


@on_postgresql
def test_a_value_that_the_database_refuses_is_a_data_error() -> None:
    with pytest.raises(DataError), transaction.atomic():
        Statement("SELECT 1 / %s::int").fetch([0])


@on_postgresql
def test_it_is_prepared_once_and_not_where_it_is_planned_anew() -> None:
    statement = Statement("SELECT %s::text")
    before = prepared()
    with planned_anew():
        statement.fetch(["a"])
    assert prepared() == before
    for text in "abc":
        assert statement.fetch([text]) == [(text,)]
    assert len(prepared()) == len(before) + 1


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_the_oldest_makes_room() -> None:
    connection.close()  # the next one has prepared nothing
    for number in range(MOST_PREPARED + 2):
        Statement(f"SELECT {number}").fetch([])
    names = prepared()
    assert (len(names), names[0], names[-1]) == (MOST_PREPARED, "icp_3", f"icp_{MOST_PREPARED + 2}")


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_the_oldest_goes_by_a_message_that_poolers_know(tmp_path: Path) -> None:
    connection.close()
    connection.connect()
    with (tmp_path / "sent").open("w") as sent:
        connection.connection.pgconn.trace(sent.fileno())
        for number in range(MOST_PREPARED + 1):
            Statement(f"SELECT {number}").fetch([])
        connection.connection.pgconn.untrace()
    told = (tmp_path / "sent").read_text()
    assert re.search(r'\tClose\t S "icp_1"', told) and "DEALLOCATE" not in told


@on_postgresql
def test_when_the_driver_ends_all_that_is_prepared_it_is_prepared_again() -> None:
    statement = Statement("SELECT %s::text")
    assert statement.fetch(["a"]) == [("a",)]
    for _ in range(10):
        Account.objects.count()  # the driver prepares it
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(uid="1")
        Account.objects.create(uid="1")
    Account.objects.count()
    assert prepared() == []
    assert statement.fetch(["b"]) == [("b",)]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_transaction_begins_with_it_and_can_be_undone() -> None:
    insertion = Statement("INSERT INTO servers_region (code, name_en, name_zh, jurisdiction) VALUES (%s, '', '', %s)")
    with transaction.atomic():
        insertion.fetch(["nowhere", "overseas"])
        transaction.set_rollback(True)
    assert Statement("SELECT 1 FROM servers_region WHERE code = %s").fetch(["nowhere"]) == []


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_cut_is_an_operational_error_and_the_next_one_works() -> None:
    BY_NAME.fetch({"a": 1, "b": "x"})
    with pytest.raises(OperationalError):
        Statement("SELECT pg_terminate_backend(pg_backend_pid())").fetch([])
    connection.close_if_unusable_or_obsolete()
    assert BY_NAME.fetch({"a": 1, "b": "x"}) == [("x", 1, "x")]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_is_forgotten() -> None:
    BY_NAME.fetch({"a": 1, "b": "x"})
    closed = weakref.ref(connection.connection)
    connection.close()
    gc.collect()
    assert closed() is None
