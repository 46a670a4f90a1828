"""Rows by the thousand: PostgreSQL's COPY, one prepared statement on SQLite. Knows nothing of the domain.

Building a statement of bulk_create takes Django several times as long as the database takes to carry it out.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from threading import Lock
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import DateTimeField, Field, JSONField, Model, QuerySet
from django.db.models.base import ModelState

from icpportal.primary_keys import new_keys
from icpportal.statements import Statement

M = TypeVar("M", bound=Model)
_EMPTY: dict[Any, str] = {list: "[]", dict: "{}"}  # most JSON there is
_RESTS = Lock()
_resting, _was_on = 0, True  # who lets the garbage collector rest, and what it was before the first did
FEW = 50  # up to here one INSERT with all values is as fast: one round trip instead of two


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the cyclic garbage collector rest while thousands of rows are in hand.

    They grow in number and none of them is garbage, yet it would walk all of them again and again: a third of the time.
    Of several threads the last that leaves wakes it.
    """
    _rest(1)
    try:
        yield
    finally:
        _rest(-1)


def _rest(one: int) -> None:
    global _resting, _was_on
    with _RESTS:
        if not _resting:
            _was_on = gc.isenabled()
            gc.disable()
        _resting += one
        if not _resting and _was_on:
            gc.enable()


def insert(objects: Sequence[M], *, keyed: bool = True, first: Sequence[Model] = (), last: bool = False) -> None:
    """Insert new objects of one model, inside a transaction, in order.

    With `keyed` they get their primary keys; without, the database numbers the rows and, past a few, the objects stay
    nameless. `first` come before a few: objects of one other model that have their keys. With `last` nothing follows in
    the transaction, and the end of it may go along with a few. Fields hold what is stored: nothing is computed on
    saving. Raises IntegrityError as bulk_create does.
    """
    if not objects:
        return
    model = type(objects[0])
    is_few = len(objects) <= FEW
    if is_few or keyed:
        keys = _insert_few(model, objects, first, last) if is_few else new_keys(model, len(objects))
        for one, pk in zip(objects, keys, strict=True):
            one.pk = pk
    if not is_few:
        fields = [field for field in model._meta.concrete_fields if keyed or not field.primary_key]
        _write(_table(model), _names(fields), _rows_of(fields)(objects))
    _known([*first, *objects])


def copy(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]], *, number: int) -> None:
    """Insert `number` rows of values as the database takes them (`stored`), in order; it numbers them itself.

    `names` are those of the columns. PostgreSQL takes in rows while later ones are still being made. Inside a
    transaction. Raises IntegrityError as bulk_create does.
    """
    if number > FEW:
        _write(_table(model), names, rows)
    elif number:
        with connection.cursor() as cursor:
            cursor.execute(_insertion(model, tuple(names), number), [value for row in rows for value in row])


def stored(model: type[Model], name: str, value: Any) -> Any:
    """A value of the column, as the database takes it."""
    write = _writer(model._meta.get_field(name))  # type: ignore[arg-type]
    return value if write is None else write(value)


def update(objects: Sequence[M], names: Collection[str]) -> None:
    """Save the fields `names` of known objects of one model, inside a transaction that has locked their rows."""
    if not objects:
        return
    model = type(objects[0])
    if len(objects) <= FEW:
        # An upsert of one statement is ten times as fast as bulk_update.
        model._default_manager.bulk_create(
            objects, update_conflicts=True, unique_fields=["pk"], update_fields=list(names)
        )
        return
    fields = [model._meta.get_field(name) for name in names]
    if connection.vendor == "postgresql":
        _merge(model, fields, objects)  # type: ignore[arg-type]
        return
    columns = ", ".join(f"{_column(field)} = %s" for field in fields)  # type: ignore[arg-type]
    rows = _rows_of([*fields, model._meta.pk])(objects)  # type: ignore[list-item]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {_table(model)} SET {columns} WHERE {_column(model._meta.pk)} = %s", list(rows))


def fetch(rows: QuerySet[M]) -> list[M]:
    """The objects of a queryset without related ones or annotations, moments in UTC, in half the time."""
    sql, params = rows.query.sql_with_params()
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        with connection.wrap_database_errors, connection.connection.cursor(binary=True) as cursor:
            cursor.execute(sql, params)
            return [made(rows.model, row, using=rows.db) for row in cursor.fetchall()]
    readers = [(at, read) for at, field in enumerate(rows.model._meta.concrete_fields) if (read := _reader(field))]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [made(rows.model, _converted(list(row), readers), using=rows.db) for row in cursor.fetchall()]


def _known(objects: Iterable[Model]) -> None:
    for one in objects:
        one._state.adding, one._state.db = False, DEFAULT_DB_ALIAS


def made(model: type[M], values: Sequence[Any], *, names: Sequence[str] = (), using: str | None = None) -> M:
    """An object of the stored values of its columns, in half the time: nobody is told of it.

    `names` are the attributes that the values are for; all of the model, in order, if not given. `using` is the
    database that they were read from; a new object has none.
    """
    one = model.__new__(model)
    one.__dict__ = dict(zip(names or _attributes(model), values, strict=True))
    one._state = ModelState()
    one._state.adding, one._state.db = using is None, using
    return one


