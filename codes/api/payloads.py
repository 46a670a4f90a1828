"""How codes, filings and events read in JSON. Rows of a list are rendered straight from what the query gives."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django.db.models import FilteredRelation, Q, QuerySet

from codes.choices import FilingState, ShownState
from codes.models import AuthorizationCode, CodeEvent, Filing
from codes.server_facts import usable_address
from codes.services import Issued
from codes.validity import earliest, shown_state
from codes.values import mask
from icpportal.api.fields import iso

Payload = dict[str, Any]
_FILING = (
    "order_number",
    "domain",
    "account",
    "state",
    "icp_number",
    "reason",
    "began_at",
    "ended_at",
    "completed_after_expiry",
)
_SHOWN = (FilingState.ACTIVE, FilingState.COMPLETED)  # a rejected one holds the code and waits for its correction
_ROW = (
    "pk",
    "server__instance_id",
    "ip__address",
    "server__account__uid",
    "shown_state",
    "tail",
    "slot",
    "generated_at",
    "server__expires_at",
    "ip__expires_at",
    "remark",
    "authorized_account",
    *(f"current__{name}" for name in _FILING),
)


def code_rows(codes: QuerySet[AuthorizationCode], *, now: datetime) -> QuerySet[Any, Any]:
    """The same codes as rows for `code_payload`, each with its active or completed filing, in one query."""
    current = FilteredRelation("filings", condition=Q(filings__state__in=_SHOWN))
    return codes.annotate(shown_state=shown_state(now), current=current).values_list(*_ROW)


def code_payload(row: tuple[Any, ...]) -> Payload:
    """A code, masked, of a row of `code_rows`."""
    pk, server, ip, account, state, tail, slot, generated, server_expires, ip_expires, remark, authorized = row[:12]
    return {
        "id": pk,
        "server": server,
        "ip": ip,
        "account": account,
        "state": state,
        "masked": mask(tail),
        "slot": slot,
        "generated_at": iso(generated),
        "expires_at": iso(earliest(server_expires, ip_expires)),
        "remark": remark,
        "authorized_account": authorized,
        "filing": None if row[12] is None else _filing(pk, row[12:]),
    }


def code_payloads(rows: Iterable[tuple[Any, ...]]) -> list[Payload]:
    """A page of codes."""
    return [code_payload(row) for row in rows]


def issued_payload(issued: Issued) -> Payload:
    """A code that was generated just now, with its value: its report knows all that there is to say."""
    code, server = issued.code, cast(Any, issued.code.server)
    names = (code.pk, server.instance_id, usable_address(server), server.account.uid)
    dates = (code.generated_at, server.expires_at, server.usable_ip_expires_at)
    row = (*names, ShownState.UNUSED.value, code.tail, code.slot)
    return {**code_payload((*row, *dates, code.remark, code.authorized_account, None)), "value": issued.value}


def filing_payload(filing: Filing) -> Payload:
    """A filing; its code by id."""
    return _filing(filing.code_id, tuple(getattr(filing, name) for name in _FILING))


def _filing(code_id: int, values: tuple[Any, ...]) -> Payload:
    order_number, domain, account, state, icp_number, reason, began_at, ended_at, late = values
    return {
        "order_number": order_number,
        "code": code_id,
        "domain": domain,
        "account": account,
        "state": state,
        "icp_number": icp_number,
        "reason": reason,
        "began_at": iso(began_at),
        "ended_at": iso(ended_at),
        "completed_after_expiry": late,
    }


def event_payload(event: CodeEvent) -> Payload:
    """An event; needs account, server, user and client selected."""
    return {
        "id": event.pk,
        "type": event.type,
        "at": iso(event.at),
        "account": event.account.uid,
        "server": event.server.instance_id,
        "code": event.code_id,
        "order_number": event.order_number,
        "actor": event.actor,
        "channel": event.channel,
        "reason": event.reason,
        "failed": event.failed,
        "policy": event.policy,
    }
