"""What the tests of server facts share: a feed's facts, a recording observer, short ways to put and import."""

from datetime import UTC, datetime
from typing import Any

from codes.values import stands_in
from servers.choices import BillingMode, IPKind, ServerState
from servers.inventory.apply import apply_inventory, put_server
from servers.inventory.facts import IPFacts, ServerFacts, Tally
from servers.inventory.tencent import Inventory
from servers.models import Account, IPAddress, Server
from tests.factories import NOW


class Heard(list[tuple[str, str, dict[str, object]]]):
    """An observer that keeps (instance ID, account uid, detail)."""

    def __call__(self, changes: list[tuple[Server, dict[str, object]]]) -> None:
        uids = dict(Account.objects.values_list("pk", "uid"))
        self.extend((server.instance_id, uids[server.account_id], dict(detail)) for server, detail in changes)


def ip(address: str, kind: str = IPKind.PUBLIC, expires_at: datetime | None = None) -> IPFacts:
    return IPFacts(address=address, kind=IPKind(kind), expires_at=expires_at)


def facts(instance_id: str = "ins-a", **fields: Any) -> ServerFacts:
    given: dict[str, Any] = {
        "name": "web-1",
        "region": "ap-guangzhou",
        "billing_mode": BillingMode.PREPAID,
        "purchased_at": datetime(2026, 1, 31, 8, tzinfo=UTC),
        "expires_at": datetime(2027, 4, 30, 8, tzinfo=UTC),
        "state": ServerState.RUNNING,
        "public_ip_assigned": True,
        "ips": (ip("203.0.113.7"),),
    }
    return ServerFacts(instance_id=instance_id, **(given | fields))


def put(
    account: Account, *, version: int = 1, now: datetime = NOW, heard: Any = None, only_of: Account | None = None,
    instance_id: str = "ins-a", **fields: Any
) -> str:  # fmt: skip
    stated = facts(instance_id, **fields)
    observer = Heard() if heard is None else heard
    return put_server(stated, account=account, version=version, now=now, only_of=only_of, observer=observer)[1]


def stored(instance_id: str = "ins-a") -> Server:
    return Server.objects.get(instance_id=instance_id)


def kinds(instance_id: str = "ins-a") -> dict[str, str]:
    live = IPAddress.objects.on_server().filter(server__instance_id=instance_id)
    return dict(live.values_list("address", "kind"))


def addresses(instance_id: str = "ins-a") -> list[str]:
    live = IPAddress.objects.on_server().filter(server__instance_id=instance_id).in_order()
    return [ip.address for ip in live]


def instance(instance_id: str = "ins-a", **fields: Any) -> dict[str, Any]:
    """A row of InstanceSet, prepaid for twelve months with one ordinary public IP."""
    row: dict[str, Any] = {
        "InstanceId": instance_id,
        "InstanceName": "web-1",
        "Placement": {"Zone": "ap-guangzhou-3", "ProjectId": 0},
        "InstanceChargeType": "PREPAID",
        "CreatedTime": "2026-01-31T08:00:00Z",
        "ExpiredTime": "2027-01-31T08:00:00Z",
        "InstanceState": "RUNNING",
        "RestrictState": "NORMAL",
        "PublicIpAddresses": ["203.0.113.7"],
    }
    return row | fields


def instances(*rows: Any, total: Any = None, envelope: bool = True) -> dict[str, Any]:
    body = {"TotalCount": len(rows) if total is None else total, "InstanceSet": list(rows), "RequestId": "r"}
    return {"Response": body} if envelope else body


def address(value: str, **fields: Any) -> dict[str, Any]:
    row = {"AddressId": f"eip-{value}", "AddressIp": value, "AddressType": "WanIP", "AddressStatus": "BIND"}
    return row | fields


def address_list(*rows: Any) -> dict[str, Any]:
    return {"Response": {"TotalCount": len(rows), "AddressSet": list(rows)}}


def balancer_list(*vips: Any) -> dict[str, Any]:
    row = {"LoadBalancerId": "lb-1", "LoadBalancerVips": list(vips)}
    return {"Response": {"TotalCount": 1, "LoadBalancerSet": [row]}}


def take(account: Account, *responses: Any, now: datetime = NOW, heard: Any = None, **options: Any) -> Tally:
    observer = Heard() if heard is None else heard
    inventory = Inventory(list(responses), is_secret=stands_in)
    return apply_inventory(inventory, account=account, now=now, observer=observer, **options)


def counts(tally: Tally) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected."""
    return tally.created, tally.updated, tally.unchanged, len(tally.rejected)
