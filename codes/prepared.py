"""A queryset compiled once and run with other values.

Building the SQL of a report takes Django some ten times as long as PostgreSQL takes to answer it, and it is the same
SQL every time. So it is built once, with markers where the values go, and kept. Knows nothing of rules.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

M = TypeVar("M", bound=Model)
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
        self._objects = objects
        self._compiler = objects.query.get_compiler(using=self._using)
        self._sql, params = self._compiler.as_sql()
        places = {_plain(self._adapt(each)): place for place, each in enumerate(markers)}
        self._params = [(param, places.get(_plain(param))) for param in params]

    def fetch(self, values: Sequence[object]) -> list[M]:
        """The objects, with `values` in the places of the markers."""
        run: Any = _Run(self._objects, self._compiler_with(self._with(values)))
        return list(ModelIterable(run))

    def rows(self, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """The same of a queryset that gives tuples."""
        return list(self._compiler_with(self._with(values)).results_iter(tuple_expected=True))

    def _with(self, values: Sequence[object]) -> tuple[object, ...]:
        adapted = [self._adapt(value) for value in values]
        return tuple(param if place is None else _like(param, adapted[place]) for param, place in self._params)

    def _adapt(self, value: object) -> object:
        if isinstance(value, datetime):
            return connections[self._using].ops.adapt_datetimefield_value(value)
        return value

    def _compiler_with(self, params: tuple[object, ...]) -> Any:
        compiler: Any = copy.copy(self._compiler)
        compiler.connection = connections[self._using]
        compiler.as_sql = lambda *args, **kwargs: (self._sql, params)
        return compiler


class _Run:
    """What Django's iteration over model rows asks of a queryset: the database, and the compiler."""

    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, objects: QuerySet[Any], compiler: Any) -> None:
        self.db = objects.db
        self.query = self
        self._compiler = compiler

    def get_compiler(self, using: str) -> Any:
        return self._compiler


def _plain(param: Any) -> Any:
    """The value inside a driver's wrapper for binary data."""
    inner = getattr(param, "obj", param)
    return inner if isinstance(inner, bytes) else param


def _like(param: Any, value: object) -> object:
    return type(param)(value) if isinstance(value, bytes) and not isinstance(param, bytes) else value


def flatten(values: Iterable[object]) -> Iterator[object]:
    """The values one by one, those of tuples too."""
    for value in values:
        if isinstance(value, tuple):
            yield from value
        else:
            yield value
