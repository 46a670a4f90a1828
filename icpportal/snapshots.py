"""Several statements that see the database as it was at one moment, while others go on writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

SORT_MEMORY = "64MB"


@contextmanager
def snapshot() -> Iterator[None]:
    """Read only, inside. Holds nobody up: no lock on PostgreSQL, no write transaction on SQLite.

    Whole tables are sorted and joined in it: PostgreSQL may take SORT_MEMORY for each. Inside a transaction it does
    nothing: that one decides what is seen.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(f"SET LOCAL work_mem = '{SORT_MEMORY}'")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
