"""Servers: the list with its verdicts, and the page that answers "why is generating refused?" (FAQ 4 and 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.cache import cache
from django.db.models import BooleanField, Case, CharField, F, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from codes.admin import actions, bulk, generate, imports, support_actions, timeline
from codes.admin.base import DeskRecord
from codes.admin.changelist import JUDGED_UP_TO, tab_counts
from codes.admin.columns import clamped, expiry, link, list_url, moment
from codes.admin.list_filters import SOONEST_FIRST, WITHIN_DAYS, DeskFilter, Rows, account_filter, choice_filter
from codes.admin.rows import dressed
from codes.admin.support_words import requests_facts
from codes.admin.verdicts import able_siblings, checked, reasons, replies, server_verdict
from codes.admin.what_if import endings, what_if
from codes.choices import Action
from codes.desk import KEPT_SECONDS
from codes.eligibility import GENERATION, codes_left
from codes.lifecycle import TRANSITIONS
from codes.models import AuthorizationCode, SupportRequest
from codes.reports import Report
from codes.standing import CAN_GENERATE, Standing, with_standing
from icpportal.dates import shanghai
from icpportal.plans import ByBytes
from servers.choices import BillingMode, ServerState
from servers.filters import in_failing_regions, is_impossible
from servers.models import IPAddress, Region, Server

_REGIONS = "icp.regions"
TABS = {
    "true": (_("Can generate"), CAN_GENERATE),
    "false": (_("Cannot generate"), (Standing.REFUSED, Standing.FULL)),
    "not_required": (_("No filing needed"), (Standing.HONG_KONG,)),
    "terminated": (_("Terminated"), (Standing.TERMINATED,)),
}


class StandingFilter(DeskFilter):
    """How a server stands to generating, as tabs: neither Hong Kong nor what is gone among those that cannot."""

    title = _("verdict")
    parameter_name = "eligible"
    is_tabs = is_judged = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, (label, _standings) in TABS.items()]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        if value == "true":
            return GENERATION.passing(rows, now=now)
        if value == "terminated":
            return rows.filter(state=ServerState.TERMINATED)
        # As a boolean, which the database takes for half of the rows; one standing of six it takes for next to none.
        is_such = Case(When(standing__in=TABS[value][1], then=True), default=False, output_field=BooleanField())
        judged: Rows = with_standing(rows, now=now)
        return judged.filter(is_such)

    def counts(self, rows: Rows, values: list[str], *, whole: int | None, now: datetime) -> list[int | None]:
        judged, tab = with_standing(rows, now=now), Case(*_whens(), output_field=CharField())
        return tab_counts(judged, tab, values, whole=whole, up_to=JUDGED_UP_TO)


def _whens() -> Iterable[When]:
    return (When(standing__in=standings, then=Value(value)) for value, (_label, standings) in TABS.items())


class ExpiresFilter(DeskFilter):
    """Servers that run out within some days, and their codes with them (FAQ 5.1)."""

    title = _("expires")
    parameter_name = "expires_within"
    ordering, order_label = ("expires_at", "pk"), SOONEST_FIRST

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(WITHIN_DAYS)

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        return rows.filter(expires_at__gt=now, expires_at__lte=now + timedelta(days=int(value)))


class FailsFilter(DeskFilter):
    """Servers of which one condition fails, by its title."""

    title = _("fails")
    parameter_name = "fails"
    is_judged = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return reasons()

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Those of which the condition fails; an account's are few enough to be read."""
        rows, code = super().queryset(request, queryset), self.value()
        return rows if code is None or "account" in request.GET else in_failing_regions(rows, code, now=timezone.now())

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        return GENERATION.failing(rows, now=now, code=value)


class RegionFilter(DeskFilter):
    """By region: the regions are a short table of their own, so no DISTINCT over the servers.

    They are those of some seconds ago, unless another is asked for.
    """

    title = _("region")
    parameter_name = "region"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known: list[Region] = cache.get(_REGIONS, [])
        if not known or self.value() not in (None, *(region.code for region in known)):
            known = list(Region.objects.order_by("code"))
            cache.set(_REGIONS, known, KEPT_SECONDS)
        return [(region.code, str(region)) for region in known]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        return rows.filter(region__code=value)


