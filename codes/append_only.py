"""What the database itself guarantees of events, on PostgreSQL and on SQLite: they are never changed or deleted, and
each takes the next place in the chain of its server (codes/chain.py), whose head the database keeps.

On PostgreSQL it also numbers them, so that a reader of the feed can tell which numbers are final: a transaction
announces a floor below its first number, as an advisory lock that ends with it, before it draws that number. Up to the
lowest announced floor nothing can appear any more. SQLite has one writer at a time: its numbers are final.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "codes_codeevent"
HEADS = "codes_eventhead"
FLOORS = 0x1C9 << 40  # the advisory lock of floor n is FLOORS + n

# Assigned, not performed: plpgsql evaluates an expression at once, and runs a query several times as slowly.
_NUMBER = f"""
CREATE OR REPLACE FUNCTION codes_event_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held boolean;
    told text;
BEGIN
    IF current_setting('icp.event_floor', true) IS DISTINCT FROM 'announced' THEN
        held := pg_advisory_xact_lock_shared(
            {FLOORS} + coalesce(pg_sequence_last_value('{TABLE}_id_seq'::regclass), 0)) IS NOT NULL;
        told := set_config('icp.event_floor', 'announced', true);
    END IF;
    RETURN NULL;
END $$;
"""
# The highest number that was ever drawn; a sequence that was not asked yet names the first that it will give.
_DRAWN = f"SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {TABLE}_id_seq"
_POSTGRESQL = f"""
CREATE FUNCTION codes_event_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER codes_event_is_final BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION codes_event_is_final();
{_NUMBER}CREATE TRIGGER codes_event_number BEFORE INSERT ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION codes_event_number();
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
# One statement for all events that one statement inserts, whether one or thousands. Whoever records events of a server
# holds its row's lock; the condition on the place refuses whoever does not.
# One event alone, which most are, is dealt with in two thirds of the time of a query that is made for thousands.
_FOLLOWS = f"""
CREATE OR REPLACE FUNCTION codes_event_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one record;
    lost bigint;
BEGIN
    SELECT server_id, place, mac, (SELECT count(*) FROM (SELECT FROM added LIMIT 2) AS two) AS number
    INTO one FROM added LIMIT 1;
    IF one.number = 1 THEN
        IF one.place = 1 THEN
            INSERT INTO {HEADS} (server_id, place, mac) VALUES (one.server_id, 1, one.mac) ON CONFLICT DO NOTHING;
        ELSE
            UPDATE {HEADS} SET place = one.place, mac = one.mac
            WHERE server_id = one.server_id AND place = one.place - 1;
        END IF;
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    WITH told AS (
        SELECT server_id, min(place) AS first, max(place) AS last, count(*) AS number,
               (array_agg(mac ORDER BY place DESC))[1] AS mac
        FROM added GROUP BY server_id
    ), fit AS (
        SELECT * FROM told WHERE last - first + 1 = number
    ), moved AS (
        UPDATE {HEADS} AS head SET place = fit.last, mac = fit.mac
        FROM fit WHERE head.server_id = fit.server_id AND head.place = fit.first - 1 RETURNING 1
    ), begun AS (
        INSERT INTO {HEADS} (server_id, place, mac) SELECT server_id, last, mac FROM fit WHERE first = 1
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT (SELECT count(*) FROM told) - (SELECT count(*) FROM moved) - (SELECT count(*) FROM begun) INTO lost;
    IF lost <> 0 THEN
        RAISE EXCEPTION 'an event does not follow the last of its server'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
"""
_CHAIN_POSTGRESQL = f"""
{_FOLLOWS}CREATE TRIGGER codes_event_follows AFTER INSERT ON {TABLE} REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION codes_event_follows();
CREATE TRIGGER codes_event_stays BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION codes_event_is_final();
CREATE TRIGGER codes_head_is_final BEFORE DELETE ON {HEADS}
    FOR EACH ROW EXECUTE FUNCTION codes_event_is_final();
CREATE TRIGGER codes_head_moves_on BEFORE UPDATE ON {HEADS}
    FOR EACH ROW WHEN (NEW.place <= OLD.place OR NEW.server_id <> OLD.server_id)
    EXECUTE FUNCTION codes_event_is_final();
CREATE TRIGGER codes_head_stays BEFORE TRUNCATE ON {HEADS}
    FOR EACH STATEMENT EXECUTE FUNCTION codes_event_is_final();
"""
_CHAIN_POSTGRESQL_DROP = f"""
DROP TRIGGER codes_event_follows ON {TABLE};
DROP FUNCTION codes_event_follows();
DROP TRIGGER codes_event_stays ON {TABLE};
DROP TRIGGER codes_head_is_final ON {HEADS};
DROP TRIGGER codes_head_moves_on ON {HEADS};
DROP TRIGGER codes_head_stays ON {HEADS};
"""
_CHAIN_SQLITE = [
    f"""CREATE TRIGGER codes_event_follows BEFORE INSERT ON {TABLE}
    WHEN NEW.place <> 1 + coalesce((SELECT place FROM {HEADS} WHERE server_id = NEW.server_id), 0)
    BEGIN SELECT RAISE(ABORT, 'an event does not follow the last of its server'); END""",
    f"""CREATE TRIGGER codes_event_head AFTER INSERT ON {TABLE} BEGIN
    INSERT INTO {HEADS} (server_id, place, mac) VALUES (NEW.server_id, NEW.place, NEW.mac)
    ON CONFLICT (server_id) DO UPDATE SET place = excluded.place, mac = excluded.mac; END""",
    f"""CREATE TRIGGER codes_head_is_final BEFORE DELETE ON {HEADS}
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    f"""CREATE TRIGGER codes_head_moves_on BEFORE UPDATE ON {HEADS}
    WHEN NEW.place <= OLD.place OR NEW.server_id <> OLD.server_id
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
]
_CHAIN_SQLITE_DROP = [
    f"DROP TRIGGER {name}"
    for name in ("codes_event_follows", "codes_event_head", "codes_head_is_final", "codes_head_moves_on")
]


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on the table of events."""
    _execute(connection, postgresql=[_POSTGRESQL], sqlite=_SQLITE)


def renew(connection: BaseDatabaseWrapper) -> None:
    """Put the functions of these triggers as they are now in the place of those of an older release."""
    _execute(connection, postgresql=[_NUMBER, _FOLLOWS], sqlite=[])


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them off again: to undo the migration, and for tests that empty the table."""
    _execute(connection, postgresql=[_POSTGRESQL_DROP], sqlite=_SQLITE_DROP)


def install_chain(connection: BaseDatabaseWrapper) -> None:
    """Keep the heads of the chains, and let nothing in that does not follow them. Needs `install`."""
    _execute(connection, postgresql=[_CHAIN_POSTGRESQL], sqlite=_CHAIN_SQLITE)


def remove_chain(connection: BaseDatabaseWrapper) -> None:
    """Take these triggers off again, before `remove`."""
    _execute(connection, postgresql=[_CHAIN_POSTGRESQL_DROP], sqlite=_CHAIN_SQLITE_DROP)


def final_until(connection: BaseDatabaseWrapper) -> int:
    """The event number up to which nothing can appear any more; 0 before the first.

    Read the events after this, in a later statement. The caller's own events do not hold it up: it sees them already.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {TABLE}")
            return int(cursor.fetchone()[0])
        # In this order: a number drawn between the two statements is above the first answer.
        cursor.execute(_DRAWN)
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
