"""The record of feed runs: so that a desk can tell how old the facts of an account are, and that a feed stopped.

Written by the interfaces once the facts are in, in a transaction of its own: a run that is not recorded harms nothing.
`actor` is who brought the facts, as events name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from servers.choices import FeedKind
from servers.inventory.apply import Result
from servers.inventory.facts import Tally
from servers.inventory.sync import Outcome
from servers.models import Account, FeedRun

CHUNK = 500


def record_import(tally: Tally, *, account: Account, kind: FeedKind, actor: str, now: datetime) -> FeedRun:
    """One run for one import, with what became of its rows."""
    return _begin(_run(tally, account=account, kind=kind, actor=actor, now=now))


def record_sync(outcome: Outcome, *, account: Account, actor: str, now: datetime) -> FeedRun:
    """One run for one round, with what it could not read; a round that read no region makes no facts newer."""
    run = _run(outcome.tally, account=account, kind=FeedKind.SYNC, actor=actor, now=now)
    run.failures = [{"region": failure.region, "code": failure.code} for failure in outcome.failures]
    run.is_newest = bool(outcome.read)
    return _begin(run)


def record_sheet(counts: Mapping[Account, Mapping[str, int]], *, actor: str, now: datetime) -> None:
    """One run for each account that a spreadsheet named, with what became of its rows."""
    for account, numbers in counts.items():
        _begin(FeedRun(account=account, kind=FeedKind.IMPORT, actor=actor, at=now, **numbers))


def record_put(result: Result, *, account: Account, actor: str, now: datetime) -> None:
    """One more server that a feed has put: counted in its run of this hour, by one statement."""
    same = _this_hour(account, actor=actor, now=now).filter(is_newest=True)
    if not same.update(at=now, **{result: F(result) + 1}):
        run = _run(Tally(), account=account, kind=FeedKind.PUT, actor=actor, now=now)
        setattr(run, result, 1)
        _begin(run)


def record_stale(*, account: Account, actor: str, now: datetime) -> None:
    """One more message of a feed that a newer one had overtaken: counted in its run of this hour.

    It brought no facts, so it makes none newer: without a run of this hour it gets one that is not the newest.
    """
    same = _this_hour(account, actor=actor, now=now).order_by("-is_newest", "-pk").values_list("pk", flat=True).first()
    if same is None or not FeedRun.objects.filter(pk=same).update(stale=F("stale") + 1, stale_at=now):
        run = _run(Tally(), account=account, kind=FeedKind.PUT, actor=actor, now=now)
        run.stale, run.stale_at, run.is_newest = 1, now, False
        _begin(run)


def clear_runs(*, before: datetime) -> int:
    """Delete the next runs of before then, but the newest of each account: how many; 0 when none is left."""
    old = FeedRun.objects.filter(at__lt=before, is_newest=False).order_by("pk").values_list("pk", flat=True)
    gone, _ = FeedRun.objects.filter(pk__in=list(old[:CHUNK])).delete()
    return gone


def _this_hour(account: Account, *, actor: str, now: datetime) -> QuerySet[FeedRun]:
    """The runs of one feed that puts servers."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return FeedRun.objects.filter(account=account, kind=FeedKind.PUT, actor=actor, at__gte=hour)


def _run(tally: Tally, *, account: Account, kind: FeedKind, actor: str, now: datetime) -> FeedRun:
    return FeedRun(
        account=account,
        kind=kind,
        actor=actor,
        at=now,
        created=tally.created,
        updated=tally.updated,
        unchanged=tally.unchanged,
        rejected=len(tally.rejected),
    )


@transaction.atomic
def _begin(run: FeedRun) -> FeedRun:
    if run.is_newest:
        FeedRun.objects.filter(account=run.account, is_newest=True).update(is_newest=False)
    run.save(force_insert=True)
    return run
