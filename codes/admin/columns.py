"""How a thing looks in a cell or a line of the desk: the includes, filled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes import validity
from codes.choices import LIVE_STATES, ShownState
from codes.models import AuthorizationCode
from icpportal.api.templatetags.icp import isolated
from icpportal.dates import coming, shanghai

NEAR = timedelta(days=7)  # an expiry so near is worth a warning
DASH = "–"


def page_url(obj: Model) -> str:
    """The desk's page of an object."""
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])


def list_url(model: type[Model], **filters: object) -> str:
    """The desk's list of a model, filtered."""
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist", query=filters or None)


def link(obj: Model) -> SafeString:
    """A link to an object's page by its handle."""
    return format_html('<a class="mono" href="{}" translate="no">{}</a>', page_url(obj), str(obj))


def mono(text: str) -> SafeString:
    """A handle."""
    return format_html('<span class="mono" translate="no">{}</span>', text)


def headed(what: str, subject: Model, at: datetime) -> str:
    """What happened to what, and when, in plain words: the heading of its page."""
    return _("%(what)s: %(subject)s, %(when)s") % {"what": what, "subject": subject, "when": shanghai(at)}


def clamped(text: str) -> SafeString | str:
    """A text of any length in three lines of a row at most, its object's page has the whole; a dash for none."""
    return format_html('<span class="clamp">{}</span>', text) if text else DASH


def badge(state: str) -> SafeString:
    """The shown state of a code."""
    context = {"state": state, "label": ShownState(state).label}
    return mark_safe(render_to_string("includes/state_badge.html", context).strip())


def moment(at: datetime | None) -> SafeString | str:
    """A time in Asia/Shanghai, or a dash."""
    if at is None:
        return DASH
    return format_html('<time datetime="{}">{}</time>', _exact(at), shanghai(at))


def _exact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def expiry(at: datetime | None, *, now: datetime, tells: bool = True, in_words: bool = True) -> SafeString | str:
    """An expiry: quiet when over or when it `tells` nothing any more, a warning when it is near.

    `in_words`: where it stands on its own, today's and tomorrow's begin with that word.
    """
    if at is None:
        return DASH
    if not tells or at <= now:
        return format_html('<span class="quiet-text">{}</span>', moment(at))
    if at - now > NEAR:
        return moment(at)
    icon = render_to_string("includes/icon.html", {"name": "warn"})
    soon = '<span class="tone-warn nowrap">{}<time datetime="{}" title="{} Asia/Shanghai">{}</time></span>'
    said = coming(at, now=now) if in_words else shanghai(at)
    return format_html(soon, SafeString(icon), _exact(at), shanghai(at), said)


def code_expiry(code: Any, *, now: datetime, in_words: bool = True) -> SafeString | str:
    """When a code expires; quiet unless it can be used till then. Needs its shown state, server and IP."""
    tells = code.shown_state in LIVE_STATES
    return expiry(validity.expires_at(code), now=now, tells=tells, in_words=in_words)


def filing_of(code: Any) -> Any:
    """The filing that holds or used the code, or None. Needs `filings_not_abandoned`: see codes/models/filings.py."""
    return next(iter(code.filings_not_abandoned), None)


def filing_cell(code: Any) -> SafeString | str:
    """What a code is used for: domain and filing order."""
    filing = filing_of(code)
    if filing is None:
        return DASH
    handle = filing.icp_number or filing.order_number
    return format_html(
        '<a class="breaks" href="{}">{} <span class="mono quiet-text">{}</span></a>',
        page_url(filing),
        filing.domain,
        handle,
    )


def choice(obj: Model, field: str) -> str:
    """The choice in words, on its own: in a sentence it may begin small."""
    return capfirst(str(getattr(obj, f"get_{field}_display")()))


def yes_no(fact: bool) -> str:
    """A fact in a word: the admin's icon for it is an image whose green is too pale."""
    return _("Yes") if fact else _("No")


def account_cell(account: Model, name: str = "") -> SafeString:
    """An account's uid as a link, and its name."""
    return format_html("{} {}", link(account), isolated(name))


def held_for(code: AuthorizationCode, *, now: datetime) -> str:
    """How long a filing has been holding the code: whole days."""
    filing = filing_of(code)
    if filing is None or filing.ended_at is not None:
        return DASH
    days = (now - filing.began_at).days
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days} if days else _("under 1 day")
