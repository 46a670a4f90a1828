"""Generating codes: the scarce thing, so lock, judge, create and record stand in this order (FAQ 1, 2 and 4).

On PostgreSQL that is two round trips:

1. BEGIN; the lock (`locking`); the report, with the head of the server's events and the key of the new code
   (`_with_what_follows`). RuleSet.reports_where asks for them, icpportal/prepared.py has the statement compiled and
   icpportal/statements.py sends it behind the lock.
2. The codes and their events, or the event of the refusal; COMMIT. `record` chains the events and, being told that
   they are the `last`, has icpportal/bulk.py insert them together and end the transaction, if no other surrounds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet

from codes import values
from codes.choices import Channel, EventType, State
from codes.eligibility import GENERATION
from codes.errors import NotEligible
from codes.models import AuthorizationCode
from codes.reports import Report
from codes.server_facts import Choice
from codes.services.changes import Named, give_value, locking, refuse_values
from codes.services.events import HEAD, Act, Actor, event, head_of, record
from icpportal import bulk
from icpportal.primary_keys import NextKey, new_keys
from servers.models import IPAddress, Server


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A new code with its value in the form for people: the only place where the two stand together."""

    code: AuthorizationCode
    value: str


def generate(
    server: Server | Named,
    *,
    actor: Actor,
    channel: Channel,
    now: datetime,
    count: int = 1,
    ip: IPAddress | None = None,
    remark: str = "",
    authorized_account: str = "",
    ticket: str = "",
) -> list[Issued]:
    """Generate `count` codes (1 to 5), all or none, for `ip` of this server or its default IP (FAQ 1, 2 and 4).

    Raises NotEligible with the whole report, after recording the refusal, and Server.DoesNotExist.
    """
    refuse_values(remark=remark, authorized_account=authorized_account, ticket=ticket)
    act = Act(actor=actor, channel=channel, now=now, ticket=ticket)
    choice = Choice(ip_id=ip.pk if ip else None, count=count)
    # No savepoint, also in the transaction of an Idempotency-Key: what may be survived is raised when it is over.
    with transaction.atomic(savepoint=False):
        where, lock = locking(server)
        found = GENERATION.reports_where(Server, where, now=now, choice=choice, beside=_with_what_follows, first=lock)
        report = found[0] if found else None
        if report is not None:
            issued = _mint(report, count=count, remark=remark, authorized_account=authorized_account)
            _keep(report, issued, act)
    if report is None:
        raise Server.DoesNotExist
    if not issued:
        raise NotEligible(report)
    return issued


def _with_what_follows(servers: QuerySet[Server]) -> QuerySet[Server]:
    """The same servers with what the new code and its event need: read under the lock, without a statement more."""
    return servers.annotate(**HEAD, next_key=NextKey(AuthorizationCode))


def _keep(report: Report[Server], issued: list[Issued], act: Act) -> None:
    """The codes with an event for each, or else the event of the refusal: the last of the transaction."""
    subject, policy, codes = report.subject, report.policy.as_dict(), [each.code for each in issued]
    events = [event(EventType.GENERATED, subject, act, code=code, policy=policy) for code in codes]
    if not report.passed:
        events = [event(EventType.GENERATION_REFUSED, subject, act, failed=report.failed_codes, policy=policy)]
    record(*events, head=head_of(subject), of=codes, last=True)


def _mint(report: Report[Server], *, count: int, remark: str, authorized_account: str) -> list[Issued]:
    """The codes that the report allows, not saved yet."""
    server, issued = cast(Any, report.subject), list[Issued]()
    if not report.passed:
        return issued
    keys = [server.next_key] if count == 1 else new_keys(AuthorizationCode, count)
    for slot, key in enumerate(keys, start=server.codes_generated + 1):
        value = values.mint()
        said = {
            "id": key,
            "server_id": server.pk,
            "ip_id": server.usable_ip_id,
            "slot": slot,
            "state": State.UNUSED,
            "generated_at": report.now,
            "remark": remark,
            "authorized_account": authorized_account,
        }
        code = bulk.new(AuthorizationCode, said)
        code.server = server
        give_value(code, value)
        issued.append(Issued(code=code, value=values.show(value)))
    return issued
