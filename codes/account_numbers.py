"""How many servers and codes an account has: exact, and of a large account only what changed is counted again.

Whatever changes these numbers leaves an event of the account that names the server, but for time, which ends servers
and IPs. So what was counted holds, but for the servers of events that were not final then (codes/append_only.py), and
for those that have expired since, or one of whose IPs has.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet, Sum

from codes.append_only import final_until
from codes.choices import ShownState
from codes.models import AuthorizationCode, CodeEvent
from codes.policy import MAX_CODES_PER_SERVER
from codes.validity import shown_number
from icpportal.plans import planned_anew
from icpportal.prepared import prepared
from servers.models import Account, IPAddress, Server

KEPT_FROM = 1_000  # servers: fewer are counted sooner than looked up
KEPT = timedelta(hours=1)  # then all are counted again
MOST_CHANGED = 500  # servers: where more have changed, too
_BASE = MAX_CODES_PER_SERVER + 1  # one number stands for all codes of a server, with a digit for each state
_PLACES = {state: _BASE**place for place, state in enumerate(ShownState)}


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The servers of an account, and its codes by shown state, every state among them."""

    servers: int
    codes: dict[str, int]


@dataclass(kw_only=True)
class _Kept:
    """The codes of an account as of `at` (aware), counted at `since`, with its events up to number `event`.

    Those of each server that has any stand in `packed`, in the order of `keys`: arrays, since there can be very many.
    """

    since: datetime
    at: datetime
    event: int
    servers: int
    codes: dict[str, int]
    keys: array[int]
    packed: array[int]

    def put(self, server: int, packed: int) -> None:
        """The server's codes are these now."""
        place = bisect_left(self.keys, server)
        if self.keys[place : place + 1] != array("q", [server]):
            self.keys.insert(place, server)
            self.packed.insert(place, 0)
        before, self.packed[place] = self.packed[place], packed
        for (state, old), (_state, new) in zip(_unpacked(before), _unpacked(packed), strict=True):
            self.codes[state] += new - old


def account_numbers(account: Account, *, now: datetime) -> Numbers:
    """The numbers at `now`."""
    name = f"icp.numbers.{account.pk}"
    kept: _Kept | None = cache.get(name)
    if kept is None or now - kept.since >= KEPT:
        found = _counted(account, now=now)
    else:
        found = _counted_on(account, kept, now=now) if _changed(account, kept, now=now) else kept
    if found is not kept and found.servers >= KEPT_FROM:
        cache.set(name, found, KEPT.total_seconds())
    return Numbers(servers=found.servers, codes=found.codes)


def _counted(account: Account, *, now: datetime) -> _Kept:
    """All codes, counted now."""
    event, servers = 0, account.servers.count()
    if servers >= KEPT_FROM:
        event, servers = final_until(connection), account.servers.count()  # in this order
    rows = sorted(_packed(account, now=now))
    codes = dict.fromkeys(ShownState.values, 0)
    for packed, number in Counter(packed for _server, packed in rows).items():
        for state, each in _unpacked(packed):
            codes[state] += each * number
    keys, values = array("q", [key for key, _packed in rows]), array("i", [packed for _key, packed in rows])
    return _Kept(since=now, at=now, event=event, servers=servers, codes=codes, keys=keys, packed=values)


def _counted_on(account: Account, kept: _Kept, *, now: datetime) -> _Kept:
    """The same, with the codes of the servers that have changed counted again; with all, where many have."""
    event = final_until(connection)
    changed = _changed(account, kept, now=now)
    if len(changed) > MOST_CHANGED:
        return _counted(account, now=now)
    packed = dict(_packed(account, now=now, servers=changed))
    for server in changed:
        kept.put(server, packed.get(server, 0))
    return replace(kept, at=now, event=event, servers=account.servers.count())


def _changed(account: Account, kept: _Kept, *, now: datetime) -> list[int]:
    """The servers whose codes may be shown otherwise since they were counted, no more than MOST_CHANGED + 1."""
    with planned_anew():
        rows = _touched(account=account.pk, event=kept.event, at=kept.at, now=now)
    return [server for (server,) in rows]


@prepared
def _touched(*, account: int, event: int, at: datetime, now: datetime) -> QuerySet[Any, Any]:
    """The account's servers with an event after that number, and those that ended, or one of whose IPs did, since."""
    ended = {"expires_at__gt": at, "expires_at__lte": now}
    told = CodeEvent.objects.filter(account=account, pk__gt=event).values_list("server")
    themselves = Server.objects.filter(account=account, **ended).values_list("pk")
    by_ip = IPAddress.objects.filter(server__account=account, **ended).values_list("server")
    return told.union(themselves, by_ip)[: MOST_CHANGED + 1]


def _packed(account: Account, *, now: datetime, servers: list[int] | None = None) -> Iterator[tuple[int, int]]:
    """The codes of each of these servers of the account that has any, or of all, by one number."""
    codes = AuthorizationCode.objects.filter(server__account=account)
    if servers is not None:
        codes = codes.filter(server__among=set(servers))
    return codes.order_by().values_list("server").annotate(packed=Sum(shown_number(now, _PLACES))).iterator()


def _unpacked(packed: int) -> Iterator[tuple[str, int]]:
    return ((state.value, packed // place % _BASE) for state, place in _PLACES.items())
