"""Events: everything that happened, refusals and reveals included. Append-only, so there is nothing to do but read."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from codes.admin import timeline
from codes.admin.base import DeskRecord
from codes.admin.columns import DASH, choice, clamped, link, moment
from codes.admin.list_filters import (
    DeskFilter,
    NumberFilter,
    Rows,
    account_filter,
    choice_filter,
    handle_filter,
    server_filter,
)
from codes.admin.verdicts import reasons
from codes.choices import Channel, EventType
from codes.models import CodeEvent, Filing
from icpportal.dates import SHANGHAI

LAST_WEEK, WEEK = "7d", timedelta(days=7)
MOST_CODES = 100  # of one order number: of its own client's, and of other clients that use the same


class RefusedFilter(DeskFilter):
    """Refusals in which one condition failed: its code stands in their list, of which PostgreSQL has an index."""

    title = _("refused because of")
    parameter_name = "refused"
    is_judged = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return reasons()

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        refused = rows.filter(type=EventType.GENERATION_REFUSED)
        if connection.features.supports_json_field_contains:
            return refused.filter(failed__contains=[value])
        # In quotes, as SQLite writes it.
        found: Rows = refused.alias(failed_text=Cast("failed", TextField())).filter(failed_text__contains=f'"{value}"')
        return found


class WhenFilter(DeskFilter):
    """The last seven days, or one day in Asia/Shanghai, such as 2026-11-20; links set that."""

    title = _("when")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        offered: list[tuple[str, Any]] = [(LAST_WEEK, _("the last 7 days"))]
        day = _day(self.value() or "")
        return [*offered, (day.isoformat(), day.isoformat())] if day else offered

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        day = _day(value)
        if day is None:
            return rows.filter(at__gt=now - WEEK)
        begin = datetime.combine(day, time(), SHANGHAI)
        return rows.filter(at__gte=begin, at__lt=begin + timedelta(days=1))


def _day(text: str) -> date | None:
    """A day that a calendar knows, with room around it for time zones."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None


class OrderFilter(DeskFilter):
    """The events of one filing order; links set it. Found through its filings, which know the number by index."""

    title = _("filing order number")
    parameter_name = "order_number"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value()
        return [] if value is None else [(value, value)]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        codes = list(Filing.objects.filter(order_number=value).values_list("code", flat=True)[:MOST_CODES])
        return rows.filter(order_number=value, code__in=codes)


class CodeFilter(NumberFilter):
    """The events of one code."""

    title, parameter_name, field = _("code"), "code", "code"


@admin.register(CodeEvent)
class EventAdmin(DeskRecord):
    """The audit trail."""

    shows_codes = True
    list_display = ("when", "what", "subject", "account_cell", "who", "channel_cell", "why")
    list_display_links = ("when",)
    list_filter = (
        choice_filter("type", _("what"), EventType.choices),
        choice_filter("channel", _("from where"), Channel.choices),
        RefusedFilter,
        WhenFilter,
        handle_filter("who", _("who"), "user", handle="username", of=User),
        account_filter("account"),
        server_filter("server"),
        OrderFilter,
        CodeFilter,
    )
    sortable_by = ()

    @admin.display(description=_("when"))
    def when(self, event: CodeEvent) -> SafeString | str:
        return moment(event.at)

    @admin.display(description=_("what"))
    def what(self, event: CodeEvent) -> str:
        return event.get_type_display()

    @admin.display(description=_("of"))
    def subject(self, event: CodeEvent) -> SafeString:
        return link(event.code or event.server)

    @admin.display(description=_("account"))
    def account_cell(self, event: CodeEvent) -> SafeString:
        return link(event.account)

    @admin.display(description=_("who"))
    def who(self, event: CodeEvent) -> str:
        return timeline.actor(event)

    @admin.display(description=_("from where"))
    def channel_cell(self, event: CodeEvent) -> str:
        return choice(event, "channel")

    @admin.display(description=_("why"))
    def why(self, event: CodeEvent) -> SafeString | str:
        return clamped(event.reason or timeline.refused_because(event))

    def get_queryset(self, request: HttpRequest) -> Rows:
        return super().get_queryset(request).select_related("account", "server", "code", "user", "client")

    def page(self, request: HttpRequest, obj: CodeEvent, *, now: datetime) -> dict[str, Any]:
        """The event in words, with everything that was recorded."""
        facts = [
            {"label": _("When (Asia/Shanghai)"), "value": moment(obj.at)},
            {"label": _("What"), "value": obj.get_type_display()},
            {"label": _("Who"), "value": timeline.actor(obj), "note": obj.get_channel_display()},
            {"label": _("Server"), "value": link(obj.server)},
            {"label": _("Code"), "value": link(obj.code) if obj.code else DASH},
            {"label": _("Account then"), "value": link(obj.account)},
            {"label": _("Filing order number"), "value": obj.order_number or DASH},
            {"label": _("Reason"), "value": obj.reason or DASH},
            {"label": _("Ticket"), "value": obj.ticket or DASH},
            {"label": _("Refused because of"), "value": timeline.refused_because(obj) or DASH},
            {"label": _("Policy then"), "value": timeline.policy_then(obj) or DASH},
            {"label": _("Request"), "value": obj.request_id or DASH},
        ]
        row = timeline.row(obj)
        title = timeline.headline(obj)
        return {"title": title, "facts": facts, "timeline": [row]}