@admin.register(Server)
class ServerAdmin(DeskRecord):
    """Facts are the feed's; agents look, and generate."""

    page_template = "admin/desk/server.html"
    bulk_limit = bulk.RUN_LIMIT
    list_display = ("instance_id", "named", "account_cell", "verdict", "quota", "expires", "place", "billing")
    list_filter = (
        StandingFilter,
        FailsFilter,
        ExpiresFilter,
        choice_filter("state", _("state"), ServerState.choices),
        choice_filter("billing_mode", _("billing mode"), BillingMode.choices),
        RegionFilter,
        account_filter("account"),
    )
    sortable_by = ("instance_id", "named", "expires")
    orders = {"instance_id": ByBytes(F("instance_id")), "named": ByBytes(F("name"))}

    @admin.display(description=_("name"), ordering="name")
    def named(self, server: Server) -> SafeString | str:
        return clamped(server.name)

    @admin.display(description=_("account"))
    def account_cell(self, server: Server) -> SafeString:
        return link(server.account)

    @admin.display(description=_("verdict"))
    def verdict(self, server: Any) -> str:
        return render_to_string("includes/verdict_word.html", {"row": checked([server.report])[0]})

    @admin.display(description=_("codes"))
    def quota(self, server: Any) -> str:
        return quota(server.report)

    @admin.display(description=_("expires"), ordering="expires_at")
    def expires(self, server: Any) -> SafeString | str:
        return expiry(server.expires_at, now=server.report.now)

    @admin.display(description=_("region"))
    def place(self, server: Server) -> str:
        """By its name alone, so that a row stays a line."""
        return server.region.name or server.region.code

    @admin.display(description=_("billing mode"))
    def billing(self, server: Server) -> str:
        """Short, so that a row stays a line."""
        return str(_("Prepaid") if server.billing_mode == BillingMode.PREPAID else server.get_billing_mode_display())

    def is_impossible(self, chosen: Mapping[str, str], *, now: datetime) -> bool:
        tab, state = chosen.get("eligible"), chosen.get("state")
        if tab == "terminated":
            state = state or ServerState.TERMINATED.value
        if tab and state and (tab == "terminated") is not (state == ServerState.TERMINATED):
            return True  # what is terminated stands behind that tab alone
        return is_impossible({**chosen, "eligible": tab == "true", "state": state}, now=now)

    def dress(self, rows: Iterable[Server], *, now: datetime) -> list[Any]:
        """Each row with its report: one query for the page's rules."""
        servers = list(rows)
        for server, report in zip(servers, GENERATION.page_reports(servers, now=now), strict=True):
            server.report = report  # type: ignore[attr-defined]
        return servers

    def bulk_actions(self, request: HttpRequest) -> dict[str, Any]:
        return bulk.list_actions(request, Server)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/generate/", view(self.generate_one), name="servers_server_generate"),
            *imports.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the way to importing for those who may."""
        return super().changelist_view(request, {"import_url": imports.url(request), **(extra_context or {})})

    def generate_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        return generate.one(self, request, pk)

    def get_queryset(self, request: HttpRequest) -> Rows:
        return super().get_queryset(request).select_related("account", "region")

    def page(self, request: HttpRequest, obj: Server, *, now: datetime) -> dict[str, Any]:
        """The verdict and its proof, codes, IPs with their history, the reply, the story."""
        report = GENERATION.report(obj, now=now)
        others = [] if report.passed else able_siblings(obj, now=now)
        button = generate.button(request, report)
        codes = dressed(AuthorizationCode.objects.filter(server=obj).order_by("slot"), now=now)
        for code in codes:
            code.buttons = actions.row_buttons(request, code)
        ips = list(IPAddress.objects.filter(server=obj).order_by("-released_at", "assigned_at", "pk"))
        return {
            "server": obj,
            "report": report,
            "verdict": server_verdict(report),
            "left": codes_left(report),
            "facts": _facts(obj, now=now),
            "others": others,
            "others_url": list_url(Server, account=obj.account.uid, eligible="true"),
            "replies": replies(report, others),
            "reply_is_primary": button is None or bool(button.why),
            "generate": button,
            "support_url": support_actions.open_url(request, obj),
            "codes": codes,
            "ips": ips,
            "what_if": what_if(request, obj, now=now),
            "endings": endings(obj, ips, codes, now=now),
            "may_reveal": actions.may(request, TRANSITIONS[Action.REVEAL]),
            **timeline.context(obj.events.all(), server=obj.instance_id),
        }


def quota(report: Report[Server]) -> str:
    """The meter of a server."""
    subject: Any = report.subject
    context = {"generated": subject.codes_generated, "limit": report.policy.codes_per_server}
    return render_to_string("includes/quota_meter.html", context)


def _facts(server: Server, *, now: datetime) -> list[dict[str, Any]]:
    state = _("%(state)s since %(when)s") % {
        "state": server.get_state_display(),
        "when": shanghai(server.state_since),
    }
    is_over = server.expires_at is not None and server.expires_at <= now
    return [
        {"label": _("State"), "value": state},
        {
            "label": _("Expired (Asia/Shanghai)") if is_over else _("Expires (Asia/Shanghai)"),
            "value": moment(server.expires_at),
        },
        {"label": _("Billing"), "value": _billing(server)},
        {"label": _("Purchased"), "value": moment(server.purchased_at)},
        {"label": _("Facts read"), "value": moment(server.facts_at)},
        *requests_facts(SupportRequest.objects.filter(server=server), server=server.instance_id),
    ]


def _billing(server: Server) -> str:
    mode = server.get_billing_mode_display()
    if server.billing_mode != BillingMode.PREPAID:
        return mode
    text = ngettext("%(mode)s, %(months)d month", "%(mode)s, %(months)d months", server.prepaid_months)
    return text % {"mode": mode, "months": server.prepaid_months}
