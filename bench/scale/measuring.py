"""What a page or a call costs the database: each statement it ran, run again under EXPLAIN ANALYZE."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

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
MANY = 10_001  # rows: lists count no further


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement as it ran, with its plan. `ms` is planning and execution in milliseconds."""

    sql: str
    plan: dict[str, Any]
    ms: float

    @property
    def nodes(self) -> Iterator[dict[str, Any]]:
        """Every node of the plan."""
        return _walk(self.plan["Plan"])

    @property
    def scanned(self) -> list[str]:
        """The large tables that it reads row after row, and not just the first rows of."""
        return [
            node["Relation Name"]
            for node in self.nodes
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE_TABLES and _read(node) > MANY
        ]

    @property
    def read(self) -> int:
        """The most rows that one node gave or threw away, over all its loops."""
        return max(_read(node) for node in self.nodes)


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


def cost_of(visit: Callable[[], Any]) -> Cost:
    """Visit once, then run what it read again and explain it. `visit` gives a response, or nothing."""
    with _recorded() as ran:
        response = visit()
        content = getattr(response, "content", b"")
    cost = Cost(kib=len(content) / 1024, status=getattr(response, "status_code", 200))
    cost.statements = [_measured(sql, params) for sql, params in ran]
    return cost


@contextmanager
def _recorded() -> Iterator[list[tuple[str, Any]]]:
    ran: list[tuple[str, Any]] = []

    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(("SELECT", "(SELECT")):
            ran.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        yield ran


def _measured(sql: str, params: Any) -> Statement:
    tries: list[Statement] = []
    while len(tries) < AGAIN and all(each.ms < SLOW for each in tries):
        tries.append(_explained(sql, params))
    return min(tries, key=lambda each: each.ms)


def _explained(sql: str, params: Any) -> Statement:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]
    return Statement(sql=sql, plan=plan, ms=plan["Planning Time"] + plan["Execution Time"])


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


def _read(node: dict[str, Any]) -> int:
    """Rows that a node gave or threw away, over all its loops."""
    return round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
