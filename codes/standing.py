"""How a server stands for its owner, in one word: what the report means and what needs attention first.

Derived from GENERATION's own booleans in SQL, so that order, filter, count and card cannot disagree.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Case, IntegerChoices, IntegerField, Q, QuerySet, Value, When

from codes.eligibility import GENERATION
from codes.first_rows import joining
from codes.validity import earliest
from servers.choices import Jurisdiction
from servers.models import Account, Server

FLEET = 2_000  # servers that are judged at once: of a larger account the newest
EXPIRES_SOON = timedelta(days=30)  # from here on an owner is told to renew first


class Standing(IntegerChoices):
    """In the order of attention: hurry, can act, has to change something, over, not applicable (FAQ 7)."""

    EXPIRING = 0
    READY = 1
    REFUSED = 2
    FULL = 3
    TERMINATED = 4
    HONG_KONG = 5


CAN_GENERATE = (Standing.EXPIRING, Standing.READY)


class Place(NamedTuple):
    """Where a server stands among others: by attention, then the one whose codes expire first (seconds of that)."""

    standing: int
    hurry: int
    pk: int


def with_standing(servers: QuerySet[Server], *, now: datetime) -> QuerySet[Server]:
    """The same servers, judged by GENERATION, each with its `standing`."""
    return GENERATION.annotate(servers, now=now).annotate(standing=_standing(now))


def places(servers: QuerySet[Server], *, now: datetime) -> list[Place]:
    """The places of the newest FLEET servers, in order, by one query: a fleet to count, filter and page."""
    judged: Any = with_standing(joining(servers), now=now).order_by("-pk")
    rows = judged.values_list("standing", "pk", "expires_at", "usable_ip_expires_at")[:FLEET]
    return sorted(Place(standing, _hurry(standing, earliest(*expiries)), pk) for standing, pk, *expiries in rows)


def any_can(account: Account, *, now: datetime) -> bool:
    """Whether any server of the account may generate (FAQ 7), however many it has."""
    # By its uid, of which the database expects few servers: it reads them by index and not the whole table.
    return GENERATION.any_passes(Server, {"account__uid": account.uid}, now=now)


def expires_soon(moment: datetime | None, *, now: datetime) -> bool:
    """Whether `moment` (aware, or None for never) is near or past."""
    return moment is not None and moment <= now + EXPIRES_SOON


def _hurry(standing: int, ends_at: datetime | None) -> int:
    return int(ends_at.timestamp()) if ends_at and standing == Standing.EXPIRING else 0


def _standing(now: datetime) -> Case:
    every = {rule.annotation: True for rule in GENERATION.rules}
    limit = GENERATION["code_limit_reached"].annotation
    gone = GENERATION["server_terminated"].annotation
    mainland = GENERATION["not_mainland"].annotation
    soon = now + EXPIRES_SOON  # a code ends with its server or its IP, whichever is first (decision 3)
    whens: list[tuple[Q, Any]] = [
        (Q(**every) & (Q(expires_at__lte=soon) | Q(usable_ip_expires_at__lte=soon)), Standing.EXPIRING),
        (Q(**every), Standing.READY),
        (Q(**{gone: False}), Standing.TERMINATED),
        (Q(**{mainland: False}) & Q(region__jurisdiction=Jurisdiction.HONG_KONG), Standing.HONG_KONG),
        (Q(**(every | {limit: False})), Standing.FULL),
    ]
    return Case(
        *(When(condition, then=Value(standing.value)) for condition, standing in whens),
        default=Value(Standing.REFUSED.value),
        output_field=IntegerField(),
    )
