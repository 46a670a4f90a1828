"""A demonstration world in the provider's own format: two accounts, one server for each thing that can be the matter,
and a third with a fleet.

Everything is relative to `now`, so that the world never goes stale. `past` is how it stood before two servers ran out;
loading both in turn gives them a history.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

QINGSHAN = ("100012345678", "Qingshan Trading")
LANYE = ("100055512009", "Lan Ye Studio")
YUANHANG = ("100077730016", "Yuanhang Retail")

# List, name and filters of the views that everybody at the desk has.
SHARED_VIEWS = (
    ("codes.authorizationcode", "Expiring this week", "expires_within=7"),
    ("codes.filing", "Holds over 45 days", "held=long"),
)

HOURLY = "POSTPAID_BY_HOUR"

Response = dict[str, Any]


def _instance(
    instance_id: str,
    name: str,
    *,
    now: datetime,
    bought: int,
    left: int | None,
    ips: list[str],
    zone: str = "ap-guangzhou-6",
    mode: str = "PREPAID",
    assigned: bool = True,
    isolated: bool = False,
) -> Response:
    """One row of DescribeInstances: bought so many days ago, `left` days of its term to go."""
    return {
        "InstanceId": instance_id,
        "InstanceName": name,
        "Placement": {"Zone": zone, "ProjectId": 0},
        "InstanceType": "S5.MEDIUM4",
        "InstanceChargeType": mode,
        "InstanceState": "SHUTDOWN" if isolated else "RUNNING",
        "RestrictState": "EXPIRED" if isolated else "NORMAL",
        "PublicIpAddresses": ips,
        "InternetAccessible": {"InternetMaxBandwidthOut": 5, "PublicIpAssigned": assigned},
        "CreatedTime": _time(now - timedelta(days=bought)),
        "ExpiredTime": None if left is None else _time(now + timedelta(days=left)),
    }


def _time(moment: datetime) -> str:
    return moment.replace(hour=16, minute=0, second=0).strftime("%Y-%m-%dT%H:%M:%SZ")  # midnight in Shanghai


def _instances(rows: list[Response]) -> Response:
    return {"Response": {"TotalCount": len(rows), "InstanceSet": rows, "RequestId": "demo"}}


def _addresses(*rows: tuple[str, str, str]) -> Response:
    listed = [
        {"AddressIp": address, "AddressType": kind, "InstanceId": instance, "AddressStatus": "BIND"}
        for address, kind, instance in rows
    ]
    return {"Response": {"TotalCount": len(listed), "AddressSet": listed, "RequestId": "demo"}}


def _load_balancers(*addresses: str) -> Response:
    listed = [{"LoadBalancerId": f"lb-demo{n:04d}", "LoadBalancerVips": [vip]} for n, vip in enumerate(addresses)]
    return {"Response": {"TotalCount": len(listed), "LoadBalancerSet": listed, "RequestId": "demo"}}


def qingshan(*, now: datetime, past: bool) -> list[Response]:
    """The account with something of everything; `past` is before web-prod-2 and test-box ran out."""
    web2 = ["203.0.113.47", "198.51.100.20"]
    rows = [
        _instance("ins-4h8t2wnc", "web-prod-1", now=now, bought=250, left=109, ips=["203.0.113.12"]),
        _instance("ins-9d3v6rkx", "shop-api", now=now, bought=359, left=6, ips=["203.0.113.88"]),
        _instance("ins-7k2m9qpx", "web-prod-2", now=now, bought=430, left=-3, ips=web2, isolated=not past),
        _instance("ins-2f6j8zqm", "test-box", now=now, bought=33, left=-2, ips=["203.0.113.140"], isolated=not past),
        _instance("ins-5p1y7bsd", "hk-cdn", now=now, bought=90, left=71, ips=["198.51.100.61"], zone="ap-hongkong-2"),
        _instance("ins-0c5n4gvh", "batch-1", now=now, bought=500, left=None, ips=["203.0.113.60"], mode=HOURLY),
        _instance("ins-6r1x9tbf", "blog", now=now, bought=200, left=165, ips=["203.0.113.201"], assigned=False),
        _instance("ins-3n9r6bjc", "behind-clb", now=now, bought=200, left=165, ips=["198.51.100.77"]),
        _instance("ins-8v3c1xqt", "news", now=now, bought=340, left=25, ips=["203.0.113.31", "203.0.113.32"]),
        _instance(
            "ins-1y7g4mfz", "new-region", now=now, bought=40, left=325, ips=["203.0.113.99"], zone="ap-newplace-1"
        ),
    ]
    addresses = _addresses(
        ("203.0.113.12", "WanIP", "ins-4h8t2wnc"),
        ("203.0.113.201", "EIP", "ins-6r1x9tbf"),
        ("203.0.113.31", "WanIP", "ins-8v3c1xqt"),
    )
    return [_instances(rows), addresses, _load_balancers("198.51.100.20", "198.51.100.77")]


def lanye(*, now: datetime) -> list[Response]:
    """The account of FAQ 7: it has servers and none qualifies."""
    rows = [
        _instance("ins-5t2d8hkw", "studio", now=now, bought=20, left=40, ips=["203.0.113.170"]),
        _instance("ins-b6w0p3ln", "render", now=now, bought=9, left=None, ips=["203.0.113.171"], mode="SPOTPAID"),
    ]
    return [_instances(rows)]


def yuanhang(*, now: datetime) -> list[Response]:
    """The account with a fleet: 26 servers in five regions, most of which generate."""
    zones = ("ap-guangzhou-6", "ap-shanghai-5", "ap-beijing-7", "ap-nanjing-1", "ap-chengdu-1")
    lefts = (200, 330, 45, 140, 12, 88, 260, 5)
    rows = [
        _instance(
            f"ins-{(number * 2_654_435_761 + 1_640_531_527) % 16**8:08x}",
            f"shop-{number:02d}",
            now=now,
            bought=150 + 9 * number,
            left=lefts[number % len(lefts)],
            ips=[f"192.0.2.{10 + number}"],
            zone=zones[number % len(zones)],
        )
        for number in range(20)
    ]
    rows += [
        _instance("ins-20h5m2cx", "queue-1", now=now, bought=90, left=None, ips=["192.0.2.40"], mode=HOURLY),
        _instance("ins-21k8t4vq", "queue-2", now=now, bought=85, left=None, ips=["192.0.2.41"], mode=HOURLY),
        _instance("ins-22b3w7rn", "campaign", now=now, bought=61, left=11, ips=["192.0.2.42"]),
        _instance("ins-23d9z6pl", "mirror", now=now, bought=300, left=65, ips=["192.0.2.43"], zone="ap-singapore-1"),
        _instance("ins-24g4s8hm", "hk-shop", now=now, bought=200, left=165, ips=["192.0.2.44"], zone="ap-hongkong-3"),
        _instance("ins-25j7n1yt", "intranet", now=now, bought=210, left=155, ips=[], assigned=False),
    ]
    return [_instances(rows)]
