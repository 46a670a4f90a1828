"""The first of the rows that belong to an object, such as the default IP of a server: facts that are columns of it.

Each such fact is a subquery, and every condition that reads it asks anew: right for a filter, where the first condition
that fails ends the matter. Who reads them all has PostgreSQL find each row once: `joining`. SQLite has no such join.
"""

from __future__ import annotations

from copy import copy
from typing import Any, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet, Subquery
from django.db.models.expressions import Col
from django.db.models.sql import Query
from django.db.models.sql.constants import LOUTER
from django.db.models.sql.datastructures import BaseTable

M = TypeVar("M", bound=Model)


class First:
    """The first of `rows`, a queryset about an OuterRef, or nothing; of its `columns` each is a fact: `first["id"]`."""

    def __init__(self, name: str, rows: QuerySet[Any], *columns: str) -> None:
        self.name, self.model, self.rows = name, rows.model, rows.values(*columns)[:1]

    def __getitem__(self, column: str) -> Subquery:
        return _Column(self, column)


class _Column(Subquery):
    """A column of such a row: a subquery, but a plain column of what a query that joins has joined."""

    def __init__(self, first: First, column: str) -> None:
        super().__init__(first.rows.values(column))
        self._first, self._field = first, first.model._meta.get_field(column)

    def resolve_expression(self, query: Any = None, *args: Any, **options: Any) -> Any:
        if not isinstance(query, _Joining):
            return super().resolve_expression(query, *args, **options)
        return Col(query.join(_Lateral(self._first, query)), self._field)


class _Joining(Query):
    """A query that joins the rows that its annotations read."""


class _Lateral(BaseTable):
    """The join itself, beside Django's own in the query."""

    join_type, nullable = LOUTER, True

    def __init__(self, first: First, query: Query) -> None:
        super().__init__(first.name, None)
        self.parent_alias, self._first = query.get_initial_alias(), first
        self._rows = Subquery(first.rows).resolve_expression(query)

    @property
    def identity(self) -> Any:
        """Equal are those of the same row: all of its columns are read from one."""
        return type(self), self._first

    def relabeled_clone(self, change_map: dict[Any, Any]) -> _Lateral:  # of a query inside of another
        found = copy(self)
        found.table_alias = change_map.get(self.table_alias, self.table_alias)
        found.parent_alias = change_map.get(self.parent_alias, self.parent_alias)
        found._rows = self._rows.relabeled_clone(change_map)
        return found

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sql, params = compiler.compile(self._rows)
        return f"{self.join_type} LATERAL {sql} {compiler.quote_name_unless_alias(self.table_alias)} ON TRUE", params


def joining(objects: QuerySet[M]) -> QuerySet[M]:
    """The same objects, for whoever reads all facts: where the database can, each row is found once."""
    if connections[objects.db].vendor != "postgresql":
        return objects
    joined = objects.all()
    joined.query = objects.query.chain(_Joining)
    return joined
