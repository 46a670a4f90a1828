"""Statements that PostgreSQL plans each time by the values that stand in them.

A connection keeps the statements that repeat, and after ten runs PostgreSQL keeps one plan for all values. That is fast
where all are alike, and a whole table where they are not: it knows no beginning of a name, and takes every account for
an average one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


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
