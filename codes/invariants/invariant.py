"""One invariant: what it says, and how to find what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from django.db import connection

Broken: TypeAlias = str  # what breaks an invariant, by number or name


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """`name` is stable; `says` is a sentence; `things` is what `broken` names: codes, filings, events …"""

    name: str
    says: str
    things: str
    broken: Callable[[], Iterable[Broken]]


def by_sql(name: str, says: str, things: str, sql: str) -> Invariant:
    """An invariant that the rows of one statement break; their first column is the number. Runs on both databases."""
    return Invariant(name=name, says=says, things=things, broken=lambda: rows(sql))


def rows(sql: str) -> Iterator[Broken]:
    """The first column of what the statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        while found := cursor.fetchmany(2_000):
            yield from (str(row[0]) for row in found)
