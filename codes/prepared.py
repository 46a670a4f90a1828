"""A queryset compiled once and run with other values.

Building the SQL of a report takes Django some ten times as long as PostgreSQL takes to answer it, and it is the same
SQL every time. So it is built once, with markers where the values go, and kept. Knows nothing of rules.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connection, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators

M = TypeVar("M", bound=Model)
P = ParamSpec("P")
_FIRST = -9_000_000_000


def marker(value: object, number: int) -> Any:
    """Something of the type of `value` that no real value equals, to find its place in the compiled SQL.

    Raises TypeError for a type that has no marker.
    """
    match value:
        case bool() | None:
            return value
        case int():
            return _FIRST - number
        case str():
            return f"\x7fmarker {number}"
        case bytes():
            return f"\x7fmarker {number}".encode()
        case datetime():
            return datetime(1, 1, 2, tzinfo=UTC) + timedelta(microseconds=number)
    raise TypeError(f"No marker for {value!r}")


class Prepared(Generic[M]):
    """The statement of `objects`, a queryset built with `markers`. Safe to run in several threads at once."""

    def __init__(self, objects: QuerySet[M], markers: Sequence[object]) -> None:
        self._using = objects.db
        compiler: Any = objects.query.get_compiler(using=self._using)
        self._sql, params = compiler.as_sql()
        places = {_plain(self._adapt(each)): place for place, each in enumerate(markers)}
        self._params = [(param, places.get(_plain(param))) for param in params]
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        self._converters = [(place, *found) for place, found in compiler.get_converters(columns).items()]
        # A queryset of values gives its rows as they are.
        is_of_models = issubclass(objects._iterable_class, ModelIterable)
        self._read: Callable[[Sequence[Any]], Any] = _reader(compiler, self._using) if is_of_models else tuple

    def fetch(self, values: Sequence[object]) -> list[Any]:
        """What the queryset gives, with `values` in the places of the markers."""
        adapted = [self._adapt(value) for value in values]
        params: Any = tuple(param if place is None else _like(param, adapted[place]) for param, place in self._params)
        with connections[self._using].cursor() as cursor:
            cursor.execute(self._sql, params)
            rows = cursor.fetchall()
        if self._converters:
            rows = [self._converted(row) for row in rows]
        return [self._read(row) for row in rows]

    def _adapt(self, value: object) -> object:
        if isinstance(value, datetime):
            return connections[self._using].ops.adapt_datetimefield_value(value)
        return value

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        found = list(row)
        for place, converters, column in self._converters:
            for convert in converters:
                found[place] = convert(found[place], column, connections[self._using])
        return found


def _reader(compiler: Any, using: str) -> Callable[[Sequence[Any]], Any]:
    """What makes a row into an object, as Django's ModelIterable does it."""
    info, annotations = compiler.klass_info, compiler.annotation_col_map
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, *_ in compiler.select[first:last]]
    related = get_related_populators(info, compiler.select, using)  # type: ignore[call-arg]

    def read(row: Sequence[Any]) -> Any:
        found = info["model"].from_db(using, names, row[first:last])
        for each in related:
            each.populate(row, found)
        for name, place in annotations.items():
            setattr(found, name, row[place])
        return found

    return read


def prepared(build: Callable[P, QuerySet[M]]) -> Callable[P, list[M]]:
    """Decorates a function that builds a queryset from values given by name: it gives what the queryset holds.

    The statement is compiled once for each combination of values that are None and lengths of tuples.
    """
    kept: dict[Any, Prepared[M]] = {}
    of: Callable[..., QuerySet[M]] = build

    @wraps(build)
    def fetch(*args: P.args, **values: P.kwargs) -> list[M]:
        key = (connection.alias, *((name, shape(value)) for name, value in values.items()))
        if key not in kept:
            numbered = iter(range(sys.maxsize))
            marked: Any = {name: marked_like(value, numbered) for name, value in values.items()}
            kept[key] = Prepared(of(**marked), [*flatten(marked.values())])
        return kept[key].fetch([*flatten(values.values())])

    return fetch


def _plain(param: Any) -> Any:
    """The value inside a driver's wrapper for binary data."""
    inner = getattr(param, "obj", param)
    return inner if isinstance(inner, bytes) else param


def _like(param: Any, value: object) -> object:
    return type(param)(value) if isinstance(value, bytes) and not isinstance(param, bytes) else value


def filled(keys: list[int]) -> tuple[int, ...]:
    """One key or more, the last repeated up to a power of two: so pages of all lengths share a few statements."""
    return (*keys, *keys[-1:] * ((1 << (len(keys) - 1).bit_length()) - len(keys)))


def shape(value: object) -> object:
    """What of a value decides the statement: a tuple's length, a boolean itself, whether there is a value at all."""
    if isinstance(value, tuple):
        return len(value)
    return value if isinstance(value, bool) else value is None


def marked_like(value: object, numbers: Iterator[int]) -> Any:
    """A marker for the value, or for each of a tuple."""
    if isinstance(value, tuple):
        return tuple(marker(each, next(numbers)) for each in value)
    return marker(value, next(numbers))


def flatten(values: Iterable[object]) -> Iterator[object]:
    """The values one by one, those of tuples too."""
    for value in values:
        if isinstance(value, tuple):
            yield from value
        else:
            yield value
