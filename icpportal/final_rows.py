"""Rows that are written once, neither changed nor deleted: by their model, and by triggers of the database itself.

On PostgreSQL and on SQLite. The table of events has triggers of its own, which number and chain them besides:
codes/append_only.py.
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Row = TypeVar("Row", bound=models.Model)
MAX_REASON = 500  # characters of why somebody did something, wherever it is kept


class AppendOnly(Exception):
    """Such a row was about to be changed or deleted."""


class FinalQuerySet(models.QuerySet[Row]):
    """Of a `Final` model."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class Final(models.Model):
    """A model whose rows are written once."""

    objects = FinalQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert. Raises AppendOnly for a row that already exists."""
        if self.pk is not None:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly


def install(connection: BaseDatabaseWrapper, table: str) -> None:
    """Put the triggers on the table."""
    if connection.vendor == "postgresql":
        _execute(
            connection,
            f"CREATE FUNCTION {table}_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {table}_is_final BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_is_final()",
        )
        return
    for act in ("UPDATE", "DELETE"):
        _execute(
            connection,
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        )


def remove(connection: BaseDatabaseWrapper, table: str) -> None:
    """Take them off again: to undo the migration, and for tests that empty the table."""
    if connection.vendor == "postgresql":
        _execute(connection, f"DROP TRIGGER {table}_is_final ON {table}", f"DROP FUNCTION {table}_is_final()")
    else:
        _execute(connection, f"DROP TRIGGER {table}_no_update", f"DROP TRIGGER {table}_no_delete")


def _execute(connection: BaseDatabaseWrapper, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
