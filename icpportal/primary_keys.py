"""Primary keys that are known before their rows are there, so that other rows can name them in the same statement."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Func, Model, Value


def new_keys(model: type[Model], number: int) -> list[int]:
    """The primary keys of rows that are going to be inserted, inside a transaction."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The sequence is looked up once, not once a key.
            cursor.execute(
                "SELECT nextval(name) FROM generate_series(1, %s), "
                "(SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name OFFSET 0) AS one",
                [number, table],
            )
            return [pk for (pk,) in cursor.fetchall()]
        # The transaction is the only one that writes, and SQLite remembers the highest key.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    first = (row[0] if row else 0) + 1
    return list(range(first, first + number))


class NextKey(Func):
    """The primary key of a row that is going to be inserted, for a query that is run anyway: see `new_keys`."""

    template = "nextval(pg_get_serial_sequence(%(expressions)s, 'id'))"
    output_field = BigIntegerField()

    def __init__(self, model: type[Model]) -> None:
        super().__init__(Value(model._meta.db_table))

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """The one after the highest that SQLite remembers."""
        after = "(coalesce((SELECT seq FROM sqlite_sequence WHERE name = %(expressions)s), 0) + 1)"
        return self.as_sql(compiler, connection, template=after, **extra_context)