def new(model: type[M], said: Mapping[str, Any]) -> M:
    """A new object, not saved yet, of values by attribute; the rest is None, whatever the model's defaults are."""
    return made(model, [*map(said.get, _attributes(model))])


@lru_cache(maxsize=64)
def _attributes(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


def _insert_few(model: type[Model], objects: Sequence[Model], first: Sequence[Model], last: bool) -> list[int]:
    """The primary keys, as the database gave them. On PostgreSQL `first` are in the same statement: a round trip."""
    parts, values = [(model, len(objects), False)], _values(model, objects, keyed=False)
    if first:
        before, given = (type(first[0]), len(first), True), _values(type(first[0]), first, keyed=True)
        if connection.vendor == "postgresql":
            parts, values = [before, *parts], given + values
        else:
            _few(before).fetch(given)
    return [pk for (pk,) in _few(*parts).fetch(values, last=last)]


def _values(model: type[Model], objects: Sequence[Model], *, keyed: bool) -> list[Any]:
    _names, rows = _insertable(model, keyed)
    return [value for row in rows(objects) for value in row]


@lru_cache(maxsize=256)
def _few(*parts: tuple[type[Model], int, bool]) -> Statement:
    """One statement that inserts so many objects of each model, keyed or not."""
    *before, last = (_insertion(model, _insertable(model, keyed)[0], n) for model, n, keyed in parts)
    return Statement("".join(f"WITH first AS ({each}) " for each in before) + last)


@lru_cache(maxsize=64)
def _insertable(
    model: type[Model], keyed: bool
) -> tuple[tuple[str, ...], Callable[[Iterable[Model]], Iterable[Sequence[Any]]]]:
    """The columns that an insertion gives, and what makes rows of them."""
    fields = [field for field in model._meta.concrete_fields if keyed or not field.primary_key]
    return _names(fields), _rows_of(fields)


@lru_cache(maxsize=256)
def _insertion(model: type[Model], names: tuple[str, ...], number: int) -> str:
    """The statement for so many rows, the same for both databases."""
    columns, row = ", ".join(map(_quoted, names)), ", ".join(["%s"] * len(names))
    rows = ", ".join([f"({row})"] * number)
    return f"INSERT INTO {_table(model)} ({columns}) VALUES {rows} RETURNING {_column(model._meta.pk)}"


def _merge(model: type[Model], fields: list[Field[Any, Any]], objects: Sequence[Model]) -> None:
    """COPY into a table that lives as long as the transaction, and one UPDATE from there."""
    stage, table, key = f"stage_{model._meta.db_table}", _table(model), model._meta.pk
    written = [key, *fields]
    columns = ", ".join(map(_column, written))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0")
        _write(stage, _names(written), _rows_of(written)(objects))
        changes = ", ".join(f"{_column(field)} = {stage}.{_column(field)}" for field in fields)
        cursor.execute(
            f"UPDATE {table} SET {changes} FROM {stage} WHERE {table}.{_column(key)} = {stage}.{_column(key)}"
        )
        cursor.execute(f"DROP TABLE {stage}")


def _rows_of(fields: Sequence[Field[Any, Any]]) -> Callable[[Iterable[Model]], Iterable[Sequence[Any]]]:
    """What makes rows of objects: their stored values, as the database takes them."""
    values = itemgetter(*(field.attname for field in fields))  # of the dictionaries: keys of others are slow attributes
    writers = [(at, write) for at, field in enumerate(fields) if (write := _writer(field)) is not None]
    if not writers:
        return lambda objects: map(values, map(vars, objects))
    return lambda objects: (_converted(list(values(vars(one))), writers) for one in objects)


def _converted(row: list[Any], converters: list[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    for at, convert in converters:
        row[at] = convert(row[at])
    return row


def _reader(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    """How a value of the field is read from SQLite; None: as it is."""
    if isinstance(field, JSONField):
        return json.loads
    return (lambda moment: moment and moment.replace(tzinfo=UTC)) if isinstance(field, DateTimeField) else None


def _writer(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    """How a value of the field is handed to the database; None: as it is."""
    if isinstance(field, JSONField):
        encode = (field.encoder or json.JSONEncoder)().encode
        return lambda value: (not value and _EMPTY.get(type(value))) or encode(value)
    if isinstance(field, DateTimeField):
        return _moments()
    return None


def _moments() -> Callable[[datetime | None], str | None]:
    """Writes a column's moments, in UTC as Django does on SQLite. Most columns repeat one, the same object: `now`.

    Threads may share it: the last moment and its text are one object.
    """
    last: tuple[datetime | None, str | None] = None, None
    write = connection.ops.adapt_datetimefield_value if connection.vendor == "sqlite" else datetime.isoformat

    def moment(value: datetime | None) -> str | None:
        nonlocal last
        if (found := last)[0] is not value:
            found = last = value, None if value is None else write(value)
        return found[1]

    return moment


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(field: Field[Any, Any]) -> str:
    return _quoted(field.column or "")


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _names(fields: Sequence[Field[Any, Any]]) -> tuple[str, ...]:
    return tuple(field.column or "" for field in fields)


def _write(table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    columns = ", ".join(map(_quoted, names))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(names))
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(rows))
