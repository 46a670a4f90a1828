"""Tables of which no row is ever changed or deleted: the database refuses it, on PostgreSQL and on SQLite.

For events see codes/append_only.py, which numbers them besides.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper


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
