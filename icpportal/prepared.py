"""A queryset compiled once and run with other values: `prepared`. Knows nothing of the domain.

Building the SQL of a report takes Django some ten times as long as PostgreSQL takes to answer it, and it is the same
SQL every time. So it is built once, with a marker in the place of each value, and kept. A marker is of the value's type
and equals no real value: the parameters of the compiled statement tell where the values go.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connections
from django.db.models import JSONField, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from psycopg.sql import Literal

from icpportal import bulk
from icpportal.statements import Asked, Statement, fetch_in_turn

M = TypeVar("M", bound=Model)
P = ParamSpec("P")
MOST_KEPT = 200  # statements of one function; there are as many pages as limits
_FIRST = -9_000_000_000  # of the markers that are numbers
_PLACE = re.compile(r"(?<!%)%s")


def prepared(build: Callable[P, QuerySet[M]]) -> Kept[P, M]:
    """Decorates a function that builds a queryset: called, it gives what the queryset holds.

    Arguments by position decide the statement, those by name are values in it, or tuples of values. It is compiled once
    for each combination of the former, of the values that are None or booleans, and of lengths of tuples. A value that
    is a number, text, bytes or a moment may be any.
    """
    return Kept(build)


class Kept(Generic[P, M]):
    """What `prepared` makes of a function. Safe to be called by several threads at once."""

    def __init__(self, build: Callable[P, QuerySet[M]]) -> None:
        update_wrapper(self, build)
        self._build: Callable[..., QuerySet[M]] = build
        self._kept: dict[Any, _Compiled[M]] = {}

    def __call__(self, *args: P.args, **values: P.kwargs) -> list[M]:
        return self.after(None, *args, **values)

    def after(self, first: Asked | None, *args: P.args, **values: P.kwargs) -> list[M]:
        """The same, run after `first` in one round trip; nothing, unless that finds something."""
        return self._compiled(args, values).fetch([*_flat(values.values())], first=first)

    def asked(self, *args: P.args, **values: P.kwargs) -> Asked:
        """The statement itself, to be run before another."""
        compiled = self._compiled(args, values)
        return compiled.asked([*_flat(values.values())], compiled.database)

    def _compiled(self, args: Any, values: Mapping[str, object]) -> _Compiled[M]:
        key = (args, *((name, _shape(value)) for name, value in values.items()))
        if (found := self._kept.get(key)) is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            numbers = iter(range(sys.maxsize))
            markers: Any = {name: _marked(value, numbers) for name, value in values.items()}
            found = self._kept[key] = _Compiled(self._build(*args, **markers), [*_flat(markers.values())])
        return found


def filled(keys: list[int]) -> tuple[int, ...]:
    """One key or more, the last repeated up to a power of two: so pages of all lengths share a few statements."""
    return (*keys, *keys[-1:] * ((1 << (len(keys) - 1).bit_length()) - len(keys)))


def _shape(value: object) -> object:
    """What of a value decides the statement: a tuple's length, a boolean itself, whether there is a value at all."""
    if isinstance(value, tuple):
        return (len(value),)
    return value if isinstance(value, bool) else value is None


def _flat(values: Iterable[object]) -> Iterator[object]:
    """The values one by one, those of tuples too."""
    for value in values:
        if isinstance(value, tuple):
            yield from value
        else:
            yield value


def _marked(value: object, numbers: Iterator[int]) -> Any:
    """A marker for the value, or for each of a tuple."""
    if isinstance(value, tuple):
        return tuple(_marker(each, next(numbers)) for each in value)
    return _marker(value, next(numbers))


def _marker(value: object, number: int) -> Any:
    """Raises TypeError for a type that has no marker."""
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


