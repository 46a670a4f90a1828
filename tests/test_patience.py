"""Statements that may not take for ever, on PostgreSQL."""

import pytest
from django.db import connection

from icpportal.patience import TooLong, at_most

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no limit for a statement")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@on_postgresql
def test_a_statement_that_takes_longer_is_given_up_and_the_transaction_goes_on() -> None:
    with pytest.raises(TooLong), at_most(1):
        run("SELECT sum(n) FROM generate_series(1, 100000000) n")
    run("SELECT 1")


@on_postgresql
def test_the_limit_ends_with_the_block() -> None:
    with at_most(1):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_what_is_quick_is_answered() -> None:
    with at_most(1000), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
