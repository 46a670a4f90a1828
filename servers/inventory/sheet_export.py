"""Servers as a spreadsheet that `sheet` reads: taken in again it changes nothing. UTF-8 with a byte order mark.

`prepaid_months` stands only where a feed stated it; elsewhere the two dates say it. `ips` are those on the server now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from icpportal.spreadsheets import written
from servers.inventory import cells
from servers.models import IPAddress, Server

CHUNK = 2000  # servers in memory at a time
_FIELDS = (
    "pk",
    "instance_id",
    "account__uid",
    "name",
    "region__code",
    "billing_mode",
    "purchased_at",
    "expires_at",
    "state",
    "public_ip_assigned",
    "version",
    "prepaid_months",
    "prepaid_months_stated",
)
EXAMPLE = (
    "ins-4h8t2wnc",
    "100012345678",
    "web-1",
    "ap-guangzhou",
    "prepaid",
    "2026-01-31 16:00:00 +08:00",
    "2027-01-31 16:00:00 +08:00",
    "running",
    True,
    "203.0.113.7 public; 198.51.100.9 elastic until 2027-01-31 16:00:00 +08:00",
    None,
    None,
)


def template() -> bytes:
    """A sheet with the columns and one row to write over."""
    return _lines([cells.COLUMNS, EXAMPLE], begins=True)


def export(servers: QuerySet[Server]) -> Iterator[bytes]:
    """The servers, a chunk at a time, read through a cursor on the server: memory stays flat."""
    yield _lines([cells.COLUMNS], begins=True)
    rows = iter(servers.values_list(*_FIELDS).iterator(chunk_size=CHUNK))
    while chunk := list(islice(rows, CHUNK)):
        ips = _ips([row[0] for row in chunk])
        yield _lines(_row(row, ips[row[0]]) for row in chunk)


def _ips(servers: list[int]) -> dict[int, list[tuple[str, str, datetime | None]]]:
    held: dict[int, list[tuple[str, str, datetime | None]]] = defaultdict(list)
    rows = IPAddress.objects.on_server().filter(server__among=set(servers)).in_order()
    for server, address, kind, ends in rows.values_list("server_id", "address", "kind", "expires_at"):
        held[server].append((address, kind, ends))
    return held


def _row(row: tuple[Any, ...], ips: list[tuple[str, str, datetime | None]]) -> list[object]:
    *facts, version, months, is_stated = row[1:]
    return [*facts, cells.write_ips(ips), version, months if is_stated else None]


def _lines(rows: Iterable[Iterable[object]], *, begins: bool = False) -> bytes:
    return written(([cells.write(cell) for cell in row] for row in rows), begins=begins)
