"""What happened to a code, in plain words for its owner.

Agents are customer service, API clients their role, members themselves. What agents wrote for each other, reasons and
tickets, stays at the desk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.choices import Channel, EventType
from codes.models import AuthorizationCode, CodeEvent
from codes.views.paging import cut
from icpportal.api.models import ApiClient, Scope
from icpportal.sentences import comma
from icpportal.sign_in.people import name

EVENTS = 30  # shown at a time
_CHANGED = {"remark": gettext_lazy("remark"), "authorized_account": gettext_lazy("authorized account")}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One event as templates/includes/timeline.html shows it."""

    at: datetime
    actor: str
    title: SafeString
    lines: list[str] = field(default_factory=list)
    icon: str = "dot"
    channel_label: str = ""


def timeline(code: AuthorizationCode, *, before: str) -> tuple[list[Row], int | None]:
    """The events of the code before number `before`, or the newest ("" for that); and from where older ones go on."""
    events = CodeEvent.objects.filter(code=code).select_related("user", "client")
    found, older = cut(events, before, size=EVENTS)
    return [_row(event) for event in found], older


def _row(event: CodeEvent) -> Row:
    title = format_html("<strong>{}</strong>", event.get_type_display())
    return Row(at=event.at, actor=_actor(event), title=title, lines=_lines(event))


def _actor(event: CodeEvent) -> str:
    if event.client is not None:
        return _role(event.client)
    if event.user is None:
        return _("System")
    if event.channel == Channel.ADMIN:
        return _("Customer service")
    return name(event.user)


def _role(client: ApiClient) -> str:
    if Scope.FILINGS_WRITE in client.scopes:
        return _("Filing platform")
    if Scope.CODES_GENERATE in client.scopes:
        return _("Provider's console")
    return _("Provider")


def _lines(event: CodeEvent) -> list[str]:
    lines = []
    if event.order_number:
        values = {"order": event.order_number, "domain": event.detail.get("domain", "")}
        lines.append(_("Order %(order)s for %(domain)s") % values)
    if event.detail.get("icp_number"):
        lines.append(_("ICP filing number %(number)s") % {"number": event.detail["icp_number"]})
    if event.type == EventType.EDITED:
        names = [str(_CHANGED[name]) for name in event.detail.get("changed", []) if name in _CHANGED]
        lines.append(_("Changed: %(names)s") % {"names": comma().join(names)})
    if event.reason and event.channel != Channel.ADMIN:
        lines.append(_("Reason: %(reason)s") % {"reason": event.reason})
    return lines
