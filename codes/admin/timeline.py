"""Events as lines of a timeline: who, when, from where, what, why. Events store codes; the words are found here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.admin import changes
from codes.admin.columns import headed, list_url, mono, page_url
from codes.choices import EventType
from codes.messages import reason
from codes.models import AuthorizationCode, CodeEvent
from codes.policy import Policy
from icpportal.api.templatetags.icp import isolated
from icpportal.sentences import comma, pause, semicolon
from icpportal.sign_in.people import name

_FIELDS = {field.name: field.verbose_name for field in AuthorizationCode._meta.fields}
SHOWN = 20  # events on an object's page; the list has the rest


@dataclass(frozen=True, kw_only=True)
class Row:
    """One event as templates/includes/timeline.html takes it."""

    at: datetime
    actor: str
    title: str
    lines: list[str] = field(default_factory=list)
    icon: str = "dot"
    channel_label: str = ""


def rows(events: QuerySet[CodeEvent]) -> list[Row]:
    """The newest events, newest first, by one query."""
    newest = events.select_related("user", "client", "code", "server").order_by("-pk")[:SHOWN]
    return [row(event) for event in newest]


def context(events: QuerySet[CodeEvent], **filters: object) -> dict[str, Any]:
    """What an object's page needs for its timeline: the newest, and the list of all."""
    return {"timeline": rows(events), "all_events_url": list_url(CodeEvent, **filters)}


def row(event: CodeEvent) -> Row:
    """One event. Needs user, client, code and server selected."""
    return Row(
        at=event.at,
        actor=actor(event),
        channel_label=event.get_channel_display(),
        icon="bad" if event.type == EventType.GENERATION_REFUSED else "dot",
        title=title(event),
        lines=[line for line in (_why(event), _context(event), _changes(event)) if line],
    )


def actor(event: CodeEvent) -> str:
    """Who did it: a name, or the system."""
    if event.user is not None:
        return name(event.user)
    return event.client.name if event.client is not None else _("System")


def title(event: CodeEvent) -> str:
    """What happened, and to what."""
    subject: Model = event.code or event.server
    handle = format_html('<a href="{}">{}</a>', page_url(subject), mono(str(subject)))
    changed = changes.sentences(event.detail) if event.type == EventType.SERVER_CHANGED else []
    return format_html("<strong>{}</strong> {}", changed[0] if changed else event.get_type_display(), handle)


def headline(event: CodeEvent) -> str:
    """The same with the time, in plain words: the heading of its page."""
    return headed(event.get_type_display(), event.code or event.server, event.at)


def refused_because(event: CodeEvent) -> str:
    """Every reason, with the policy of that moment."""
    policy = {**Policy.current().as_dict(), **event.policy}
    return semicolon().join(reason(code, policy) for code in event.failed)


def policy_then(event: CodeEvent) -> str:
    """The policy values of that moment."""
    if not event.policy:
        return ""
    codes = ngettext("%(codes_per_server)d code", "%(codes_per_server)d codes", event.policy["codes_per_server"])
    months = ngettext(
        "%(min_prepaid_months)d month", "%(min_prepaid_months)d months", event.policy["min_prepaid_months"]
    )
    return pause().join(text % event.policy for text in (codes, months))


def _beside(parts: Iterable[str]) -> SafeString:
    """Parts of a line, each in its own direction: people and feeds have typed some of them."""
    return format_html_join(" · ", "{}", ((isolated(part),) for part in parts))


def _why(event: CodeEvent) -> str:
    parts = [refused_because(event)] if event.failed else []
    parts += [event.reason] if event.reason else []
    parts += [_("Ticket %(ticket)s") % {"ticket": event.ticket}] if event.ticket else []
    return _beside(parts)


def _context(event: CodeEvent) -> str:
    parts = [_("Order %(order)s") % {"order": event.order_number}] if event.order_number else []
    parts += [str(event.detail[name]) for name in ("domain", "icp_number") if event.detail.get(name)]
    parts += [_("Policy then: %(policy)s") % {"policy": policy_then(event)}] if event.policy else []
    parts += [_("Request %(request)s") % {"request": event.request_id[:8]}] if event.request_id else []
    return _beside(parts)


def _changes(event: CodeEvent) -> str:
    if event.type == EventType.SERVER_CHANGED:
        return _beside(changes.sentences(event.detail)[1:])
    fields = [str(_FIELDS.get(name, name)) for name in event.detail.get("changed", ())]
    return _("Changed: %(fields)s") % {"fields": comma().join(fields)} if fields else ""
