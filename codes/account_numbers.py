"""How many servers and codes an account has: exact, and of a large account not counted again while nothing changes.

Whatever changes these numbers leaves an event of the account, but for time, which ends servers and IPs. So what was
counted holds until an event comes that was not final then (codes/append_only.py), or until the next expiry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Max, Min

from codes.append_only import final_until
from codes.choices import ShownState
from codes.models import AuthorizationCode, CodeEvent
from codes.validity import shown_state
from servers.models import Account, IPAddress, Server

KEPT_FROM = 1_000  # servers: fewer are counted sooner than looked up
KEPT = timedelta(minutes=5)  # at most


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The servers of an account, and its codes by shown state, every state among them."""

    servers: int
    codes: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """Numbers that hold before `until` (aware), while the account has no event after number `event`."""

    numbers: Numbers
    event: int
    until: datetime


def account_numbers(account: Account, *, now: datetime) -> Numbers:
    """The numbers at `now`."""
    key = f"icp.numbers.{account.pk}"
    kept: _Kept | None = cache.get(key)
    if kept is not None and now < kept.until and not account.events.filter(pk__gt=kept.event).exists():
        return kept.numbers
    servers = account.servers.count()
    if servers < KEPT_FROM:
        return Numbers(servers=servers, codes=_codes(account, now=now))
    event = _last_final()
    numbers = Numbers(servers=account.servers.count(), codes=_codes(account, now=now))
    cache.set(key, _Kept(numbers=numbers, event=event, until=_until(account, now=now)), KEPT.total_seconds())
    return numbers


def _codes(account: Account, *, now: datetime) -> dict[str, int]:
    codes = AuthorizationCode.objects.filter(server__account=account)
    counted = codes.annotate(shown=shown_state(now)).order_by().values_list("shown").annotate(number=Count("*"))
    return dict.fromkeys(ShownState.values, 0) | dict(counted)


def _last_final() -> int:
    """The number up to which every event can be seen that there will ever be."""
    floor = final_until(connection)
    return CodeEvent.objects.aggregate(last=Max("pk"))["last"] or 0 if floor is None else floor


def _until(account: Account, *, now: datetime) -> datetime:
    """When time alone changes the numbers: the next expiry of a server or an IP, but soon in any case."""
    servers = Server.objects.filter(account=account, expires_at__gt=now)
    ips = IPAddress.objects.filter(server__account=account, expires_at__gt=now)
    ends: list[datetime | None] = [ending.aggregate(next=Min("expires_at"))["next"] for ending in (servers, ips)]
    return min(now + KEPT, *(end for end in ends if end is not None))
