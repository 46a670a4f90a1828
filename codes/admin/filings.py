"""Filings: which order holds or used which code, read-only; the filing platform writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from codes.admin import bulk, timeline
from codes.admin.actions import row_buttons
from codes.admin.base import DeskRecord
from codes.admin.columns import DASH, clamped, link, list_url, moment, mono
from codes.admin.list_filters import DeskFilter, Rows, account_filter, choice_filter, handle_filter
from codes.choices import HOLDING, Action, FilingState
from codes.models import CodeEvent, Filing
from codes.models.filings import LONG_HOLD


class HeldFilter(DeskFilter):
    """Holds that last long, the longest first."""

    title = _("hold")
    parameter_name = "held"
    ordering, order_label = ("began_at", "pk"), _("Sorted by hold, longest first")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("long", gettext("for more than %(days)d days") % {"days": LONG_HOLD.days})]

    def narrow(self, rows: Any, value: str, *, now: datetime) -> Rows:
        found: Rows = rows.holding_long(now=now)
        return found


@admin.register(Filing)
class FilingAdmin(DeskRecord):
    """An order number is its API client's own."""

    shows_codes = True
    list_display = ("order_number", "domain_cell", "code_cell", "server_cell", "state", "icp_number", "began", "ended")
    list_filter = (
        choice_filter("state", _("state"), FilingState.choices, tabs=True),
        HeldFilter,
        account_filter("code__server__account"),
        handle_filter("domain", _("domain"), "domain"),
    )
    sortable_by = ("order_number", "domain_cell", "began")
    bulk_limit = bulk.RUN_LIMIT

    def bulk_actions(self, request: HttpRequest) -> dict[str, Any]:
        return bulk.reset_of_holds(request)

    @admin.display(description=_("domain"), ordering="domain")
    def domain_cell(self, filing: Filing) -> SafeString | str:
        return clamped(filing.domain)

    @admin.display(description=_("code"))
    def code_cell(self, filing: Filing) -> SafeString:
        return link(filing.code)

    @admin.display(description=_("server"))
    def server_cell(self, filing: Filing) -> SafeString:
        return link(filing.code.server)

    @admin.display(description=_("begun"), ordering="began_at")
    def began(self, filing: Filing) -> SafeString | str:
        return moment(filing.began_at)

    @admin.display(description=_("ended"))
    def ended(self, filing: Filing) -> SafeString | str:
        return moment(filing.ended_at)

    def get_queryset(self, request: HttpRequest) -> Rows:
        return super().get_queryset(request).select_related("client", "code__server__account")

    def page(self, request: HttpRequest, obj: Filing, *, now: datetime) -> dict[str, Any]:
        """The filing's facts and its story."""
        server = obj.code.server
        state = obj.get_state_display()
        facts = [
            {"label": _("State"), "value": state, "note": _("after its expiry") if obj.completed_after_expiry else ""},
            {"label": _("Domain"), "value": obj.domain},
            {"label": _("ICP filing number"), "value": obj.icp_number or DASH},
            {"label": _("Code"), "value": link(obj.code)},
            {"label": _("Server"), "value": link(server)},
            {"label": _("Owner of the code"), "value": link(server.account)},
            {"label": _("Filing account"), "value": mono(obj.account) if obj.account else _("Not given")},
            {"label": _("Filed through"), "value": obj.client.name},
            {"label": _("Begun"), "value": moment(obj.began_at)},
            {"label": _("Ended"), "value": moment(obj.ended_at)},
            {"label": _("Reason"), "value": obj.reason or DASH},
        ]
        events = CodeEvent.objects.filter(code=obj.code_id, order_number=obj.order_number)
        story = timeline.context(events, code=obj.code_id)
        ends = row_buttons(request, obj.code, of=(Action.RESET,)) if obj.state in HOLDING else []
        return {"heading": _("Filing"), "facts": facts, "buttons": ends, **story}


def long_holds_url() -> str:
    """The list of them."""
    return list_url(Filing, held="long")
