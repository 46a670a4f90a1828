"""How PostgreSQL plans: each time by the values in a statement, and texts in the order in which an index has them.

A connection keeps the statements that repeat, and after ten runs PostgreSQL keeps one plan for all values. That is fast
where all are alike, and a whole table where they are not: it knows no beginning of a name, and takes every account for
an average one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Lookup
from django.db.models.expressions import OrderBy, RawSQL


@contextmanager
def planned_anew() -> Iterator[None]:
    """No plan is kept, and none that was kept is taken, of what runs inside. SQLite plans as ever."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.execute_wrapper(_anew):
        yield


def _anew(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    kept = context["connection"].connection
    before, kept.prepare_threshold = kept.prepare_threshold, None
    try:
        return execute(sql, params, many, context)
    finally:
        kept.prepare_threshold = before


class ByBytes(OrderBy):
    """The order of a text by its bytes, in which the index stands that finds texts by how they begin."""

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """By the index's own operator: PostgreSQL takes no index for another order than it was made for."""
        operator = "~>~" if self.descending else "~<~"
        # Django tells what is ordered from how by the word that PostgreSQL does not want here.
        return self.as_sql(compiler, connection, template=f"%(expression)s USING {operator} /* %(ordering)s */")


def as_if_few(numbers: Iterable[int]) -> RawSQL:
    """For `…__in`: PostgreSQL expects a hundred of them, however many there are, and looks each up by its index."""
    by_json = "SELECT value::bigint FROM json_array_elements_text(%s::json)"
    sql = by_json if connection.vendor == "postgresql" else "SELECT value FROM json_each(%s)"
    return RawSQL(sql, [json.dumps(list(numbers))])


class Among(Lookup):  # type: ignore[type-arg]  # not subscriptable at run time
    """`…__among`: `…__in` for any number of texts or numbers as one parameter; a thousand cost more than their rows.

    Of a set, whose values Django does not look at one by one. PostgreSQL finds them by an index or reads a table once:
    to join them with rows that it takes for few, as with new ones that no statistics know, it reads all for each.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """On SQLite, by its JSON."""
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(list(self.rhs)))

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """By an array: of texts, as a shorter type would cut the values."""
        lhs, params = self.process_lhs(compiler, connection)
        is_number = self.lhs.output_field.db_type(connection) == "bigint"
        return f"{lhs} = ANY(%s::{'bigint' if is_number else 'text'}[])", (*params, list(self.rhs))
