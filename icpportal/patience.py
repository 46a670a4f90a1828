"""How long the database may take over one statement, where nobody should wait for more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

_CANCELED = "57014"  # PostgreSQL's query_canceled


class TooLong(Exception):
    """The database gave a statement up: it would have taken longer than it may."""


@contextmanager
def at_most(milliseconds: int) -> Iterator[None]:
    """Each statement inside takes no longer than so many milliseconds. SQLite, which has no such limit, takes its time.

    Raises TooLong.
    """
    if connection.vendor != "postgresql":
        yield
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {milliseconds:d}")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")  # for the transaction around this one, if any
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _CANCELED:
            raise TooLong from error
        raise
