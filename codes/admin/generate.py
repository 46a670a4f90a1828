"""Generating codes from the desk: for one server with all choices, or for several with a preview (FAQ 1 to 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codes import services
from codes.admin.base import BULK_LIMIT, DeskRecord, Rows, keys, posted, staff
from codes.admin.columns import list_url, page_url
from codes.admin.forms import DeskForm, GenerateForm, TicketForm
from codes.admin.verdicts import checked
from codes.choices import Channel
from codes.eligibility import GENERATION, codes_left, usable_ips
from codes.errors import NotEligible, Refused
from codes.messages import explain
from codes.models import AuthorizationCode
from codes.rules import Report
from servers.models import Server

PERMISSION = "codes.generate_code"
_RESULT_HEAD = (gettext_lazy("Server"), gettext_lazy("Result"), gettext_lazy("Codes"), gettext_lazy("Why"))


@dataclass(frozen=True, kw_only=True)
class GenerateButton:
    """The server page's primary action; `why` it is not possible, or ""."""

    url: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one server of several: its codes, or the refusal."""

    server: Server
    codes: list[AuthorizationCode] = field(default_factory=list)
    refusal: str = ""


def button(request: HttpRequest, report: Report[Server]) -> GenerateButton | None:
    """None for people who may not generate."""
    if not request.user.has_perm(PERMISSION):
        return None
    faqs = list(dict.fromkeys(outcome.faq for outcome in report.failed))
    why = _("Not available: FAQ %(faqs)s.") % {"faqs": ", ".join(faqs)} if faqs else ""
    return GenerateButton(url=reverse("admin:servers_server_generate", args=[report.subject.pk]), why=why)


def list_action(request: HttpRequest) -> dict[str, Any]:
    """The list's one action, for those who may."""
    if not request.user.has_perm(PERMISSION):
        return {}
    return {"generate": (_choose, "generate", gettext_lazy("Generate codes…"))}


def one(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the choices, generates, and returns to the server's page with the masked codes."""
    server = _permitted_server(model_admin, request, pk)
    now = timezone.now()
    report = GENERATION.report(server, now=now)
    if not report.passed:
        messages.error(request, explain(NotEligible(report)))
        return HttpResponseRedirect(page_url(server))
    form = GenerateForm(posted(request), ips=usable_ips(server, now=now), left=codes_left(report))
    if request.method == "POST" and form.is_valid():
        result = _generate(server, request, now=now, **form.cleaned_data)
        _say(request, result)
        return HttpResponseRedirect(page_url(server))
    title = _("Generate codes from %(server)s?") % {"server": server.instance_id}
    context = model_admin.desk_context(request, title=title) | {
        "object": server,
        "object_url": page_url(server),
        "effect": _effect(),
        "note": _("Every code counts towards the limit for good. Codes cannot be bought, sold or priced (FAQ 3)."),
        "form": form,
        "button": _("Generate"),
    }
    return TemplateResponse(request, "admin/desk/form.html", context)


def many(model_admin: DeskRecord, request: HttpRequest) -> HttpResponse:
    """Generates one code for each server of a confirmation page, then says per server what became of it."""
    _permit(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    chosen = keys(request.POST.getlist("server"))
    if not 0 < len(chosen) <= BULK_LIMIT:
        raise BadRequest
    form = TicketForm(request.POST)
    if not form.is_valid():
        return _ask(model_admin, request, chosen, form)
    now = timezone.now()
    results = [_generate(server, request, now=now, **form.cleaned_data) for server in _servers(chosen)]
    done = sum(len(result.codes) for result in results)
    title = ngettext("%(count)d code generated", "%(count)d codes generated", done) % {"count": done}
    context = model_admin.desk_context(request, title=title) | {
        "rows": results,
        "back_url": list_url(Server),
        **model_admin.result_csv(_RESULT_HEAD, map(_result_row, results)),
    }
    return TemplateResponse(request, "admin/desk/result_servers.html", context)


def _result_row(result: Result) -> list[str]:
    said = _("Not done") if result.refusal else _("Done")
    return [result.server.instance_id, said, " ".join(code.masked for code in result.codes), result.refusal]


def _choose(model_admin: DeskRecord, request: HttpRequest, chosen: Rows) -> HttpResponse | None:
    found = list(chosen.values_list("pk", flat=True)[: BULK_LIMIT + 1])
    if len(found) > BULK_LIMIT:
        messages.error(request, _("Choose at most %d servers at a time. Nothing was changed.") % BULK_LIMIT)
        return None
    return _ask(model_admin, request, found, TicketForm())


def _ask(model_admin: DeskRecord, request: HttpRequest, chosen: list[int], form: DeskForm) -> HttpResponse:
    now = timezone.now()
    reports = GENERATION.page_reports(_servers(chosen), now=now)
    going = [report for report in reports if report.passed]
    skipped = len(reports) - len(going)
    title = ngettext("Generate %(count)d code?", "Generate %(count)d codes, one a server?", len(going))
    title = title % {"count": len(going)}
    if skipped:
        values = {"skipped": skipped, "chosen": len(reports)}
        told = ngettext(
            "%(skipped)d of the %(chosen)d selected is skipped",
            "%(skipped)d of the %(chosen)d selected are skipped",
            skipped,
        )
        title = f"{title} {told % values}"
    does = ngettext("Generate %(count)d code", "Generate %(count)d codes", len(going))
    context = model_admin.desk_context(request, title=title) | {
        "effect": _effect(),
        "skipped": checked([report for report in reports if not report.passed]),
        "going": checked(going),
        "going_title": _("Will generate"),
        "button": does % {"count": len(going)},
        "action_url": reverse("admin:servers_server_generate_many"),
        "cancel_url": list_url(Server),
        "names": {"name": "server", "values": chosen},
        "form": form,
        "now": now,
    }
    return TemplateResponse(request, "admin/desk/confirm_servers.html", context)


def _generate(server: Server, request: HttpRequest, *, now: datetime, **choices: Any) -> Result:
    try:
        issued = services.generate(server, actor=staff(request), channel=Channel.ADMIN, now=now, **choices)
    except Refused as refused:
        return Result(server=server, refusal=explain(refused))
    return Result(server=server, codes=[each.code for each in issued])


def _say(request: HttpRequest, result: Result) -> None:
    if result.refusal:
        messages.error(request, result.refusal)
        return
    masked = ", ".join(code.masked for code in result.codes)
    text = ngettext("Code generated: %(codes)s.", "Codes generated: %(codes)s.", len(result.codes))
    messages.success(request, f"{text % {'codes': masked}} {_('Reveal shows the value.')}")


def _effect() -> str:
    return _("A code is tied to one public IP of its server and can never be taken back from the count.")


def _permit(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _permitted_server(model_admin: DeskRecord, request: HttpRequest, pk: int) -> Server:
    _permit(request)
    server: Server | None = model_admin.page_object(request, str(pk))
    if server is None:
        raise Http404
    return server


def _servers(chosen: list[int]) -> list[Server]:
    return list(Server.objects.filter(pk__in=chosen).order_by("pk"))
