"""What the database itself guarantees of events, on PostgreSQL and on SQLite: they are never changed or deleted.

On PostgreSQL it also numbers them, so that a reader of the feed can tell which numbers are final: a transaction
announces a floor below its first number, as an advisory lock that ends with it, before it draws that number. Up to the
lowest announced floor nothing can appear any more. SQLite has one writer at a time: its numbers are final.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "codes_codeevent"
FLOORS = 0x1C9 << 40  # the advisory lock of floor n is FLOORS + n

_POSTGRESQL = f"""
CREATE FUNCTION codes_event_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER codes_event_is_final BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION codes_event_is_final();
CREATE FUNCTION codes_event_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('icp.event_floor', true) IS DISTINCT FROM 'announced' THEN
        PERFORM pg_advisory_xact_lock_shared({FLOORS} + (SELECT last_value FROM {TABLE}_id_seq));
        PERFORM set_config('icp.event_floor', 'announced', true);
    END IF;
    NEW.id := nextval('{TABLE}_id_seq');
    RETURN NEW;
END $$;
CREATE TRIGGER codes_event_number BEFORE INSERT ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION codes_event_number();
"""
_POSTGRESQL_DROP = f"""
DROP TRIGGER codes_event_number ON {TABLE};
DROP FUNCTION codes_event_number();
DROP TRIGGER codes_event_is_final ON {TABLE};
DROP FUNCTION codes_event_is_final();
"""
_SQLITE = [
    f"CREATE TRIGGER codes_event_no_{act.lower()} BEFORE {act} ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    for act in ("UPDATE", "DELETE")
]
_SQLITE_DROP = ["DROP TRIGGER codes_event_no_update", "DROP TRIGGER codes_event_no_delete"]


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on the table of events."""
    _execute(connection, postgresql=[_POSTGRESQL], sqlite=_SQLITE)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them off again: to undo the migration, and for tests that empty the table."""
    _execute(connection, postgresql=[_POSTGRESQL_DROP], sqlite=_SQLITE_DROP)


def final_until(connection: BaseDatabaseWrapper) -> int | None:
    """The highest event number up to which nothing can appear any more; None when all that is there is final.

    Read the events after this, in a later statement. The caller's own events do not hold it up: it sees them already.
    """
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        # In this order: a number drawn between the two statements is above the first answer.
        cursor.execute(f"SELECT last_value FROM {TABLE}_id_seq")
        last = cursor.fetchone()[0]
        cursor.execute(
            "SELECT min((classid::bigint << 32 | objid::bigint) - %s) FROM pg_locks "
            "WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 8 = %s AND pid <> pg_backend_pid() "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [FLOORS, FLOORS >> 40],
        )
        floor = cursor.fetchone()[0]
    return int(last) if floor is None else min(int(last), int(floor))


def _execute(connection: BaseDatabaseWrapper, *, postgresql: list[str], sqlite: list[str]) -> None:
    statements = postgresql if connection.vendor == "postgresql" else sqlite
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
