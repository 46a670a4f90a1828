"""Bulk runs: planned, confirmed, and done row by row, each row in a transaction of its own and once at most.

Whoever carries a run out may stop after any row, or be killed in one: what is pending can be carried out later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import cast

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from codes.choices import Action, BulkAction, BulkState, Channel
from codes.errors import Refused
from codes.messages import in_every_language
from codes.models import AuthorizationCode, BulkRow, BulkRun
from codes.services.changes import check, refuse_values
from codes.services.generation import generate
from codes.services.upkeep import VERBS
from icpportal import bulk

KEPT = timedelta(days=1)  # for which a run that was planned and not confirmed is kept
CHUNK = 5  # runs that are cleared in one transaction; each may have thousands of rows


def plan_run(action: BulkAction, subjects: Iterable[int], *, actor: AbstractBaseUser, now: datetime) -> BulkRun:
    """A run over these servers, to generate, or codes, by primary key, in their order. Nothing happens yet.

    Forgets what the same person planned long ago and never confirmed.
    """
    field = "server_id" if action == BulkAction.GENERATE else "code_id"
    with transaction.atomic():
        BulkRun.objects.filter(actor_id=actor.pk, confirmed_at=None, planned_at__lt=now - KEPT).delete()
        run = BulkRun.objects.create(action=action, actor_id=actor.pk, planned_at=now)
        bulk.insert([BulkRow(run=run, **{field: pk}) for pk in dict.fromkeys(subjects)])
    return run


def confirm_run(run: BulkRun, *, texts: Mapping[str, str], now: datetime) -> None:
    """Say yes to a planned run, with what the verb takes: reason, ticket, remark. Again: the first texts stay.

    Raises ValueInText.
    """
    refuse_values(**texts)
    BulkRun.objects.filter(pk=run.pk, confirmed_at=None).update(texts=dict(texts), confirmed_at=now)


def pending_rows(run: BulkRun, number: int) -> list[BulkRow]:
    """The next `number` rows that nobody has done."""
    return list(run.rows.filter(state=BulkState.PENDING).order_by("pk")[:number])


def carry_out(row: BulkRow, *, channel: Channel, now: datetime) -> None:
    """Do one row of a confirmed run, unless somebody has; a refusal is its result, told in every language.

    Raises OperationalError when the database does not take it: the row stays pending then.
    """
    with transaction.atomic():
        locked = BulkRow.objects.select_for_update(no_key=True, of=("self",))
        fresh = locked.select_related("run__actor", "server", "code").get(pk=row.pk)
        if fresh.state != BulkState.PENDING or fresh.run.confirmed_at is None:
            return
        try:
            fresh.code = _do(fresh, channel=channel, now=now)
            fresh.state = BulkState.DONE
        except Refused as refused:
            fresh.state, fresh.whys = BulkState.REFUSED, in_every_language(refused)
        fresh.save(update_fields=["code", "state", "whys"])


def end_run(run: BulkRun, *, now: datetime) -> None:
    """Note when the last row was done. With a row pending, nothing."""
    if not run.rows.filter(state=BulkState.PENDING).exists():
        BulkRun.objects.filter(pk=run.pk, finished_at=None).update(finished_at=now)


@transaction.atomic
def clear_bulk_runs(*, before: datetime) -> int:
    """Delete the next runs that were finished before then, with their rows: how many; 0 when none is left.

    What they did stays: in the codes and in the events. A run that stopped in the middle can still be carried out.
    """
    old = list(BulkRun.objects.filter(finished_at__lt=before).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    BulkRun.objects.filter(pk__in=old).delete()
    return len(old)


def _do(row: BulkRow, *, channel: Channel, now: datetime) -> AuthorizationCode:
    run = row.run
    if row.server is not None:
        return generate(row.server, actor=run.actor, channel=channel, now=now, **run.texts)[0].code
    action = Action(run.action)
    check(cast(AuthorizationCode, row.code), action)  # what was so already is not done by this run
    seen = {"seen_at": run.planned_at} if action == Action.RESET else {}
    return VERBS[action](row.code, actor=run.actor, channel=channel, now=now, **seen, **run.texts)
