"""The faults. Each breaks something while clients work, mends it as an operator or a supervisor would, and says when
it was mended, in seconds of time.monotonic()."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from bench.faults.postgres import Postgres
from bench.faults.serving import Gunicorn

HELD = 30  # seconds
Fault = Callable[[Postgres, Gunicorn, str], float]


def _execute(database: Postgres, *statements: str) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def worker_killed(database: Postgres, server: Gunicorn, name: str) -> float:
    """SIGKILL to both workers, one after the other; gunicorn starts others."""
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)
        mended = time.monotonic()
        time.sleep(1)
    return mended


def server_killed(database: Postgres, server: Gunicorn, name: str) -> float:
    """SIGKILL to gunicorn and its workers; a supervisor starts it again."""
    server.kill()
    mended = time.monotonic()
    server.start()
    return mended


def server_terminated(database: Postgres, server: Gunicorn, name: str) -> float:
    """SIGTERM, as in a deployment: what runs is finished."""
    server.terminate()
    mended = time.monotonic()
    server.start()
    return mended


def database_killed(database: Postgres, server: Gunicorn, name: str) -> float:
    """SIGKILL to PostgreSQL; it is started again and recovers."""
    database.kill()
    time.sleep(1)
    database.start()
    return time.monotonic()


def connections_cut(database: Postgres, server: Gunicorn, name: str) -> float:
    """Every connection to the database is cut, five times."""
    for _ in range(5):
        _execute(
            database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'icpportal'"
        )
        mended = time.monotonic()
        time.sleep(0.5)
    return mended


def row_locked(database: Postgres, server: Gunicorn, name: str) -> float:
    """Somebody holds the row of one server, the one that everybody wants, for half a minute."""
    with psycopg.connect(database.url) as connection:
        connection.execute(
            "SELECT pk FROM (SELECT id AS pk FROM servers_server WHERE instance_id = %s FOR UPDATE) x", [name]
        )
        time.sleep(HELD)
    return time.monotonic()


def table_locked(database: Postgres, server: Gunicorn, name: str) -> float:
    """Somebody holds the whole table of events for half a minute."""
    with psycopg.connect(database.url) as connection:
        connection.execute("LOCK TABLE codes_codeevent")
        time.sleep(HELD)
    return time.monotonic()


def read_only(database: Postgres, server: Gunicorn, name: str) -> float:
    """The database takes no writes for three seconds, as a standby."""
    _execute(database, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    time.sleep(3)
    writable = "SET default_transaction_read_only = off"
    _execute(database, writable, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
    return time.monotonic()


def disk_full(database: Postgres, server: Gunicorn, name: str) -> float:
    """Not a byte is left where the data lies; then there is room again, and a supervisor starts what has ended."""
    ballast = Path(database.disk, "ballast")
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=64k"], capture_output=True)
    time.sleep(4)
    ballast.unlink()
    if database.is_dead:
        database.start()
    return time.monotonic()


FAULTS: dict[str, Fault] = {
    each.__name__: each
    for each in (
        worker_killed,
        server_killed,
        server_terminated,
        database_killed,
        connections_cut,
        row_locked,
        table_locked,
        read_only,
        disk_full,
    )
}
