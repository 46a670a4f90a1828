"""What a page or a call costs the database: each statement it ran, run again under EXPLAIN ANALYZE."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection

LARGE_TABLES = {
    "servers_server",
    "servers_ipaddress",
    "codes_authorizationcode",
    "codes_filing",
    "codes_codeevent",
    "webhooks_webhookdelivery",
}
AGAIN = 3  # times that a statement is measured: the fastest counts, the machine being never quiet
SLOW = 200  # milliseconds from which on once is enough


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement as it ran, with its plan; without one where it was given up for taking too long.

    `ms` is its cost in milliseconds: CPU time of the database's process where it runs on this machine and Linux tells
    it, else the time that planning and execution took.
    """

    sql: str
    plan: dict[str, Any]
    ms: float

    @property
    def nodes(self) -> Iterator[dict[str, Any]]:
        """Every node of the plan."""
        return _walk(self.plan["Plan"]) if self.plan else iter(())

    @property
    def scanned(self) -> list[str]:
        """The large tables of which it reads half the rows or more, one after the other."""
        return [
            node["Relation Name"]
            for node in self.nodes
            if node["Node Type"] == "Seq Scan"
            and node["Relation Name"] in LARGE_TABLES
            and _read(node) >= _size(node["Relation Name"]) / 2
        ]

    @property
    def read(self) -> int:
        """The most rows that one node gave or threw away, over all its loops."""
        return max((_read(node) for node in self.nodes), default=0)

    @property
    def read_of_large(self) -> int:
        """The same of the tables that grow with the fleet alone."""
        of_large = (node for node in self.nodes if node.get("Relation Name") in LARGE_TABLES)
        return max(map(_read, of_large), default=0)


@dataclass(kw_only=True)
class Cost:
    """What one face cost: its statements, the size of its answer in KiB and its status."""

    statements: list[Statement] = field(default_factory=list)
    kib: float = 0
    status: int = 200

    @property
    def ms(self) -> float:
        return sum(statement.ms for statement in self.statements)

    @property
    def slowest(self) -> Statement | None:
        return max(self.statements, key=lambda statement: statement.ms, default=None)


def cost_of(visit: Callable[[], Any], *, once: bool = False) -> Cost:
    """Visit, which fills caches, visit again and explain what that read; `once` for who wants the plans alone.

    `visit` gives a response, or nothing.
    """
    if not once:
        visit()
    with _recorded() as ran:
        response = visit()
        content = getattr(response, "content", b"")
    cost = Cost(kib=len(content) / 1024, status=getattr(response, "status_code", 200))
    cost.statements = [
        each if isinstance(each, Statement) else _measured(*each, again=1 if once else AGAIN) for each in ran
    ]
    return cost


@contextmanager
def _recorded() -> Iterator[list[Any]]:
    """What is read meanwhile: (SQL, parameters), and a Statement of what was given up."""
    ran: list[Any] = []

    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip().upper().startswith(("SELECT", "(SELECT")):
            return execute(sql, params, many, context)
        clock = _clock()
        try:
            result = execute(sql, params, many, context)
        except OperationalError:
            ran.append(Statement(sql=sql, plan={}, ms=_clock() - clock))
            raise
        ran.append((sql, params))
        return result

    with connection.execute_wrapper(record):
        yield ran


def _measured(sql: str, params: Any, *, again: int) -> Statement:
    tries: list[Statement] = []
    while len(tries) < again and all(each.ms < SLOW for each in tries):
        tries.append(_explained(sql, params))
    return min(tries, key=lambda each: each.ms)


def _explained(sql: str, params: Any) -> Statement:
    with connection.cursor() as cursor:
        clock = _clock()
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        cost = _clock() - clock
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]
    return Statement(sql=sql, plan=plan, ms=cost)


def _clock() -> float:
    """Milliseconds that the database's process has spent on a processor, or by the wall where nobody tells."""
    try:
        return int(Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6
    except (OSError, AttributeError):
        return time.perf_counter() * 1e3


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


def _read(node: dict[str, Any]) -> int:
    """Rows that a node gave or threw away, over all its loops."""
    return round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])


@cache
def _size(table: str) -> int:
    """About how many rows a table has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])
