"""A filing's life: begun, rejected, completed, abandoned (FAQ 5, decisions 9 to 12)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError

from codes import values
from codes.choices import Action, Channel, EventType, FilingState
from codes.errors import CodeNotFound, CodeRefused, FilingEnded, OrderConflict
from codes.models import AuthorizationCode, Filing
from codes.services.changes import locked, move, refuse_values, require_reason
from codes.services.events import Act, Actor, event, record
from codes.validity import VALIDITY, FiledBy
from icpportal.api.models import ApiClient


def begin_filing(
    code: AuthorizationCode,
    *,
    value: str,
    order_number: str,
    domain: str,
    account: str = "",
    actor: ApiClient,
    channel: Channel,
    now: datetime,
) -> tuple[Filing, bool]:
    """Hold `code` for one filing order (decision 10); returns the filing and whether it is new.

    `value` is what the customer entered, so that a code rotated meanwhile is not held. The same order again is the
    same answer, and makes a rejected filing active again. Raises OrderConflict when the order stands with another
    code, domain or account, CodeRefused with the whole report, CodeNotFound.
    """
    act = Act(actor=actor, channel=channel, now=now)
    order = {"client": actor, "order_number": order_number}
    terms = {"code": code, "domain": domain, "account": account}
    while True:
        try:
            with locked(code) as fresh:
                begun = Filing.objects.not_abandoned().filter(**order).first()
                if begun is not None:
                    return _begin_again(begun, terms, fresh, act), False
                _judge_begin(fresh, value=value, account=account, now=now)
                filing = Filing.objects.create(**order, **terms, began_at=now)
                move(fresh, Action.BEGIN)
                record_filing(EventType.BEGUN, filing, fresh, act)
                return filing, True
        except IntegrityError:
            # The same order began with another server's code meanwhile: look again, now it is there.
            if not Filing.objects.not_abandoned().filter(**order).exists():
                raise


def _begin_again(filing: Filing, terms: Mapping[str, object], code: AuthorizationCode, act: Act) -> Filing:
    if any(getattr(filing, name) != value for name, value in terms.items()):
        raise OrderConflict
    if filing.state == FilingState.REJECTED:
        filing.state = FilingState.ACTIVE
        filing.save(update_fields=["state"])
        record_filing(EventType.BEGUN, filing, code, act)
    return filing


def _judge_begin(code: AuthorizationCode, *, value: str, account: str, now: datetime) -> None:
    known = {"pk": code.pk, "digest__in": tuple(values.digests(values.normalise(value)))}
    reports = VALIDITY.reports_where(AuthorizationCode, known, now=now, choice=FiledBy(account=account))
    if not reports:
        raise CodeNotFound
    if not reports[0].passed:
        raise CodeRefused(reports[0])


def reject_filing(filing: Filing, *, reason: str, actor: Actor, channel: Channel, now: datetime) -> Filing:
    """The regulator sent the filing back; it keeps its hold (decision 10). Again: the last reason is kept.

    Raises FilingEnded for a completed or abandoned filing, ReasonRequired.
    """
    refuse_values(reason=reason)
    require_reason(Action.REJECT, channel=channel, reason=reason)
    with locked(filing.code) as code:
        fresh = Filing.objects.get(pk=filing.pk)
        if fresh.ended_at is not None:
            raise FilingEnded(FilingState(fresh.state))
        if (fresh.state, fresh.reason) != (FilingState.REJECTED, reason):
            fresh.state, fresh.reason = FilingState.REJECTED, reason
            fresh.save(update_fields=["state", "reason"])
            record_filing(EventType.REJECTED, fresh, code, Act(actor=actor, channel=channel, now=now))
        return fresh


def complete_filing(filing: Filing, *, icp_number: str, actor: Actor, channel: Channel, now: datetime) -> Filing:
    """The filing succeeded: its code is used for good (FAQ 5.2), also when it expired since (decision 11).

    The same number again is the same answer. Raises FilingEnded for another number and for an abandoned filing.
    """
    with locked(filing.code) as code:
        fresh = Filing.objects.get(pk=filing.pk)
        if fresh.state == FilingState.COMPLETED and fresh.icp_number == icp_number:
            return fresh
        if fresh.ended_at is not None:
            raise FilingEnded(FilingState(fresh.state))
        lapsed = {"code_expired", "code_invalid"} & set(VALIDITY.report(code, now=now).failed_codes)
        move(code, Action.COMPLETE)
        fresh.state, fresh.icp_number, fresh.ended_at = FilingState.COMPLETED, icp_number, now
        fresh.completed_after_expiry = bool(lapsed)
        fresh.save(update_fields=["state", "icp_number", "ended_at", "completed_after_expiry"])
        record_filing(EventType.COMPLETED, fresh, code, Act(actor=actor, channel=channel, now=now))
        return fresh


def abandon_filing(filing: Filing, *, reason: str = "", actor: Actor, channel: Channel, now: datetime) -> Filing:
    """The filing is given up: its code is usable again until it expires (FAQ 5.1). Again: the same answer.

    Raises FilingEnded for a completed filing.
    """
    refuse_values(reason=reason)
    with locked(filing.code) as code:
        fresh = Filing.objects.get(pk=filing.pk)
        if fresh.state == FilingState.ABANDONED:
            return fresh
        if fresh.state == FilingState.COMPLETED:
            raise FilingEnded(FilingState.COMPLETED)
        end_hold(fresh, code, Action.ABANDON, reason=reason, now=now)
        record_filing(EventType.ABANDONED, fresh, code, Act(actor=actor, channel=channel, now=now))
        return fresh


def end_hold(filing: Filing, code: AuthorizationCode, action: Action, *, reason: str, now: datetime) -> None:
    """End the filing without success and free its code: what abandoning and resetting share."""
    move(code, action)
    filing.state, filing.reason, filing.ended_at = FilingState.ABANDONED, reason, now
    filing.save(update_fields=["state", "reason", "ended_at"])


def record_filing(type: EventType, filing: Filing, code: AuthorizationCode, act: Act) -> None:
    """An event of the filing's own story."""
    detail = {"domain": filing.domain} | ({"icp_number": filing.icp_number} if filing.icp_number else {})
    # A filing begun again or completed still carries the reason of its last rejection, which is not theirs.
    reason = "" if type in (EventType.BEGUN, EventType.COMPLETED) else filing.reason
    record(event(type, code.server, act, code=code, order_number=filing.order_number, reason=reason, detail=detail))
