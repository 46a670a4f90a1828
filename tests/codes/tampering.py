"""What somebody does to the database who owns it: the triggers taken off, the rows changed, the triggers put back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from codes import append_only

UNIQUE = [
    "ip_one_live_holder",
    "filing_one_hold_per_code",
    "filing_one_completed_per_code",
    "filing_order_once_per_client",
]
CHECKS = {"codes_filing": "filing_ended_has_an_end", "codes_authorizationcode": "code_slot_within_limit"}


@contextmanager
def behind_its_back(*, unguarded: bool = False) -> Iterator[Any]:
    """A cursor of somebody who takes the triggers off and puts them back; `unguarded`: constraints too, for good."""
    with connection.cursor() as cursor:
        _settle(cursor)
        append_only.remove_chain(connection)
        append_only.remove(connection)
        if unguarded:
            _drop_constraints(cursor)
        yield cursor
        _settle(cursor)
        append_only.install(connection)
        append_only.install_chain(connection)
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def _settle(cursor: Any) -> None:
    """PostgreSQL alters no table of which something is still to be checked."""
    if connection.vendor == "postgresql":
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _drop_constraints(cursor: Any) -> None:
    for name in UNIQUE:
        cursor.execute(f"DROP INDEX {name}")
    if connection.vendor == "sqlite":
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        return
    for table, name in CHECKS.items():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def run(*statements: str, **names: Any) -> None:
    """Each statement, with `names` put in, behind the application's back."""
    with behind_its_back() as cursor:
        for statement in statements:
            cursor.execute(statement.format(**names))
