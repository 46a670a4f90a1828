"""Codes: the list by shown state, and the page that answers "why is my code invalid?" (FAQ 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.admin import actions, bulk, timeline
from codes.admin.base import DeskRecord
from codes.admin.columns import DASH, account_cell, link, moment
from codes.admin.list_filters import (
    SOONEST_FIRST,
    WITHIN_DAYS,
    DeskFilter,
    Rows,
    account_filter,
    handle_filter,
    server_filter,
)
from codes.admin.rows import dressed, expiring, filled, first_to_end, shown
from codes.admin.verdicts import code_verdict
from codes.choices import Action, ShownState
from codes.filters import told_early
from codes.lifecycle import TRANSITIONS
from codes.models import AuthorizationCode, Filing
from codes.validity import EXPIRY, VALIDITY, shown_as, shown_state


class ShownStateFilter(DeskFilter):
    """By the state that is shown, as tabs."""

    title = _("state")
    parameter_name = "state"
    is_tabs = is_judged = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ShownState.choices)

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Those in the chosen state; of one account told by their servers' keys, since it may have very many."""
        rows, owner = super().queryset(request, queryset), request.GET.get("account")
        return told_early(rows, {"account__uid": owner}) if owner and self.value() else rows

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        return rows.filter(shown_as(value, now=now))

    def expression(self, *, now: datetime) -> Any:
        return shown_state(now)


class ExpiringFilter(DeskFilter):
    """Codes that are usable or held now and expire with their server within some days."""

    title = _("expires")
    parameter_name = "expires_within"
    is_judged = True
    ordering, order_label = (EXPIRY, "server_id", "pk"), SOONEST_FIRST

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(WITHIN_DAYS)

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        return expiring(rows, days=int(value), now=now)

    def leading(self, rows: Rows, *, count: int, now: datetime) -> Rows:
        """The first by their server and the first by their IP, each read in the order of its index."""
        return rows.filter(pk__in=first_to_end(rows, count=count, days=int(str(self.value())), now=now))


@admin.register(AuthorizationCode)
class CodeAdmin(DeskRecord):
    """Agents inspect, reset, withdraw, rotate, reveal and edit; only the services write."""

    page_template = "admin/desk/code.html"
    bulk_limit = bulk.RUN_LIMIT
    list_title = _("Codes")
    shows_codes = True
    list_display = ("code_cell", "state_cell", "server_cell", "account_cell", "used_for", "generated", "expires")
    list_display_links = None
    list_filter = (
        ShownStateFilter,
        ExpiringFilter,
        account_filter("server__account"),
        server_filter("server"),
        handle_filter("ip", _("IP address"), "ip__address"),
        handle_filter("authorized_account", _("authorized account"), "authorized_account"),
    )
    sortable_by = ("generated",)

    @admin.display(description=_("code"))
    def code_cell(self, code: AuthorizationCode) -> SafeString:
        return format_html('<a class="mono" href="{}/change/" translate="no">{}</a>', code.pk, code)

    @admin.display(description=_("state"))
    def state_cell(self, code: Any) -> Any:
        return code.badge

    @admin.display(description=_("server"))
    def server_cell(self, code: AuthorizationCode) -> SafeString:
        return link(code.server)

    @admin.display(description=_("account"))
    def account_cell(self, code: AuthorizationCode) -> SafeString:
        return link(code.server.account)

    @admin.display(description=_("domain and order"))
    def used_for(self, code: Any) -> Any:
        return code.filing_cell

    @admin.display(description=_("generated"), ordering="generated_at")
    def generated(self, code: AuthorizationCode) -> SafeString | str:
        return moment(code.generated_at)

    @admin.display(description=_("expires"))
    def expires(self, code: Any) -> Any:
        return code.expiry_cell

    @admin.display(description=_("value"))
    def reveal_cell(self, code: AuthorizationCode) -> SafeString:
        link = render_to_string("includes/reveal_link.html", {"code": code, "url": f"{code.pk}/reveal/"})
        return SafeString(link.strip())

    def get_list_display(self, request: HttpRequest) -> Any:
        """With a way to the value, for those who may see it."""
        columns = super().get_list_display(request)
        return (*columns, "reveal_cell") if actions.may(request, TRANSITIONS[Action.REVEAL]) else columns

    def with_cells(self, rows: Rows, *, now: datetime) -> Rows:
        return shown(rows, now=now)

    def dress(self, rows: Iterable[AuthorizationCode], *, now: datetime) -> list[Any]:
        return filled(rows, now=now)

    def bulk_actions(self, request: HttpRequest) -> dict[str, Any]:
        return bulk.list_actions(request, AuthorizationCode)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/act/<str:action>/", view(self.act), name="codes_authorizationcode_act"),
            path("<int:pk>/reveal/", view(self.reveal), name="codes_authorizationcode_reveal"),
            path("<int:pk>/edit/", view(self.edit), name="codes_authorizationcode_edit"),
            *super().get_urls(),
        ]

    def act(self, request: HttpRequest, pk: int, action: str) -> HttpResponseBase:
        return actions.act_on_one(self, request, pk, action)

    def reveal(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return actions.reveal(self, request, pk)

    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        return actions.edit(self, request, pk)

    def page(self, request: HttpRequest, obj: AuthorizationCode, *, now: datetime) -> dict[str, Any]:
        """The state in words, why it is not usable, what may be done, who filed with it, the story."""
        report = VALIDITY.report(obj, now=now)
        code = dressed(AuthorizationCode.objects.filter(pk=obj.pk), now=now)[0]
        return {
            "code": code,
            "report": report,
            "verdict": code_verdict(report),
            "facts": _facts(code),
            "buttons": actions.buttons(request, code),
            "filings": Filing.objects.filter(code=obj).select_related("client").order_by("-pk"),
            **timeline.context(obj.events.all(), code=obj.pk),
        }


def _facts(code: Any) -> list[dict[str, Any]]:
    server = code.server
    return [
        {"label": _("State"), "value": code.badge},
        {"label": _("Server"), "value": link(server)},
        {"label": _("Public IP"), "value": link(code.ip)},
        {"label": _("Account"), "value": account_cell(server.account, server.account.name)},
        {"label": _("Slot"), "value": str(code.slot)},
        {"label": pgettext_lazy("when", "Generated"), "value": moment(code.generated_at)},
        {"label": _("Expires (Asia/Shanghai)"), "value": code.expiry_cell},
        {"label": _("Authorized account"), "value": code.authorized_account or _("Any account")},
        {"label": _("Remark"), "value": code.remark or DASH},
    ]
