"""Generating codes of one server from the desk, with all choices (FAQ 1 to 4). For many: codes/admin/bulk.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes import services
from codes.admin.asking import ask_about, done_before, repeated
from codes.admin.base import DeskRecord
from codes.admin.bulk_kinds import KINDS
from codes.admin.columns import page_url
from codes.admin.forms import GenerateForm
from codes.admin.request import posted, staff
from codes.choices import BulkAction, Channel
from codes.eligibility import GENERATION, codes_left
from codes.errors import NotEligible, Refused
from codes.messages import explain
from codes.reports import Report
from codes.server_facts import usable_ips
from icpportal.dates import shanghai
from icpportal.once import once
from icpportal.sentences import comma, join
from servers.models import Server

PERMISSION = KINDS[BulkAction.GENERATE].permission


@dataclass(frozen=True, kw_only=True)
class GenerateButton:
    """The server page's primary action; `why` it is not possible, or ""."""

    url: str
    why: str


def button(request: HttpRequest, report: Report[Server]) -> GenerateButton | None:
    """None for people who may not generate."""
    if not request.user.has_perm(PERMISSION):
        return None
    faqs = list(dict.fromkeys(outcome.faq for outcome in report.failed))
    why = _("Not available: FAQ %(faqs)s.") % {"faqs": comma().join(faqs)} if faqs else ""
    return GenerateButton(url=reverse("admin:servers_server_generate", args=[report.subject.pk]), why=why)


def one(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the choices, generates, and returns to the server's page with the masked codes."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    server: Server = model_admin.acted_on(request, pk)
    if (again := repeated(request, server)) is not None:
        return again
    now = timezone.now()
    report = GENERATION.report(server, now=now)
    if not report.passed:
        messages.error(request, explain(NotEligible(report)))
        return HttpResponseRedirect(page_url(server))
    form = GenerateForm(posted(request), ips=usable_ips(server, now=now), left=codes_left(report))
    if request.method == "POST" and form.is_valid():
        return _generate(server, request, form, now=now)
    _warn_of_another(request, server, now=now)
    return ask_about(
        server,
        model_admin,
        request,
        form,
        title=_("Generate codes from %(server)s?") % {"server": server.instance_id},
        effect=KINDS[BulkAction.GENERATE].effect,
        note=_("Every code counts towards the limit for good. Codes cannot be bought, sold or priced (FAQ 3)."),
        button=_("Generate"),
    )


def _warn_of_another(request: HttpRequest, server: Server, *, now: datetime) -> None:
    """Of the last code, if it is so new that somebody may be about to ask for the same one again."""
    last = server.codes.just_generated(now=now).order_by("-pk").first()
    if last is not None:
        text = _("%(code)s was generated at %(at)s: this generates another.")
        messages.warning(request, text % {"code": last.masked, "at": shanghai(last.generated_at)})


def _generate(server: Server, request: HttpRequest, form: GenerateForm, *, now: datetime) -> HttpResponse:
    """Generates, once for each form, and says which codes there are now, masked, or why there are none."""
    issued: list[services.Issued] = []

    def act(session: SessionBase) -> int:
        choices = form.cleaned_data
        issued.extend(services.generate(server, actor=staff(request), channel=Channel.ADMIN, now=now, **choices))
        return issued[0].code.pk

    try:
        _first, is_new = once(request, form, act, keeping=(NotEligible,))
    except Refused as refused:
        messages.error(request, explain(refused))
        return HttpResponseRedirect(page_url(server))
    if not is_new:
        return done_before(request, server)
    masked = comma().join(each.code.masked for each in issued)
    text = ngettext("Code generated: %(codes)s.", "Codes generated: %(codes)s.", len(issued))
    messages.success(request, join([text % {"codes": masked}, _("Reveal shows the value.")]))
    return HttpResponseRedirect(page_url(server))
