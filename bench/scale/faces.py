"""Every face that reads: lists, filters, look-ups, pages and commands, as an agent, a customer and two API clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Max, Min
from django.test import override_settings

from bench.scale.asked import api_filters, desk_filters
from bench.scale.world import Visit, World
from codes import lookup
from codes.api.events import cursor
from codes.models import CodeEvent
from codes.notices.due import due
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
    yield from _where_none_can(world)
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
        "start of an instance ID": seen.server.instance_id[:-1],
        "start of an IP": seen.ip.address.rpartition(".")[0],
        "start of an ICP number": seen.filing.icp_number[:-1],
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
    for path, query in desk_filters(world):
        text = "&".join(f"{name}={value}" for name, value in query.items())
        yield Face(name=f"desk {path.partition('/')[2]}: {text}", visit=world.at_desk(f"{path}/", **query))


def _desk_pages(world: World) -> Iterator[Face]:
    seen = world.handles
    pages = {
        "start": "",
        "server": f"servers/server/{seen.server.pk}/change/",
        "code": f"codes/authorizationcode/{seen.code.pk}/change/",
        "filing": f"codes/filing/{seen.filing.pk}/change/",
        "account, small": f"servers/account/{seen.small.pk}/change/",
        "account, middle": f"servers/account/{seen.middle.pk}/change/",
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
        *((f"my codes, {tab}", "/codes/", {"tab": tab}) for tab in ("unused", "in_use", "used", "over")),
        ("my support requests", "/requests/", {}),
        ("one server", f"/servers/{owned.instance_id}/", {}),
    ):
        yield Face(name=f"customer of the largest: {name}", visit=world.as_customer(path, **query))


def _where_none_can(world: World) -> Iterator[Face]:
    """The largest account when its servers have spent their codes: each is judged by all rules, in vain."""
    seen = world.handles
    uid = seen.largest.uid
    for name, visit in (
        ("desk list: server", world.at_desk("servers/server/", account=uid)),
        ("desk list: server, eligible", world.at_desk("servers/server/", account=uid, eligible="true")),
        ("desk page: account, largest", world.at_desk(f"servers/account/{seen.largest.pk}/change/")),
        ("customer of the largest: my servers", world.as_customer("/")),
        ("client of the largest: servers/?eligible=true", world.api("servers/", limited=True, eligible="true")),
        ("api: accounts/…/eligibility/", world.api(f"accounts/{uid}/eligibility/")),
    ):
        yield Face(name=f"none can, {name}", visit=override_settings(CODES_PER_SERVER=0)(visit))


def _api(world: World) -> Iterator[Face]:
    seen = world.handles
    yield Face(name="api: verify", visit=world.verify, limit=5)
    for limited in (False, True):
        who = "client of the largest" if limited else "api"
        for path in ("servers/", "codes/"):
            yield Face(name=f"{who}: {path}", visit=world.api(path, limited=limited))
            yield Face(name=f"{who}: {path} at row 4,000", visit=world.deep(path, limited=limited))
        for path, query in api_filters(world):
            text = "&".join(f"{name}={value}" for name, value in query.items())
            yield Face(name=f"{who}: {path}?{text}", visit=world.api(path, limited=limited, **query))
    for uid in (seen.largest.uid, seen.middle.uid, seen.small.uid):
        yield Face(name=f"api: accounts/{uid}/", visit=world.api(f"accounts/{uid}/"))
        yield Face(name=f"api: accounts/{uid}/eligibility/", visit=world.api(f"accounts/{uid}/eligibility/"))
    numbers = world.api(f"accounts/{seen.largest.uid}/")
    yield Face(name="api: accounts/…/ after a change of the largest", visit=lambda: world.change() and numbers())
    yield Face(name="api: accounts/…/ of the largest at first", visit=_forgotten(numbers), limit=1000)
    yield Face(name="api: one server", visit=world.api(f"servers/{seen.server.instance_id}/"), limit=5)
    yield Face(name="api: its report", visit=world.api(f"servers/{seen.server.instance_id}/eligibility/"), limit=5)
    yield Face(name="api: one code", visit=world.api(f"codes/{seen.code.pk}/"), limit=5)
    yield from _feed(world)


def _forgotten(visit: Visit) -> Visit:
    """The same when nothing is kept that was read before."""

    def visit_anew() -> Any:
        cache.clear()
        return visit()

    return visit_anew


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
