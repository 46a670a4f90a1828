"""A provider's whole fleet in the tables, by SQL over sets: a million servers take minutes.

Skewed as real ones are: one account holds a twentieth of the servers, fifty hold a tenth together, most hold a few;
regions, kinds, states and terms are mixed, every refusal occurs, filings stand in all states, and each code and
filing has the events that led to it, in no real chain. The same numbers give the same fleet but for the moment.
PostgreSQL only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max
from rich.progress import Progress

from bench.scale.measuring import LARGE_TABLES
from bench.scale.statements import STEPS
from codes.policy import Policy
from icpportal.api.models import ApiClient, Scope
from servers.models import Region, Server

LARGEST = "200000000001"  # the uid of the account that holds a twentieth of all servers


def seed(*, servers: int, now: datetime) -> None:
    """Fill the empty tables with so many servers and all that hangs on them, as of `now` (aware)."""
    if Server.objects.exists():
        raise SystemExit("The tables are not empty: the fleet goes into a database of its own.")
    with Progress() as progress, connection.cursor() as cursor:
        bar = progress.add_task("Seeding", total=len(STEPS) + 2)
        with transaction.atomic(), _bare_tables(cursor):
            values = _values(servers, now)
            cursor.execute("SELECT setseed(0.4)")
            for what, statement in STEPS:
                progress.update(bar, description=f"Seeding {what}", advance=1)
                cursor.execute(statement.format(**values))
            progress.update(bar, description="Building indexes", advance=1)
        progress.update(bar, description="Gathering statistics", advance=1)
        _settle(cursor)


def _values(servers: int, now: datetime) -> dict[str, object]:
    """What the statements name; makes the clients and the region that they refer to."""
    clients = ApiClient.objects.bulk_create(ApiClient(name=f"platform-{n}", scopes=Scope.values) for n in (1, 2))
    return {
        "n": servers,
        "accounts": max(servers // 10, 100),
        "now": f"'{now.isoformat()}'::timestamptz",
        "client": clients[0].pk,
        "person": User.objects.aggregate(most=Max("pk"))["most"] or 0,
        "unknown": Region.objects.create(code="ap-nowhere").pk,
        "policy": f"'{json.dumps(Policy.current().as_dict())}'",
    }


@contextmanager
def _bare_tables(cursor: Any) -> Iterator[None]:
    """No triggers fire and no index that guards nothing is kept up meanwhile: they are built at once in the end."""
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute("SET LOCAL work_mem = '256MB'")
    cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    cursor.execute(
        "SELECT indexdef, format('%%I', indexname) FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS "
        "(SELECT FROM pg_constraint WHERE conindid = format('%%I', indexname)::regclass)",
        [sorted(LARGE_TABLES)],
    )
    indexes = cursor.fetchall()
    for _definition, name in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for definition, _name in indexes:
        cursor.execute(definition)
    for statement in connection.ops.sequence_reset_sql(no_style(), list(apps.get_models())):
        cursor.execute(statement)
    cursor.execute("SET LOCAL session_replication_role = origin")


def _settle(cursor: Any) -> None:
    """Statistics and visibility as autovacuum leaves them; within a transaction, as in tests, statistics alone."""
    tables = ", ".join(connection.introspection.table_names(cursor))  # not those that all databases share
    cursor.execute(f"{'ANALYZE' if connection.in_atomic_block else 'VACUUM ANALYZE'} {tables}")
