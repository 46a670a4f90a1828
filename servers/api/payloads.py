"""How accounts and servers read in JSON. Rows of a list are rendered straight from what the query gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from codes.account_numbers import account_numbers
from icpportal.api.fields import iso
from icpportal.prepared import filled, prepared
from servers.inventory.facts import Tally
from servers.models import Account, IPAddress, Server

Payload = dict[str, Any]
_ROW = (
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
)


def server_rows(servers: QuerySet[Server]) -> QuerySet[Any, Any]:
    """The same servers as rows for `server_payloads`."""
    return servers.values_list(*_ROW)


def server_payloads(rows: Iterable[tuple[Any, ...]], *, now: datetime) -> list[Payload]:
    """A page of servers with their live IPs, by one more query."""
    rows = list(rows)
    if not rows:
        return []
    ips: dict[int, list[Payload]] = defaultdict(list)
    for server, address, kind, expires_at in _live_ips(servers=filled([row[0] for row in rows]), now=now):
        ips[server].append({"address": address, "kind": kind, "expires_at": iso(expires_at)})
    return [_server(row, ips[row[0]]) for row in rows]


@prepared
def _live_ips(*, servers: tuple[int, ...], now: datetime) -> QuerySet[Any, Any]:
    held = IPAddress.objects.live(now=now).filter(server__in=servers).in_order()
    return held.values_list("server_id", "address", "kind", "expires_at")


def _server(row: tuple[Any, ...], ips: list[Payload]) -> Payload:
    _pk, instance_id, account, name, region, mode, purchased_at, expires_at, state, assigned, version, months = row
    return {
        "instance_id": instance_id,
        "account": account,
        "name": name,
        "region": region,
        "billing_mode": mode,
        "purchased_at": iso(purchased_at),
        "expires_at": iso(expires_at),
        "state": state,
        "public_ip_assigned": assigned,
        "version": version,
        "prepaid_months": months,
        "ips": ips,
    }


def account_payload(account: Account, *, now: datetime) -> Payload:
    """An account with its number of servers, and of codes by shown state."""
    numbers = account_numbers(account, now=now)
    return {
        "uid": account.uid,
        "name": account.name,
        "emails": account.emails,
        "servers": numbers.servers,
        "codes": numbers.codes,
    }


def tally_payload(tally: Tally) -> Payload:
    """What became of an import."""
    return {
        "created": tally.created,
        "updated": tally.updated,
        "unchanged": tally.unchanged,
        "rejected": [row.as_dict() for row in tally.rejected],
    }
