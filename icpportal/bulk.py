"""New rows by the thousand: PostgreSQL's COPY, one prepared statement on SQLite. Knows nothing of the domain.

Building a statement of bulk_create takes Django several times as long as the database takes to carry it out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import DateTimeField, Field, JSONField, Model

M = TypeVar("M", bound=Model)
FEW = 50  # up to here bulk_create is as fast: one round trip instead of two


def insert(objects: Sequence[M], *, keyed: bool = True) -> None:
    """Insert new objects of one model, inside a transaction, in order.

    With `keyed` they get their primary keys; without, the database numbers the rows and, past a few, the objects stay
    nameless. Fields hold what is stored: nothing is computed on saving. Raises IntegrityError as bulk_create does.
    """
    if not objects:
        return
    model = type(objects[0])
    if len(objects) <= FEW:
        model._default_manager.bulk_create(objects)
        return
    if keyed:
        for one, pk in zip(objects, _new_keys(model, len(objects)), strict=True):
            one.pk = pk
    written = [field for field in model._meta.concrete_fields if keyed or not field.primary_key]
    fields = [(field.attname, _writer(field)) for field in written]
    columns = ", ".join(connection.ops.quote_name(field.column or "") for field in written)
    rows = ([write(getattr(one, name)) for name, write in fields] for one in objects)
    _write(connection.ops.quote_name(model._meta.db_table), columns, len(fields), rows)
    for one in objects:
        one._state.adding, one._state.db = False, connection.alias


def _new_keys(model: type[Model], number: int) -> list[int]:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, number]
            )
            return [pk for (pk,) in cursor.fetchall()]
        # The transaction is the only one that writes, and SQLite remembers the highest key.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    first = (row[0] if row else 0) + 1
    return list(range(first, first + number))


def _writer(field: Field[Any, Any]) -> Callable[[Any], Any]:
    """How a value of the field is handed to the database."""
    if isinstance(field, JSONField):
        return lambda value: json.dumps(value, cls=field.encoder)
    if isinstance(field, DateTimeField) and connection.vendor == "sqlite":
        return connection.ops.adapt_datetimefield_value
    return lambda value: value


def _write(table: str, columns: str, width: int, rows: Iterable[list[Any]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * width)
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(rows))
