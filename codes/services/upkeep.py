"""What owner and agents do with a code: reset, withdraw, rotate, reveal, annotate (decisions 9 and 13 to 15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from codes import values
from codes.choices import Action, Channel, EventType, State
from codes.errors import HeldSince
from codes.models import AuthorizationCode
from codes.services.changes import check, give_value, locked, move, refuse_values, require_reason
from codes.services.events import Act, Actor, event, record
from codes.services.filings import end_hold, record_filing
from icpportal import sealing


def reset(
    code: AuthorizationCode,
    *,
    reason: str,
    ticket: str = "",
    seen_at: datetime | None = None,
    actor: Actor,
    channel: Channel,
    now: datetime,
) -> AuthorizationCode:
    """Abandon the code's unfinished filing (decision 13). Raises TransitionRefused, ReasonRequired.

    With `seen_at`, when somebody saw what holds the code, a filing that began since is left alone: HeldSince.
    """
    act = Act(actor=actor, channel=channel, now=now, ticket=ticket)
    _check_texts(Action.RESET, channel=channel, reason=reason, ticket=ticket)
    with locked(code) as fresh:
        check(fresh, Action.RESET)
        filing = fresh.filings.holding().get()
        if seen_at is not None and filing.began_at > seen_at:
            raise HeldSince
        end_hold(filing, fresh, Action.RESET, reason=reason, now=now)
        record_filing(EventType.RESET, filing, fresh, act)
        return fresh


def withdraw(
    code: AuthorizationCode,
    *,
    reason: str = "",
    ticket: str = "",
    actor: Actor,
    channel: Channel,
    now: datetime,
) -> AuthorizationCode:
    """End an unused code for good; its slot stays spent (decision 14). Again: the same answer.

    Raises TransitionRefused when in use or used, ReasonRequired.
    """
    act = Act(actor=actor, channel=channel, now=now, ticket=ticket)
    _check_texts(Action.WITHDRAW, channel=channel, reason=reason, ticket=ticket)
    with locked(code) as fresh:
        if fresh.state != State.WITHDRAWN:
            move(fresh, Action.WITHDRAW)
            record(event(EventType.WITHDRAWN, fresh.server, act, code=fresh, reason=reason))
        return fresh


def rotate(
    code: AuthorizationCode, *, reason: str, ticket: str = "", actor: Actor, channel: Channel, now: datetime
) -> AuthorizationCode:
    """Give a leaked code a new value in the same slot; the old one is dead at once (decision 15).

    The new value is shown by `reveal` alone. Raises TransitionRefused unless unused, ReasonRequired.
    """
    act = Act(actor=actor, channel=channel, now=now, ticket=ticket)
    _check_texts(Action.ROTATE, channel=channel, reason=reason, ticket=ticket)
    with locked(code) as fresh:
        check(fresh, Action.ROTATE)
        give_value(fresh, values.mint())
        fresh.save(update_fields=["digest", "sealed", "tail"])
        record(event(EventType.ROTATED, fresh.server, act, code=fresh, reason=reason))
        return fresh


def reveal(
    code: AuthorizationCode,
    *,
    reason: str = "",
    ticket: str = "",
    actor: Actor,
    channel: Channel,
    now: datetime,
) -> str:
    """The value in the form for people; recorded. Raises ReasonRequired where the channel needs one."""
    act = Act(actor=actor, channel=channel, now=now, ticket=ticket)
    _check_texts(Action.REVEAL, channel=channel, reason=reason, ticket=ticket)
    with locked(code) as fresh:
        record(event(EventType.REVEALED, fresh.server, act, code=fresh, reason=reason))
        return values.show(sealing.unseal(fresh.sealed))


def annotate(
    code: AuthorizationCode,
    *,
    remark: str | None = None,
    authorized_account: str | None = None,
    actor: Actor,
    channel: Channel,
    now: datetime,
) -> AuthorizationCode:
    """Change remark or authorized account; None leaves either as it is. Nothing to change records nothing.

    Raises TransitionRefused for another authorized account of a code that is no longer unused (decision 9).
    """
    act = Act(actor=actor, channel=channel, now=now)
    refuse_values(remark=remark or "", authorized_account=authorized_account or "")
    with locked(code) as fresh:
        changed = []
        if authorized_account is not None and authorized_account != fresh.authorized_account:
            check(fresh, Action.AUTHORIZE)
            changed.append("authorized_account")
            fresh.authorized_account = authorized_account
        if remark is not None and remark != fresh.remark:
            changed.append("remark")
            fresh.remark = remark
        if changed:
            fresh.save(update_fields=changed)
            record(event(EventType.EDITED, fresh.server, act, code=fresh, detail={"changed": changed}))
        return fresh


# What agents do to one code and to many, with a reason.
VERBS: Mapping[Action, Callable[..., AuthorizationCode]] = {
    Action.RESET: reset,
    Action.WITHDRAW: withdraw,
    Action.ROTATE: rotate,
}


def _check_texts(action: Action, *, channel: Channel, reason: str, ticket: str) -> None:
    refuse_values(reason=reason, ticket=ticket)
    require_reason(action, channel=channel, reason=reason)
