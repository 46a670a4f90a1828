"""Records behind the decisions: IP addresses over time, and regions, which supervisors classify."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.admin import classify
from codes.admin.base import DeskRecord
from codes.admin.columns import DASH, choice, link, list_url, moment, mono
from codes.admin.list_filters import DeskFilter, Rows, account_filter, choice_filter, handle_filter, server_filter
from codes.models import AuthorizationCode
from icpportal.plans import ByBytes
from servers.choices import IPKind, Jurisdiction
from servers.models import IPAddress, Region, Server


class LiveFilter(DeskFilter):
    """Held by a server now, or released."""

    title = _("assignment")
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("true", _("On a server")), ("false", _("Released"))]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        return rows.filter(released_at__isnull=value == "true")


@admin.register(IPAddress)
class IPAddressAdmin(DeskRecord):
    """One assignment of an address to a server (decision 4)."""

    list_display = ("address", "kind_cell", "server_cell", "account_cell", "assigned", "expires", "released")
    list_filter = (
        LiveFilter,
        choice_filter("kind", _("kind"), IPKind.choices),
        handle_filter("address", _("address"), "address"),
        server_filter("server"),
        account_filter("server__account"),
    )
    sortable_by = ("address",)
    orders = {"address": ByBytes(F("address"))}

    @admin.display(description=_("kind"))
    def kind_cell(self, ip: IPAddress) -> str:
        return choice(ip, "kind")

    @admin.display(description=_("server"))
    def server_cell(self, ip: IPAddress) -> SafeString:
        return link(ip.server)

    @admin.display(description=_("account"))
    def account_cell(self, ip: IPAddress) -> SafeString:
        return link(ip.server.account)

    @admin.display(description=_("assigned"))
    def assigned(self, ip: IPAddress) -> SafeString | str:
        return moment(ip.assigned_at)

    @admin.display(description=_("expires"))
    def expires(self, ip: IPAddress) -> SafeString | str:
        return moment(ip.expires_at)

    @admin.display(description=_("released"))
    def released(self, ip: IPAddress) -> SafeString | str:
        return moment(ip.released_at)

    def get_queryset(self, request: HttpRequest) -> Rows:
        return super().get_queryset(request).select_related("server__account")

    def page(self, request: HttpRequest, obj: IPAddress, *, now: datetime) -> dict[str, Any]:
        """The assignment, and where its codes and the address's other assignments are listed."""
        facts = [
            {"label": _("Kind"), "value": choice(obj, "kind")},
            {"label": _("Server"), "value": link(obj.server)},
            {"label": _("Account"), "value": link(obj.server.account)},
            {"label": _("Assigned"), "value": moment(obj.assigned_at)},
            {"label": _("Expiry of its own"), "value": moment(obj.expires_at)},
            {"label": pgettext_lazy("when", "Released"), "value": moment(obj.released_at)},
        ]
        links = [
            {"label": _("Codes of this address"), "url": list_url(AuthorizationCode, ip=obj.address)},
            {"label": _("All assignments of this address"), "url": list_url(IPAddress, address=obj.address)},
        ]
        return {"heading": _("IP address"), "facts": facts, "links": links}


@admin.register(Region)
class RegionAdmin(DeskRecord):
    """Where a region is, for the filing law (decision 8): the one fact that supervisors decide."""

    list_display = ("code", "name_en", "name_zh", "jurisdiction_cell", "servers")
    list_filter = (choice_filter("jurisdiction", _("jurisdiction"), Jurisdiction.choices),)
    ordering = ("code",)
    sortable_by = ("code",)

    @admin.display(description=_("jurisdiction"))
    def jurisdiction_cell(self, region: Region) -> str:
        return choice(region, "jurisdiction")

    @admin.display(description=_("servers"))
    def servers(self, region: Region) -> SafeString:
        return format_html('<a href="{}">{}</a>', list_url(Server, region=region.code), _("Its servers"))

    def bulk_actions(self, request: HttpRequest) -> dict[str, Any]:
        return classify.list_action(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("classify/", view(self.classify_many), name="servers_region_classify"),
            path("<int:pk>/classify/", view(self.classify_one), name="servers_region_classify_one"),
            *super().get_urls(),
        ]

    def classify_many(self, request: HttpRequest) -> HttpResponse:
        return classify.many(self, request)

    def classify_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        return classify.one(self, request, pk)

    def page(self, request: HttpRequest, obj: Region, *, now: datetime) -> dict[str, Any]:
        """Its names, where it is, who said so, and the way to say otherwise for those who may."""
        facts = [
            {"label": capfirst(obj._meta.get_field("code").verbose_name), "value": mono(obj.code)},
            {"label": _("English name"), "value": obj.name_en or DASH},
            {"label": _("Chinese name"), "value": obj.name_zh or DASH},
            {"label": _("Jurisdiction"), "value": choice(obj, "jurisdiction")},
        ]
        links = [{"label": _("Its servers"), "url": list_url(Server, region=obj.code)}]
        buttons = []
        if request.user.has_perm(classify.PERMISSION):
            url = reverse("admin:servers_region_classify_one", args=[obj.pk])
            is_new = obj.jurisdiction == Jurisdiction.UNCLASSIFIED
            buttons = [{"label": _("Classify…") if is_new else _("Change the jurisdiction…"), "url": url}]
        return {"facts": facts, "buttons": buttons, "links": links, "timeline": classify.story(obj) or None}
