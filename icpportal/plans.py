"""How PostgreSQL plans: each time by the values in a statement, and texts in the order in which an index has them.

A connection keeps the statements that repeat, and after ten runs PostgreSQL keeps one plan for all values. That is fast
where all are alike, and a whole table where they are not: it knows no beginning of a name, and takes every account for
an average one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models.expressions import OrderBy


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
