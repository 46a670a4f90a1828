"""What lists are asked for: the filters of the desk and of the API, each with values that many, few or no rows have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bench.scale.world import World
from codes.choices import Channel, EventType, FilingState, ShownState
from codes.eligibility import GENERATION
from servers.choices import BillingMode, IPKind, ServerState

Query = dict[str, object]
_RULES = [rule.code for rule in GENERATION.rules]
_LONG_AGO = "2020-01-01T00:00:00Z"


def desk_filters(world: World) -> Iterator[tuple[str, Query]]:
    """The list's path below the desk, and what its address says."""
    for path, queries in (
        ("servers/server", _desk_servers),
        ("codes/authorizationcode", _desk_codes),
        ("codes/filing", _desk_filings),
        ("servers/ipaddress", _desk_ips),
        ("codes/codeevent", _desk_events),
        ("servers/feedrun", _desk_feed_runs),
        ("webhooks/webhookdelivery", _desk_deliveries),
    ):
        yield from ((path, query) for query in queries(world))


def _each(name: str, *values: object) -> Iterator[Query]:
    return ({name: value} for value in values)


def _of_servers() -> Iterator[Query]:
    """What the desk's list and the API's have in common."""
    yield from _each("eligible", "true", "false")
    yield from _each("fails", *_RULES)
    yield from _each("state", *ServerState.values)
    yield from _each("billing_mode", *BillingMode.values)


def _desk_servers(world: World) -> Iterator[Query]:
    largest, small = world.handles.largest.uid, world.handles.small.uid
    yield from _of_servers()
    yield from _each("region", "ap-guangzhou", "ap-taipei", "sa-saopaulo")
    yield from _each("account", largest, small)
    yield from ({"account": value, "eligible": "true"} for value in (largest, small))
    yield from ({"account": largest, "fails": rule} for rule in _RULES)
    yield {"fails": "server_terminated", "eligible": "true"}
    yield {"state": "isolated", "fails": "clb_ip"}
    yield from _each("o", "1", "-1", "2", "-2", "6", "-6")
    yield {"p": "100"}


def _desk_codes(world: World) -> Iterator[Query]:
    seen = world.handles
    yield from _each("state", *ShownState.values)
    yield from _each("expires_within", "7", "30")
    yield {"expires_within": "30", "state": "in_use"}
    yield from _each("account", seen.largest.uid, seen.small.uid)
    yield from ({"account": seen.largest.uid, "state": state} for state in ShownState.values)
    yield from ({"server": seen.server.instance_id}, {"ip": seen.ip.address})
    yield {"authorized_account": seen.small.uid}
    yield from _each("o", "6", "-6")


def _desk_filings(world: World) -> Iterator[Query]:
    seen = world.handles
    yield from _each("state", *FilingState.values)
    yield {"held": "long"}
    yield from _each("account", seen.largest.uid, seen.small.uid)
    yield {"domain": seen.filing.domain}
    yield from _each("o", "1", "2", "7", "-7")


def _desk_ips(world: World) -> Iterator[Query]:
    yield from _each("live", "true", "false")
    yield from _each("kind", *IPKind.values)
    yield from _each("account", world.handles.largest.uid, world.handles.small.uid)
    yield from _each("o", "1", "-1")


def _desk_events(world: World) -> Iterator[Query]:
    seen = world.handles
    yield from _each("type", *EventType.values)
    yield from _each("channel", *Channel.values)
    yield from _each("refused", *_RULES)
    yield from _each("account", seen.largest.uid, seen.small.uid)
    yield {"when": "7d"}
    yield {"type": "generated", "when": world.now.date().isoformat()}
    yield {"refused": "clb_ip", "when": "7d"}
    yield {"account": seen.largest.uid, "type": "reset"}
    yield from ({"server": seen.server.instance_id}, {"code": seen.code.pk})
    yield {"order_number": seen.filing.order_number}


def _desk_feed_runs(world: World) -> Iterator[Query]:
    yield from ({"newest": "true"}, {"kind": "put"}, {"account": world.handles.small.uid})


def _desk_deliveries(world: World) -> Iterator[Query]:
    yield from _each("state", "pending", "given_up")
    yield from ({"endpoint": 3}, {"type": "reset"})


def api_filters(world: World) -> Iterator[tuple[str, Query]]:
    """The list's path in the API, and its parameters."""
    yield from (("servers/", query) for query in _api_servers(world))
    yield from (("codes/", query) for query in _api_codes(world))


def _api_servers(world: World) -> Iterator[Query]:
    largest, small = world.handles.largest.uid, world.handles.small.uid
    yield from _of_servers()
    yield from _each("region", "ap-guangzhou", "sa-saopaulo", "ap-never")
    yield from _each("account", largest, small)
    yield {"account": largest, "eligible": "true"}
    yield from _each("codes_left_min", 1, 5, 6)
    yield from _each("expires_before", _soon(world), _LONG_AGO)
    yield {"state": "terminated", "eligible": "true"}
    yield from _each("search", *_terms(world))


def _api_codes(world: World) -> Iterator[Query]:
    seen = world.handles
    yield from _each("state", *ShownState.values)
    yield from _each("account", seen.largest.uid, seen.small.uid)
    yield {"account": seen.largest.uid, "state": "expired"}
    yield from ({"server": seen.server.instance_id}, {"ip": seen.ip.address})
    yield from _each("expires_before", _soon(world), _LONG_AGO)
    yield {"generated_after": _soon(world)}
    yield {"authorized_account": seen.small.uid}
    yield {"filing": seen.filing.order_number}
    yield from _each("search", *_terms(world))


def _soon(world: World) -> str:
    return f"{world.now + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"


def _terms(world: World) -> tuple[str, ...]:
    seen = world.handles
    return (
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
