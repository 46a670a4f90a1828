"""What a renewal would change, and what expires next: asked on a server's page before anybody pays for it.

GENERATION judges the renewed server as it judges the real one: see Choice.renewal. Nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codes import validity
from codes.admin.columns import NEAR, link
from codes.admin.verdicts import Verdict, kind_of
from codes.choices import LIVE_STATES
from codes.eligibility import GENERATION
from codes.forms import WholeNumber
from codes.messages import cannot_generate, refusals
from codes.reports import Report
from codes.server_facts import Choice
from icpportal.dates import shanghai
from icpportal.sentences import join
from servers.choices import BillingMode, ServerState
from servers.models import IPAddress, Server

MOST_MONTHS = 60  # the longest prepaid term that is sold


class WhatIfForm(forms.Form):
    """How many months more."""

    months = WholeNumber(
        label=gettext_lazy("Months more"),
        min_value=1,
        max_value=MOST_MONTHS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter a number of months.")},
    )


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The question and, once it is asked, its answer; without a `form`, `why` a renewal is out of the question."""

    form: WhatIfForm | None
    why: str = ""
    answer: Verdict | None = None


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A moment at which something expires: links to the server, its IPs, its codes. `tone` warns when it is near."""

    at: datetime
    things: list[SafeString]
    tone: str


def what_if(request: HttpRequest, server: Server, *, now: datetime) -> WhatIf:
    """Would the server pass if it were renewed for `months` of the address more?"""
    if server.state == ServerState.TERMINATED:
        return WhatIf(form=None, why=_("A terminated server is gone for good: nothing renews it."))
    if server.billing_mode != BillingMode.PREPAID:
        return WhatIf(form=None, why=_("Only a prepaid server is renewed."))
    form = WhatIfForm(request.GET if "months" in request.GET else None)
    if not form.is_valid():
        return WhatIf(form=form)
    try:
        choice = Choice.renewal(server, months=form.cleaned_data["months"])
    except OverflowError:
        form.add_error("months", _("No calendar reaches that far."))
        return WhatIf(form=form)
    return WhatIf(form=form, answer=_answer(GENERATION.report(server, now=now, choice=choice), choice))


def _answer(report: Report[Server], choice: Choice) -> Verdict:
    until = shanghai(choice.renewed_until) if choice.renewed_until else ""
    text = ngettext(
        "With %(months)d month more, until %(until)s.",
        "With %(months)d months more, until %(until)s.",
        choice.more_months or 0,
    )
    line = text % {"months": choice.more_months, "until": until}
    if report.passed:
        return Verdict(kind="ok", headline=_("It would pass"), line=line)
    return Verdict(kind=kind_of(report), headline=cannot_generate(report), line=join([line, *refusals(report)]))


def endings(server: Server, ips: Iterable[IPAddress], codes: Iterable[Any], *, now: datetime) -> list[Ending]:
    """What of a server that has not ended expires after `now`, the next first: itself, its IPs, its codes that live.

    `codes` come with their shown state, server and IP.
    """
    if server.state == ServerState.TERMINATED:
        return []
    found: list[tuple[datetime | None, SafeString]] = [(server.expires_at, link(server))]
    found += [(ip.expires_at, link(ip)) for ip in ips if ip.released_at is None]
    found += [(validity.expires_at(code), link(code)) for code in codes if code.shown_state in LIVE_STATES]
    by_moment: dict[datetime, list[SafeString]] = defaultdict(list)
    for at, thing in found:
        if at is not None and at > now:
            by_moment[at].append(thing)
    return [Ending(at=at, things=by_moment[at], tone="warn" if at - now <= NEAR else "") for at in sorted(by_moment)]
