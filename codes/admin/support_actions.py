"""What agents do with support requests: open one for a customer, take, answer, close. POST alone changes anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes import services
from codes.admin.actions import Button
from codes.admin.asking import ask_about
from codes.admin.base import DeskRecord
from codes.admin.columns import link, page_url
from codes.admin.forms import DeskForm, FreeText
from codes.admin.request import posted, staff
from codes.admin.verdicts import able_siblings, replies
from codes.choices import SupportAction
from codes.desk import forget_waiting
from codes.errors import Refused
from codes.messages import explain
from codes.models import SupportRequest
from codes.reports import Report
from codes.support import ANSWER, MAX_TEXT, SUPPORT
from servers.models import Server

PERMISSION = f"codes.{ANSWER}"


class AnswerForm(DeskForm):
    """What the customer reads."""

    text = FreeText(
        label=gettext_lazy("Answer"),
        help_text=gettext_lazy("The customer reads it on the page of the request. Never a whole code."),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Write the answer.")},
    )


class QuestionForm(DeskForm):
    """What the customer said on the phone or in a ticket."""

    text = FreeText(
        label=gettext_lazy("What the customer asks"),
        help_text=gettext_lazy("The customer reads it too, on the page of the request. Never a whole code."),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": gettext_lazy("Write what the customer asks.")},
    )


def may(request: HttpRequest) -> bool:
    """Whether this person may do anything with support requests."""
    return request.user.has_perm(PERMISSION)


def open_url(request: HttpRequest, server: Server) -> str:
    """Where an agent opens a request for the server's owner; "" for who may not."""
    return reverse("admin:codes_supportrequest_open", args=[server.pk]) if may(request) else ""


def offered(
    request: HttpRequest, asked: SupportRequest, report: Report[Any] | None, *, now: datetime
) -> dict[str, Any]:
    """What this person may do on the request's page: take, close, and the form of the answer."""
    if not may(request):
        return {"take": None, "close": None, "form": None, "answer_refusal": "", "answer_url": ""}
    refusal = SUPPORT[SupportAction.ANSWER].refusal(asked.state)
    take = None if asked.taken_by_id == staff(request).pk else _button(SupportAction.TAKE, asked)
    return {
        "take": take,
        "close": _button(SupportAction.CLOSE, asked),
        "form": None if refusal else AnswerForm(initial={"text": _reply(asked, report, now=now)}),
        "answer_refusal": "" if take and take.why == refusal else refusal,
        "answer_url": _url(SupportAction.ANSWER, asked),
    }


def take(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Takes it, or takes it over."""
    asked = _asked(model_admin, request, pk)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        services.take(asked, actor=staff(request), now=timezone.now())
        messages.success(request, _("%(reference)s is yours.") % {"reference": asked})
    except Refused as refused:
        messages.error(request, explain(refused))
    return HttpResponseRedirect(page_url(asked))


def answer(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Answers; a text that cannot be sent comes back with why."""
    asked = _asked(model_admin, request, pk)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = AnswerForm(request.POST)
    now = timezone.now()
    if not form.is_valid():
        context = model_admin.desk_context(request, title=str(asked)) | {"now": now}
        context |= model_admin.page(request, asked, now=now) | {"form": form}
        return TemplateResponse(request, model_admin.page_template, context, status=400)
    try:
        services.answer(asked, text=form.cleaned_data["text"], actor=staff(request), now=now)
        forget_waiting()
        messages.success(request, _("%(reference)s is answered.") % {"reference": asked})
    except Refused as refused:
        messages.error(request, explain(refused))
    return HttpResponseRedirect(page_url(asked))


def close(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, then closes."""
    asked = _asked(model_admin, request, pk)
    if request.method == "POST":
        try:
            services.close(asked, actor=staff(request), now=timezone.now())
            forget_waiting()
            messages.success(request, _("%(reference)s is closed.") % {"reference": asked})
        except Refused as refused:
            messages.error(request, explain(refused))
        return HttpResponseRedirect(page_url(asked))
    title = _("Close %(reference)s?") % {"reference": asked}
    effect = SUPPORT[SupportAction.CLOSE].effect
    return ask_about(asked, model_admin, request, DeskForm(), title=title, effect=effect, button=_("Close"))


def open_for_server(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Opens a request for the owner of a server, with its report."""
    _permit(request)
    server = Server.objects.select_related("account").filter(pk=pk).first()
    if server is None or not request.user.has_perm("servers.view_server"):
        raise Http404
    form = QuestionForm(posted(request))
    if form.is_valid():
        try:
            asked = services.open_request(
                server.account,
                server=server,
                text=form.cleaned_data["text"],
                by_staff=True,
                actor=staff(request),
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error("text", explain(refused))
        else:
            forget_waiting()
            messages.success(request, _("%(reference)s is open.") % {"reference": asked})
            return HttpResponseRedirect(page_url(asked))
    title = _("Open a support request for %(server)s?") % {"server": server.instance_id}
    effect = _("The report as it is now goes along; the members of the account see the request.")
    button, status = _("Open support request"), 400 if form.errors else 200
    texts = {"title": title, "effect": effect, "button": button, "note": _another(server)}
    return ask_about(server, model_admin, request, form, status=status, **texts)


def _another(server: Server) -> str:
    """Of the request about the server that waits already: who answers there need not open a second one."""
    waiting = server.support_requests.waiting().order_by("pk").first()
    text = _("{request} about this server is open already.")
    return "" if waiting is None else format_html(text, request=link(waiting))


def _button(action: SupportAction, asked: SupportRequest) -> Button:
    why = str(SUPPORT[action].refusal(asked.state))
    return Button(id=action.value, label=str(action.label), url=_url(action, asked), why=why)


def _url(action: SupportAction, asked: SupportRequest) -> str:
    return reverse(f"admin:codes_supportrequest_{action.value}", args=[asked.pk])


def _reply(asked: SupportRequest, report: Report[Any] | None, *, now: datetime) -> str:
    """The reply of the server's page, in the customer's language; "" where no condition explains it or nobody waits."""
    if report is None or asked.waiting_since is None or asked.code_id or (asked.all_passed and report.passed):
        return ""
    others = [] if report.passed else able_siblings(report.subject, now=now)
    texts = {reply.language: reply.text for reply in replies(report, others)}
    return texts.get(asked.language) or texts["en"]


def _permit(request: HttpRequest) -> None:
    if not may(request):
        raise PermissionDenied


def _asked(model_admin: DeskRecord, request: HttpRequest, pk: int) -> SupportRequest:
    _permit(request)
    asked: SupportRequest = model_admin.acted_on(request, pk)
    return asked
