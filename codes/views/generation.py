"""Generating a code: the question on its own page, the answer on the code's page (FAQ 1 to 4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes import services
from codes.choices import Channel
from codes.eligibility import GENERATION
from codes.errors import NotEligible, ValueInText
from codes.forms import GenerateForm
from codes.messages import cannot_generate, explain, refusals
from codes.models import AuthorizationCode
from codes.policy import Policy
from codes.reports import Report
from codes.server_facts import usable_ips
from codes.standing import CAN_GENERATE, expires_soon
from codes.views.access import READ, own_server, page, person
from codes.views.cards import Card, cards
from codes.views.once import generate_once
from icpportal.context import request_id
from servers.choices import IPKind
from servers.models import IPAddress, Server

_OVERTAKEN = gettext_lazy(
    "%(code)s was generated from this server while this form was open. Send the form again if you need another code."
)
# Why an IP that is live cannot be chosen: its kind's own rule says it.
_BARRED = {IPKind.ELASTIC: "elastic_ip", IPKind.CLB: "clb_ip"}


class _Overtaken(Exception):
    """Another code was generated after the form was shown: whoever has two tabs open hardly wants two codes."""

    def __init__(self, newest: AuthorizationCode) -> None:
        super().__init__()
        self.newest = newest


@own_server(*READ, "POST")
def generate(request: HttpRequest, server: Server) -> HttpResponse:
    """GET asks, POST generates once per form (icpportal/once.py) and leads to the code's page."""
    now = timezone.now()
    usable = list(usable_ips(server, now=now))
    if request.method != "POST":
        return _ask(request, server, GenerateForm(ips=usable), now=now)
    form = GenerateForm(request.POST, ips=usable)
    if not form.is_valid():
        return _ask(request, server, form, now=now, status=400)
    try:
        return _generate(request, server, form, now=now)
    except ValueInText as error:
        form.add_error(error.field, explain(error))
        return _ask(request, server, form, now=now, status=400)
    except _Overtaken as error:
        messages.warning(request, _OVERTAKEN % {"code": error.newest.masked})
        return _ask(request, server, form, now=now, status=409)
    except NotEligible as error:
        return _refuse(request, server, error.report, now=now, status=409)
    except OperationalError:
        return _refuse(request, server, None, now=now, status=503)


def _generate(request: HttpRequest, server: Server, form: GenerateForm, *, now: datetime) -> HttpResponse:
    typed = form.cleaned_data

    def once() -> AuthorizationCode:
        newest = server.codes.order_by("-slot").first()
        is_last = newest and newest.slot >= Policy.current().codes_per_server  # then the refusal says so
        if newest and not is_last and typed["seen"] not in ("", str(newest.slot)):
            raise _Overtaken(newest)
        issued = services.generate(
            server,
            ip=form.chosen_ip(),
            remark=typed["remark"],
            authorized_account=typed["authorized_account"],
            actor=person(request),
            channel=Channel.SELF_SERVICE,
            now=now,
        )
        return issued[0].code

    pk, is_new = generate_once(request, form, once)
    if not is_new:
        messages.info(
            request, _("This form was sent before: here is the code that it generated. There is no second one.")
        )
    return redirect("codes:code", pk)


def _ask(request: HttpRequest, server: Server, form: GenerateForm, *, now: datetime, status: int = 200) -> HttpResponse:
    card = cards([server.pk], now=now)[0]
    if card.standing not in CAN_GENERATE:
        return _refused(request, card, card.report, reference="", status=status)
    # `recent`: who finds the form again by going back sends a new one, and no slot comes back.
    live = IPAddress.objects.filter(server=server).live(now=now).in_order()
    # One that has arrived since the form was made is not in it and may be none that is barred.
    barred = [{"ip": ip, "why": _why_barred(ip)} for ip in live if ip.pk not in form.ips and ip.kind in _BARRED]
    context = {
        "card": card,
        "form": form,
        "ip": next(iter(form.ips.values()), None),
        "barred": barred,
        "ips": live,
        "ending": _ending(card, form, now=now),
        "recent": server.codes.just_generated(now=now).order_by("-slot").first(),
        "now": now,
    }
    return page(request, "codes/generate.html", context, section="servers", account=server.account, status=status)


def _refuse(
    request: HttpRequest, server: Server, report: Report[Server] | None, *, now: datetime, status: int
) -> HttpResponse:
    """After a POST: what failed is found at the desk under the request's id, so the page names it.

    Without anything that fails this is the end of FAQ 4: all holds, generating failed, customer service helps.
    """
    card = cards([server.pk], now=now)[0]
    failed = card.report if card.standing not in CAN_GENERATE else report
    return _refused(request, card, failed, reference=request_id.get(), status=status)


def _refused(
    request: HttpRequest, card: Card, report: Report[Server] | None, *, reference: str, status: int
) -> HttpResponse:
    context: dict[str, Any] = {
        "card": card,
        "judged": report is card.report,
        "headline": cannot_generate(report) if report else "",
        "refusals": refusals(report) if report else [],
        "reference": reference,
        "now": card.now,
    }
    account = card.server.account
    return page(request, "codes/refused.html", context, section="servers", account=account, status=status)


def _ending(card: Card, form: GenerateForm, *, now: datetime) -> list[IPAddress]:
    """The IPs that expire soon, without the one that the verdict names."""
    named = card.server.usable_ip_id if card.ends_with_ip else None
    return [ip for ip in form.ips.values() if ip.pk != named and expires_soon(ip.expires_at, now=now)]


def _why_barred(ip: IPAddress) -> str:
    rule = GENERATION[_BARRED[IPKind(ip.kind)]]
    return str(rule.explanation % Policy.current().as_dict())
