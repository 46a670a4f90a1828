"""The database from DATABASE_URL: embedded SQLite when unset, SQLite or PostgreSQL otherwise."""

from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

# SQLite: writers queue at BEGIN instead of failing at the first write; readers go on beside them.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,  # seconds
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}
# PostgreSQL: a wait for a lock is bounded (milliseconds) and ends in 503. A page joins some fifty rows, and a
# cache that is as large as the whole table asks for is made each time: a list of codes took four times as long with it.
# Machine code for a statement takes longer than to run it: servers of one refusal took up to three times as long.
POSTGRESQL_LIMITS = "-c lock_timeout=3000 -c idle_in_transaction_session_timeout=60000 -c enable_memoize=off -c jit=off"
POSTGRESQL_OPTIONS: dict[str, Any] = {
    "server_side_binding": True,
    "connect_timeout": 3,  # seconds
    # A host that went dark without a word is given up after these; else a thread would wait for a quarter of an hour.
    "tcp_user_timeout": 15_000,  # milliseconds for what was sent
    "keepalives_idle": 10,  # seconds of silence while an answer is waited for, then three questions
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "icpportal",
}
_RIGHT = (
    "must look like postgres://user:password@host:5432/name or sqlite:////folder/file.sqlite3; "
    "other databases are not supported."
)
PREPARE_AFTER = 5  # times that the driver runs a statement before it prepares it (icpportal/statements.py does at once)


def from_url(url: str, *, embedded: Path, conn_max_age: int, prepares: bool = True) -> dict[str, Any]:
    """Settings for the database that url names; an empty url means the SQLite file embedded.

    conn_max_age: seconds that a PostgreSQL connection is kept. prepares: it keeps the plans of statements that repeat,
    which a pooler that hands out connections by transaction may not bear. Raises ImproperlyConfigured for a malformed
    url and for any other kind of database; the message does not repeat the url, which may hold a password.
    """
    if not url:
        embedded.parent.mkdir(exist_ok=True)
        return _sqlite({"ENGINE": "django.db.backends.sqlite3", "NAME": embedded})
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL {_RIGHT}") from error
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return _sqlite(config)
    if config["ENGINE"] == "django.db.backends.postgresql" and config["NAME"]:
        return _postgresql(config, conn_max_age=conn_max_age, prepares=prepares)
    raise ImproperlyConfigured(f"DATABASE_URL {_RIGHT}")


def _sqlite(config: dict[str, Any]) -> dict[str, Any]:
    return config | {"OPTIONS": SQLITE_OPTIONS | config.get("OPTIONS", {})}


def _postgresql(config: dict[str, Any], *, conn_max_age: int, prepares: bool) -> dict[str, Any]:
    options = (
        POSTGRESQL_OPTIONS | {"prepare_threshold": PREPARE_AFTER if prepares else None} | config.get("OPTIONS", {})
    )
    options["options"] = f"{POSTGRESQL_LIMITS} {options.get('options', '')}".strip()
    # Whether a kept connection still stands is looked at by icpportal/connections.py.
    return config | {"CONN_MAX_AGE": conn_max_age, "CONN_HEALTH_CHECKS": False, "OPTIONS": options}
