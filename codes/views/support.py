"""Contact customer service: a question with the report sent along, its page, the answer, my requests (FAQ 4 end)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes import services
from codes.choices import SupportState
from codes.errors import Refused
from codes.forms import MessageForm, RequestFilter
from codes.messages import explain
from codes.models import AuthorizationCode, SupportMessage, SupportRequest
from codes.support import report_of, report_then
from codes.views.access import READ, membership, own_code, own_request, own_server, page, person, signed_in
from codes.views.news import read_answer
from codes.views.paging import cut
from icpportal.handles import NAME
from icpportal.sign_in.people import name
from servers.models import Account, Server

_FAILED_TRY = re.compile(NAME)
_SECTION = "support"
_TURN: Mapping[SupportState, object] = {
    SupportState.OPEN: gettext_lazy("The answer appears on this page. You need not send it again."),
    SupportState.TAKEN: gettext_lazy("The answer appears on this page. You need not send it again."),
    SupportState.ANSWERED: gettext_lazy("Read the answer below. If it does not help, write again."),
    SupportState.CLOSED: gettext_lazy("If something is still open, write again: that reopens the request."),
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message as its reader sees it: customer service is not named, colleagues are."""

    message: SupportMessage
    is_mine: bool

    @property
    def author(self) -> str:
        if self.is_mine:
            return _("You")
        if self.message.is_staff:
            return _("Customer service")
        return name(self.message.author)


@signed_in(*READ, "POST")
def contact(request: HttpRequest) -> HttpResponse:
    """A question that is about no server and no code."""
    member = membership(request)
    if member.current is None:
        return page(request, "codes/no_account.html", {}, section=_SECTION, member=member)
    return _ask(request, member.current)


@own_server(*READ, "POST")
def contact_server(request: HttpRequest, server: Server) -> HttpResponse:
    """A question about a server; `?request=` names the try that failed."""
    return _ask(request, server.account, server=server)


@own_code(*READ, "POST")
def contact_code(request: HttpRequest, code: AuthorizationCode) -> HttpResponse:
    """A question about a code."""
    return _ask(request, code.server.account, code=code)


def _ask(
    request: HttpRequest, account: Account, *, server: Server | None = None, code: AuthorizationCode | None = None
) -> HttpResponse:
    """GET asks, with the report that is sent along; POST sends, and leads to the request's page."""
    now = timezone.now()
    form = MessageForm(request.POST if request.method == "POST" else None)
    failed_try = request.GET.get("request", "")
    failed_try = failed_try if _FAILED_TRY.fullmatch(failed_try) else ""
    if form.is_valid():
        try:
            sent = services.open_request(
                account,
                text=form.cleaned_data["text"],
                server=server,
                code=code,
                request_id=failed_try,
                actor=person(request),
                now=now,
            )
        except Refused as error:
            form.add_error("text", explain(error))
        else:
            messages.success(request, _("Your request is with customer service: %(reference)s.") % {"reference": sent})
            return redirect("codes:request", sent.reference)
    report = report_of(server, code, now=now)
    context = {"form": form, "server": server, "code": code, "report": report, "failed_try": failed_try, "now": now}
    status = 400 if form.errors else 200
    return page(request, "codes/contact.html", context, section=_SECTION, account=account, status=status)


@signed_in(*READ)
def requests(request: HttpRequest) -> HttpResponse:
    """My requests: those of the current account, newest first."""
    member = membership(request)
    if member.current is None:
        return page(request, "codes/no_account.html", {}, section=_SECTION, member=member)
    form = RequestFilter(request.GET)
    if not form.is_valid():
        raise BadRequest("no such list")
    cursor = form.cleaned_data["cursor"]
    rows, next_cursor = cut(
        SupportRequest.objects.filter(account=member.current).select_related("server", "code"), cursor
    )
    context = {"rows": rows, "cursor": cursor, "next_cursor": next_cursor, "now": timezone.now()}
    return page(request, "codes/requests.html", context, section=_SECTION, member=member)


@own_request(*READ, "POST")
def one(request: HttpRequest, asked: SupportRequest) -> HttpResponse:
    """A request's page: the state, the reference, the conversation, the report of then; POST writes again."""
    now = timezone.now()
    form = MessageForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.follow_up(asked, text=form.cleaned_data["text"], actor=person(request), now=now)
        except Refused as error:
            form.add_error("text", explain(error))
        else:
            messages.success(request, _("Your message is with customer service."))
            return redirect("codes:request", asked.reference)
    read_answer(request, asked)
    said = asked.messages.select_related("author").order_by("pk")
    context = {
        "asked": asked,
        "verdict": _verdict(asked),
        "messages_said": [Said(message=each, is_mine=each.author_id == person(request).pk) for each in said],
        "report": report_then(asked),
        "is_owner": asked.server is not None and asked.server.account_id == asked.account_id,
        "form": form,
        "now": now,
    }
    status = 400 if form.errors else 200
    return page(request, "codes/request.html", context, section=_SECTION, account=asked.account, status=status)


def _verdict(asked: SupportRequest) -> dict[str, str]:
    """Whose turn it is, in words; where every condition passes, that first (FAQ 4 end)."""
    state = SupportState(asked.state)
    line = str(_TURN[state])
    if asked.all_passed and asked.waiting_since:
        headline = _("Every condition passes: only we can resolve this")
        both = _("%(state)s. %(what_next)s") % {"state": state.label, "what_next": line}
        return {"kind": "warn", "headline": headline, "line": both}
    kind = "ok" if state == SupportState.ANSWERED else "idle"
    return {"kind": kind, "headline": str(state.label), "line": line}
