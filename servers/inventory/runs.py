"""The record of feed runs: so that a desk can tell how old the facts of an account are, and that a feed stopped.

Written by the interfaces once the facts are in, in a transaction of its own: a run that is not recorded harms nothing.
`actor` is who brought the facts, as events name them.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from servers.choices import FeedKind
from servers.inventory.apply import Result
from servers.inventory.facts import Tally
from servers.models import Account, FeedRun


def record_import(tally: Tally, *, account: Account, kind: FeedKind, actor: str, now: datetime) -> FeedRun:
    """One run for one import, with what became of its rows."""
    counts = {"created": tally.created, "updated": tally.updated, "unchanged": tally.unchanged}
    return _begin(account, kind=kind, actor=actor, now=now, **counts, rejected=len(tally.rejected))


def record_put(result: Result, *, account: Account, actor: str, now: datetime) -> None:
    """One more server that a feed has put: counted in its run of this hour, by one statement."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    same = FeedRun.objects.filter(account=account, is_newest=True, kind=FeedKind.PUT, actor=actor, at__gte=hour)
    if not same.update(at=now, **{result: F(result) + 1}):
        _begin(account, kind=FeedKind.PUT, actor=actor, now=now, **{result: 1})


@transaction.atomic
def _begin(account: Account, *, kind: FeedKind, actor: str, now: datetime, **counts: int) -> FeedRun:
    FeedRun.objects.filter(account=account, is_newest=True).update(is_newest=False)
    return FeedRun.objects.create(account=account, kind=kind, actor=actor, at=now, **counts)
