"""What stands in the CSV of each list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.admin import timeline
from codes.admin.columns import filing_of, yes_no
from codes.admin.export import Cell, Column, Export
from codes.admin.rows import shown
from codes.admin.staff_words import roles_of
from codes.admin.support_words import state, taken_by, what_failed
from codes.admin.verdicts import short_verdict
from codes.choices import ShownState
from codes.eligibility import GENERATION
from codes.messages import reason
from codes.models import AuthorizationCode, CodeEvent, Filing, Person, SupportRequest
from codes.reports import Report
from codes.validity import expires_at
from icpportal.sentences import StrPromise, semicolon
from icpportal.sign_in.people import full_name, name
from servers.models import Account, IPAddress, Region, Server


def _text(title: StrPromise, cell: Callable[[Any], Cell]) -> Column:
    return Column(title=title, cell=cell)


def _moment(title: StrPromise, cell: Callable[[Any], Cell]) -> Column:
    return Column(title=title, cell=cell, is_moment=True)


def _judged(servers: list[Any], now: datetime) -> list[Any]:
    return GENERATION.page_reports(servers, now=now)


def _fetched(codes: list[Any], now: datetime) -> list[Any]:
    keys = [code.pk for code in codes]
    by_key = {code.pk: code for code in shown(AuthorizationCode.objects.filter(pk__in=keys), now=now)}
    return [by_key[key] for key in keys]


def _of_filing(name: str) -> Callable[[Any], Cell]:
    return lambda code: getattr(filing_of(code), name, "")


def _fails(report: Report[Server]) -> str:
    policy = report.policy.as_dict()
    return semicolon().join(f"{each.faq} {reason(each.code, policy)}" for each in report.failed)


_SERVERS = Export(
    dress=_judged,
    columns=(
        _text(_("instance ID"), lambda report: report.subject.instance_id),
        _text(_("name"), lambda report: report.subject.name),
        _text(_("account"), lambda report: report.subject.account.uid),
        _text(_("verdict"), short_verdict),
        _text(_("fails"), _fails),
        _text(_("codes generated"), lambda report: report.subject.codes_generated),
        _text(_("limit"), lambda report: report.policy.codes_per_server),
        _moment(_("expires"), lambda report: report.subject.expires_at),
        _text(_("region"), lambda report: report.subject.region),
        _text(_("billing mode"), lambda report: report.subject.get_billing_mode_display()),
        _text(_("prepaid months"), lambda report: report.subject.prepaid_months),
        _text(_("state"), lambda report: report.subject.get_state_display()),
    ),
)
_CODES = Export(
    dress=_fetched,
    columns=(
        _text(_("code"), lambda code: code.masked),
        _text(_("state"), lambda code: ShownState(code.shown_state).label),
        _text(_("server"), lambda code: code.server.instance_id),
        _text(_("account"), lambda code: code.server.account.uid),
        _text(_("public IP"), lambda code: code.ip.address),
        _text(_("domain"), _of_filing("domain")),
        _text(_("filing order number"), _of_filing("order_number")),
        _text(_("ICP filing number"), _of_filing("icp_number")),
        _moment(_("generated"), lambda code: code.generated_at),
        _moment(_("expires"), expires_at),
        _text(_("authorized account"), lambda code: code.authorized_account),
        _text(_("remark"), lambda code: code.remark),
    ),
)
_FILINGS = Export(
    columns=(
        _text(_("filing order number"), lambda filing: filing.order_number),
        _text(_("domain"), lambda filing: filing.domain),
        _text(_("code"), lambda filing: filing.code.masked),
        _text(_("server"), lambda filing: filing.code.server.instance_id),
        _text(_("account"), lambda filing: filing.code.server.account.uid),
        _text(_("state"), lambda filing: filing.get_state_display()),
        _text(_("ICP filing number"), lambda filing: filing.icp_number),
        _text(_("filing account"), lambda filing: filing.account),
        _text(_("filed through"), lambda filing: filing.client.name),
        _moment(_("begun"), lambda filing: filing.began_at),
        _moment(_("ended"), lambda filing: filing.ended_at),
        _text(_("reason"), lambda filing: filing.reason),
    ),
)
_ADDRESSES = Export(
    columns=(
        _text(_("address"), lambda ip: ip.address),
        _text(_("kind"), lambda ip: ip.get_kind_display()),
        _text(_("server"), lambda ip: ip.server.instance_id),
        _text(_("account"), lambda ip: ip.server.account.uid),
        _moment(_("assigned"), lambda ip: ip.assigned_at),
        _moment(_("expires"), lambda ip: ip.expires_at),
        _moment(_("released"), lambda ip: ip.released_at),
    ),
)
_EVENTS = Export(
    columns=(
        _moment(_("when"), lambda event: event.at),
        _text(_("what"), lambda event: event.get_type_display()),
        _text(_("server"), lambda event: event.server.instance_id),
        _text(_("code"), lambda event: event.code.masked if event.code else ""),
        _text(_("account"), lambda event: event.account.uid),
        _text(_("filing order number"), lambda event: event.order_number),
        _text(_("who"), timeline.actor),
        _text(_("from where"), lambda event: event.get_channel_display()),
        _text(_("reason"), lambda event: event.reason),
        _text(_("refused because of"), timeline.refused_because),
        _text(_("ticket"), lambda event: event.ticket),
        _text(_("request"), lambda event: event.request_id),
    ),
)
_ACCOUNTS = Export(
    columns=(
        _text(_("account"), lambda account: account.uid),
        _text(_("name"), lambda account: account.name),
        _moment(_("known since"), lambda account: account.created_at),
    ),
)
_REGIONS = Export(
    columns=(
        _text(pgettext_lazy("region", "code"), lambda region: region.code),
        _text(_("English name"), lambda region: region.name_en),
        _text(_("Chinese name"), lambda region: region.name_zh),
        _text(_("jurisdiction"), lambda region: region.get_jurisdiction_display()),
    ),
)
_REQUESTS = Export(
    columns=(
        _text(_("reference"), lambda asked: asked.reference),
        _text(_("what failed"), what_failed),
        _text(_("account"), lambda asked: asked.account.uid),
        _text(_("server"), lambda asked: asked.server.instance_id if asked.server else ""),
        _text(_("code"), lambda asked: asked.code.masked if asked.code else ""),
        _text(_("state"), state),
        _moment(_("opened"), lambda asked: asked.opened_at),
        _text(_("opened by"), lambda asked: name(asked.opened_by)),
        _moment(_("waiting since"), lambda asked: asked.waiting_since),
        _text(_("taken by"), taken_by),
        _moment(_("answered"), lambda asked: asked.answered_at),
        _moment(_("closed"), lambda asked: asked.closed_at),
    ),
)
_PEOPLE = Export(
    columns=(
        _text(_("user name"), lambda person: person.username),
        _text(_("name"), full_name),
        _text(_("roles"), roles_of),
        _text(_("active"), lambda person: yes_no(person.is_active)),
        _moment(_("last sign-in"), lambda person: person.last_login),
    ),
)

EXPORTS: dict[type[Model], Export] = {
    Server: _SERVERS,
    AuthorizationCode: _CODES,
    Filing: _FILINGS,
    IPAddress: _ADDRESSES,
    CodeEvent: _EVENTS,
    Account: _ACCOUNTS,
    Region: _REGIONS,
    SupportRequest: _REQUESTS,
    Person: _PEOPLE,
}
