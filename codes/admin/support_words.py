"""A support request in words at the desk: what failed, whose turn it is, what has changed since it was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.admin.columns import DASH, account_cell, link, list_url, moment
from codes.admin.verdicts import Verdict
from codes.choices import SupportState
from codes.messages import sentence
from codes.models import SupportRequest
from codes.models.support import SupportRequestQuerySet
from codes.policy import Policy
from codes.reports import Report
from codes.support import KeptReport, report_then
from icpportal.api.templatetags.icp import isolated
from icpportal.numbers import grouped
from icpportal.sentences import join, pause
from icpportal.sign_in.people import name

_STATES: Mapping[str, Any] = {
    SupportState.OPEN: gettext_lazy("Open"),
    SupportState.TAKEN: gettext_lazy("Taken"),
    SupportState.ANSWERED: gettext_lazy("Answered"),
    SupportState.CLOSED: gettext_lazy("Closed"),
}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One condition: `then` as it was sent, `now` as it is, None where it is not judged; `changed` marks the row."""

    title: str
    faq: str
    then: Any
    now: Any

    @property
    def changed(self) -> bool:
        return self.then is None or self.now is None or self.then.passed != self.now.passed


def requests_facts(rows: SupportRequestQuerySet, **filters: str) -> list[dict[str, Any]]:
    """How many of these requests there are and how many wait for us, with the way to the list, filtered to them.

    Of none nothing is said.
    """
    found = rows.aggregate(all=Count("pk"), waiting=Count("waiting_since"))
    if not found["all"]:
        return []
    text = _("%(waiting)s open of %(all)s") % {name: grouped(number) for name, number in found.items()}
    way = format_html('<a href="{}">{}</a>', list_url(SupportRequest, tab="all", **filters), text)
    return [{"label": _("Support requests"), "value": way}]


def compared(then: KeptReport, now: Report[Any] | None) -> list[Compared]:
    """Both reports side by side, in FAQ order."""
    before = {outcome.code: outcome for outcome in then.outcomes}
    after = {outcome.code: outcome for outcome in now.outcomes} if now else {}
    rows = []
    for code in dict.fromkeys([*after, *before]):
        named: Any = after.get(code) or before[code]
        rows.append(Compared(title=named.title, faq=named.faq, then=before.get(code), now=after.get(code)))
    return rows if before else []


def what_failed(asked: SupportRequest) -> str:
    """For a row: what the report said when it was sent."""
    report = report_then(asked)
    if asked.all_passed:
        count = len(report.outcomes)
        return _("All %(count)d conditions pass, yet it failed") % {"count": count}
    return _failures(asked, report) or _("A question")


def _failures(asked: SupportRequest, report: KeptReport) -> str:
    policy = {**Policy.current().as_dict(), **asked.policy}
    return join(sentence(outcome.code, outcome.found, policy) for outcome in report.failed)


def verdict(asked: SupportRequest) -> Verdict:
    """What the banner says of the report that was sent."""
    report = report_then(asked)
    if asked.all_passed:
        line = _("Nothing that the customer could change: only we can resolve this (FAQ 4).")
        return Verdict(kind="warn", headline=_("Every condition passed, yet it failed"), line=line)
    if not report.outcomes:
        line = _("It is not about a particular server or code.")
        return Verdict(kind="idle", headline=_("A question"), line=line)
    headline = _("%(failed)d of %(all)d conditions failed when it was sent")
    values = {"failed": len(report.failed), "all": len(report.outcomes)}
    line = _failures(asked, report)
    return Verdict(kind="bad", headline=headline % values, line=line)


def state(asked: SupportRequest) -> str:
    """Whose turn it is, in the desk's words."""
    return str(_STATES[asked.state])


def taken_by(asked: SupportRequest) -> str:
    """Who looks after it."""
    return name(asked.taken_by) if asked.taken_by else _("Nobody yet")


def waiting(asked: SupportRequest, *, now: datetime) -> str:
    """How long the customer waits: "1 day, 4 hours"; a dash when nobody waits."""
    return timesince(asked.waiting_since, now) if asked.waiting_since else DASH


def dressed(rows: Iterable[SupportRequest], *, now: datetime) -> list[Any]:
    """Requests with what a row shows besides: for the list and the start page."""
    found: list[Any] = list(rows)
    for asked in found:
        asked.waits, asked.state_word = waiting(asked, now=now), state(asked)
        asked.failed_cell, asked.taken_cell = what_failed(asked), taken_by(asked)
    return found


def facts(asked: SupportRequest, *, now: datetime) -> list[dict[str, Any]]:
    """The strip under the title."""
    rows: list[dict[str, Any]] = [
        {"label": _("State"), "value": state(asked)},
        {"label": _("Waiting"), "value": waiting(asked, now=now)},
        {"label": _("Taken by"), "value": taken_by(asked)},
        {"label": _("Account"), "value": account_cell(asked.account, asked.account.name)},
        {"label": _("Server"), "value": link(asked.server) if asked.server else DASH},
        {"label": _("Code"), "value": link(asked.code) if asked.code else DASH},
        {"label": _("Sent"), "value": _when_who(asked.opened_at, asked.opened_by)},
    ]
    if asked.request_id:
        rows.append(
            {"label": _("Failed request"), "value": format_html('<span class="mono wrap">{}</span>', asked.request_id)}
        )
    if asked.closed_at and asked.closed_by:
        rows.append({"label": _("Closed"), "value": _when_who(asked.closed_at, asked.closed_by)})
    return rows


def _when_who(at: datetime, person: User) -> SafeString:
    return format_html("{}{}{}", moment(at), pause(), isolated(name(person)))
