"""Every face that reads: lists, filters, look-ups, pages and commands, as an agent, a customer and two API clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max, Min

from bench.scale.world import Visit, World
from codes import lookup
from codes.api.events import cursor
from codes.choices import Channel, EventType, FilingState, ShownState
from codes.eligibility import GENERATION
from codes.models import CodeEvent
from codes.notices.due import due
from servers.choices import BillingMode, IPKind, ServerState
from servers.models import Account, Server


@dataclass(frozen=True, kw_only=True)
class Face:
    """One way to read: what it is called, how to visit it, and what it may cost the database in milliseconds."""

    name: str
    visit: Visit
    limit: float = 100


def faces(world: World) -> Iterator[Face]:
    """All of them, in the order of the table."""
    yield from _lookups(world)
    yield from _desk_lists(world)
    yield from _desk_pages(world)
    yield from _customers(world)
    yield from _api(world)
    yield from _commands(world)


def _lookups(world: World) -> Iterator[Face]:
    seen = world.handles
    terms = {
        "account": seen.small.uid,
        "instance ID": seen.server.instance_id,
        "IP": seen.ip.address,
        "full code": seen.value,
        "last characters": seen.code.tail,
        "order": seen.filing.order_number,
        "domain": seen.filing.domain,
        "ICP number": seen.filing.icp_number,
        "reference": seen.request.reference,
        "a name": "web-1",
        "nothing": "ins-00000000",
    }
    for name, term in terms.items():
        yield Face(name=f"look-up: {name}", visit=lambda term=term: lookup.resolve(term, user=world.staff), limit=5)


_LISTS = (
    "servers/server",
    "codes/authorizationcode",
    "codes/filing",
    "servers/account",
    "servers/ipaddress",
    "codes/codeevent",
    "servers/feedrun",
    "codes/supportrequest",
    "webhooks/webhookdelivery",
    "webhooks/webhookendpoint",
    "api/apiclient",
    "servers/region",
)


def _desk_lists(world: World) -> Iterator[Face]:
    for path in _LISTS:
        yield Face(name=f"desk list: {path.partition('/')[2]}", visit=world.at_desk(f"{path}/"))
    for path, query in _filters(world):
        text = "&".join(f"{name}={value}" for name, value in query.items())
        yield Face(name=f"desk {path.partition('/')[2]}: {text}", visit=world.at_desk(f"{path}/", **query))


def _filters(world: World) -> Iterator[tuple[str, dict[str, object]]]:
    seen = world.handles
    largest, small = seen.largest.uid, seen.small.uid
    server, code, filing, ip = "servers/server", "codes/authorizationcode", "codes/filing", "servers/ipaddress"
    event, delivery = "codes/codeevent", "webhooks/webhookdelivery"
    rules = [rule.code for rule in GENERATION.rules]
    yield from ((server, {"eligible": value}) for value in ("true", "false"))
    yield from ((server, {"fails": rule}) for rule in rules)
    yield from ((server, {"state": value}) for value in ServerState.values)
    yield from ((server, {"billing_mode": value}) for value in BillingMode.values)
    yield from ((server, {"region": value}) for value in ("ap-guangzhou", "ap-taipei", "sa-saopaulo"))
    yield from ((server, {"account": value}) for value in (largest, small))
    yield from ((server, {"account": value, "eligible": "true"}) for value in (largest, small))
    yield server, {"account": largest, "fails": "region_unknown"}
    yield server, {"fails": "server_terminated", "eligible": "true"}
    yield server, {"state": "isolated", "fails": "clb_ip"}
    yield from ((server, {"o": order}) for order in ("1", "-1", "2", "6", "-6"))
    yield server, {"p": "100"}
    yield from ((code, {"state": value}) for value in ShownState.values)
    yield from ((code, {"expires_within": value}) for value in ("7", "30"))
    yield from ((code, {"account": value}) for value in (largest, small))
    yield code, {"account": largest, "state": "expired"}
    yield from ((code, query) for query in ({"server": seen.server.instance_id}, {"ip": seen.ip.address}))
    yield code, {"authorized_account": small}
    yield from ((code, {"o": order}) for order in ("6", "-6"))
    yield from ((filing, {"state": value}) for value in FilingState.values)
    yield from ((filing, query) for query in ({"held": "long"}, {"account": largest}, {"account": small}))
    yield filing, {"domain": seen.filing.domain}
    yield from ((filing, {"o": order}) for order in ("1", "2", "7", "-7"))
    yield from ((ip, {"live": value}) for value in ("true", "false"))
    yield from ((ip, {"kind": value}) for value in IPKind.values)
    yield from ((ip, {"account": value}) for value in (largest, small))
    yield from ((ip, {"o": order}) for order in ("1", "-1"))
    yield from ((event, {"type": value}) for value in EventType.values)
    yield from ((event, {"channel": value}) for value in Channel.values)
    yield from ((event, {"refused": rule}) for rule in rules)
    yield from ((event, {"account": value}) for value in (largest, small))
    yield event, {"when": "7d"}
    yield event, {"type": "generated", "when": world.now.date().isoformat()}
    yield event, {"refused": "clb_ip", "when": "7d"}
    yield event, {"account": largest, "type": "reset"}
    yield from ((event, query) for query in ({"server": seen.server.instance_id}, {"code": seen.code.pk}))
    yield event, {"order_number": seen.filing.order_number}
    yield from (("servers/feedrun", query) for query in ({"newest": "true"}, {"kind": "put"}, {"account": small}))
    yield from ((delivery, query) for query in ({"state": "pending"}, {"state": "given_up"}, {"endpoint": 3}))
    yield delivery, {"type": "reset"}


def _desk_pages(world: World) -> Iterator[Face]:
    seen = world.handles
    pages = {
        "start": "",
        "server": f"servers/server/{seen.server.pk}/change/",
        "code": f"codes/authorizationcode/{seen.code.pk}/change/",
        "filing": f"codes/filing/{seen.filing.pk}/change/",
        "account, small": f"servers/account/{seen.small.pk}/change/",
        "account, largest": f"servers/account/{seen.largest.pk}/change/",
        "IP address": f"servers/ipaddress/{seen.ip.pk}/change/",
        "support request": f"codes/supportrequest/{seen.request.pk}/change/",
    }
    for name, path in pages.items():
        yield Face(name=f"desk page: {name}", visit=world.at_desk(path))


def _customers(world: World) -> Iterator[Face]:
    seen = world.handles
    owned = Server.objects.filter(account=seen.largest).order_by("pk").first()
    assert owned is not None
    for name, path, query in (
        ("my servers", "/", {}),
        ("my servers that can", "/", {"show": "can"}),
        ("my servers, searched", "/", {"q": owned.instance_id}),
        ("my codes", "/codes/", {}),
        ("my codes, used", "/codes/", {"tab": "used"}),
        ("my support requests", "/requests/", {}),
        ("one server", f"/servers/{owned.instance_id}/", {}),
    ):
        yield Face(name=f"customer of the largest: {name}", visit=world.as_customer(path, **query))


def _api(world: World) -> Iterator[Face]:
    seen = world.handles
    yield Face(name="api: verify", visit=world.verify, limit=5)
    for limited in (False, True):
        who = "client of the largest" if limited else "api"
        for path in ("servers/", "codes/"):
            yield Face(name=f"{who}: {path}", visit=world.api(path, limited=limited))
            yield Face(name=f"{who}: {path} at row 4,000", visit=world.deep(path, limited=limited))
        for path, query in _api_filters(world):
            text = "&".join(f"{name}={value}" for name, value in query.items())
            yield Face(name=f"{who}: {path}?{text}", visit=world.api(path, limited=limited, **query))
    for uid in (seen.largest.uid, seen.small.uid):
        yield Face(name=f"api: accounts/{uid}/", visit=world.api(f"accounts/{uid}/"))
        yield Face(name=f"api: accounts/{uid}/eligibility/", visit=world.api(f"accounts/{uid}/eligibility/"))
    yield Face(name="api: one server", visit=world.api(f"servers/{seen.server.instance_id}/"), limit=5)
    yield Face(name="api: its report", visit=world.api(f"servers/{seen.server.instance_id}/eligibility/"), limit=5)
    yield Face(name="api: one code", visit=world.api(f"codes/{seen.code.pk}/"), limit=5)
    yield from _feed(world)


def _api_filters(world: World) -> Iterator[tuple[str, dict[str, object]]]:
    seen = world.handles
    soon = "2026-12-01T00:00:00Z"
    searches = (
        seen.server.instance_id,
        seen.largest.uid,
        seen.small.uid,
        seen.ip.address,
        seen.filing.order_number,
        seen.filing.icp_number,
        seen.filing.domain,
        seen.code.tail,
        "web-1",
        "w",
        "nowhere-to-be-found",
    )
    for query in (
        *({"eligible": value} for value in ("true", "false")),
        *({"fails": rule.code} for rule in GENERATION.rules),
        *({"state": value} for value in ServerState.values),
        *({"billing_mode": value} for value in BillingMode.values),
        *({"region": value} for value in ("ap-guangzhou", "sa-saopaulo", "ap-never")),
        *({"account": account.uid} for account in (seen.largest, seen.small)),
        {"account": seen.largest.uid, "eligible": "true"},
        {"codes_left_min": 1},
        {"codes_left_min": 5},
        {"codes_left_min": 6},
        {"expires_before": soon},
        {"expires_before": "2020-01-01T00:00:00Z"},
        {"state": "terminated", "eligible": "true"},
        *({"search": term} for term in searches),
    ):
        yield "servers/", query
    for query in (
        *({"state": value} for value in ShownState.values),
        *({"account": account.uid} for account in (seen.largest, seen.small)),
        {"account": seen.largest.uid, "state": "expired"},
        {"server": seen.server.instance_id},
        {"ip": seen.ip.address},
        {"expires_before": soon},
        {"expires_before": "2020-01-01T00:00:00Z"},
        {"generated_after": soon},
        {"authorized_account": seen.small.uid},
        {"filing": seen.filing.order_number},
        *({"search": term} for term in searches),
    ):
        yield "codes/", query


def _feed(world: World) -> Iterator[Face]:
    ends = CodeEvent.objects.aggregate(first=Min("pk"), last=Max("pk"))
    middle = (ends["first"] + ends["last"]) // 2
    for limited in (False, True):
        who = "client of the largest" if limited else "api"
        for name, after in (("events/ from the start", 0), ("events/ in the middle", middle)):
            yield Face(name=f"{who}: {name}", visit=world.api("events/", limited=limited, after=cursor(after)))
        yield Face(
            name=f"{who}: events/ at the end",
            visit=world.api("events/", limited=limited, after=cursor(ends["last"] - 10)),
        )


def _commands(world: World) -> Iterator[Face]:
    accounts = list(Account.objects.order_by("-pk").values_list("pk", flat=True)[:200])
    yield Face(name="send_notices: 200 accounts", visit=lambda: due(accounts, now=world.now))
    largest = [world.handles.largest.pk]
    yield Face(name="send_notices: the largest account", visit=lambda: due(largest, now=world.now), limit=1000)
