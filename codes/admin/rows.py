"""Codes with what lists and pages show of them, for a whole page at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from codes.admin.columns import badge, code_expiry, filing_cell
from codes.choices import State
from codes.models import filings_not_abandoned
from codes.validity import intact, unexpired, with_shown_state


def shown(codes: QuerySet[Any], *, now: datetime) -> QuerySet[Any]:
    """Codes with shown state, server, account and IP, and the filing that holds or used each: two queries."""
    return with_shown_state(codes, now=now).prefetch_related(filings_not_abandoned())


def dressed(codes: QuerySet[Any], *, now: datetime) -> list[Any]:
    """The same with their cells, as pages show them."""
    return filled(shown(codes, now=now), now=now)


def filled(codes: Iterable[Any], *, now: datetime) -> list[Any]:
    """Codes as of `shown`, with their cells."""
    found = list(codes)
    for code in found:
        code.badge = badge(code.shown_state)
        code.expiry_cell = code_expiry(code, now=now)
        code.filing_cell = filing_cell(code)
    return found


def expiring(codes: QuerySet[Any], *, days: int, now: datetime) -> QuerySet[Any]:
    """Codes that live now and end within so many days, unless their server or IP is renewed."""
    soon = now + timedelta(days=days)
    near = Q(server__expires_at__lte=soon) | Q(ip__expires_at__lte=soon)
    return codes.filter(near, intact(), unexpired(now), state__in=(State.UNUSED, State.IN_USE))


def first_to_end(codes: QuerySet[Any], *, count: int, days: int, now: datetime) -> list[int]:
    """The keys of those that end first, of codes as of `expiring`: `count` by their server, and by their IP.

    Each are read in the order of an index, those by IP no further than the last by server: the first `count` of all are
    among them.
    """
    soon = now + timedelta(days=days)
    found: list[int] = []
    for ends in ("server__expires_at", "ip__expires_at"):
        near = codes.filter(**{f"{ends}__gt": now, f"{ends}__lte": soon}).order_by(ends, "server_id", "pk")
        first = list(near.values_list("pk", ends)[:count])
        found += (key for key, _end in first)
        soon = first[-1][1] if len(first) == count else soon
    return found