class _Compiled(Generic[M]):
    """The statement of `objects`, a queryset built with `markers`, and how its rows are read."""

    def __init__(self, objects: QuerySet[M], markers: Sequence[object]) -> None:
        self._using, database = objects.db, connections[objects.db]
        compiler: Any = objects.query.get_compiler(using=self._using)
        numbers = {_plain(_adapted(each, database)): number for number, each in enumerate(markers)}
        sql, params = compiler.as_sql()
        sql, self._constants, self._places = _named(sql, params, numbers, database)
        self._statement = Statement(sql)
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns).items()
        self._converters = [(at, *found) for at, found in converters if not _reads_itself(found[1], database)]
        # A queryset of values gives its rows as they are.
        is_of_models = issubclass(objects._iterable_class, ModelIterable)
        self._read: Callable[[Sequence[Any]], Any] | None = _reader(compiler, self._using) if is_of_models else None

    @property
    def database(self) -> Any:
        """This thread's connection, which takes a while to find."""
        return connections[self._using]

    def fetch(self, values: Sequence[object], *, first: Asked | None) -> list[Any]:
        """What the queryset gives, with `values` in the places of the markers; see `Kept.after`."""
        database = self.database
        asked = self.asked(values, database)
        *before, rows = fetch_in_turn(*([asked] if first is None else [first, asked]), database=database)
        if first is not None and not before[0]:
            return []
        if self._converters:
            rows = [self._converted(row, database) for row in rows]
        return rows if self._read is None else [self._read(row) for row in rows]

    def asked(self, values: Sequence[object], database: Any) -> Asked:
        """The statement with these values."""
        params = dict(self._constants)
        for name, (number, like) in self._places.items():
            params[name] = _like(like, _adapted(values[number], database))
        return Asked(self._statement, params)

    def _converted(self, row: Sequence[Any], database: Any) -> list[Any]:
        found = list(row)
        for at, converters, column in self._converters:
            for convert in converters:
                found[at] = convert(found[at], column, database)
        return found


def _named(
    sql: str, params: Sequence[Any], numbers: Mapping[object, int], database: Any
) -> tuple[str, dict[str, Any], dict[str, tuple[int, Any]]]:
    """The statement with each marker as one named parameter; the other parameters; the markers' numbers and they as
    parameters, by name.

    PostgreSQL reads what never changes from the statement itself: it plans with it, and a report has a hundred of them.
    """
    texts, constants, places = iter(_PLACE.split(sql)), dict[str, Any](), dict[str, tuple[int, Any]]()
    named = [next(texts)]
    for at, (param, text) in enumerate(zip(params, texts, strict=True)):
        number = numbers.get(_plain(param))
        if number is not None:
            places[f"value{number}"] = number, param
            named += [f"%(value{number})s", text]
        elif database.vendor == "postgresql":
            named += [_literal(param, database), text]
        else:
            constants[f"constant{at}"] = param
            named += [f"%(constant{at})s", text]
    return "".join(named), constants, places


def _literal(param: Any, database: Any) -> str:
    database.ensure_connection()
    return Literal(param).as_string(database.connection).replace("%", "%%")


def _adapted(value: object, database: Any) -> object:
    return database.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _plain(param: Any) -> Any:
    """The value inside a driver's wrapper for binary data."""
    inner = getattr(param, "obj", param)
    return inner if isinstance(inner, bytes) else param


def _like(param: Any, value: object) -> object:
    """The value in the wrapper that the parameter has."""
    return type(param)(value) if isinstance(value, bytes) and not isinstance(param, bytes) else value


def _reads_itself(column: Any, database: Any) -> bool:
    """Whether the driver gives JSON parsed, as it does in the format asked for here."""
    return database.vendor == "postgresql" and isinstance(column.output_field, JSONField)


def _reader(compiler: Any, using: str) -> Callable[[Sequence[Any]], Any]:
    """What makes a row into an object, as Django's ModelIterable does it."""
    info, annotations = compiler.klass_info, compiler.annotation_col_map
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, *_ in compiler.select[first:last]]
    maker = _Maker(info["model"])
    related = _quick(get_related_populators(info, compiler.select, using))  # type: ignore[call-arg]

    def read(row: Sequence[Any]) -> Any:
        found = maker.from_db(using, names, row[first:last])
        for each in related:
            each.populate(row, found)
        for name, at in annotations.items():
            found.__dict__[name] = row[at]
        return found

    return read


@dataclass(frozen=True)
class _Maker:
    """Stands for a model where Django makes objects of rows: a page of reports has hundreds."""

    model: type[Model]

    def from_db(self, using: str, names: Sequence[str], values: Sequence[Any]) -> Any:
        """As the model does it, but for the signals, which nobody hears."""
        return bulk.made(self.model, values, names=names, using=using)


def _quick(populators: list[Any]) -> list[Any]:
    for each in populators:
        each.model_cls = _Maker(each.model_cls)
        _quick(each.related_populators)
    return populators
