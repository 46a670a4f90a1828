"""What templates of the desk and of the customers' pages need beyond Django's own: `{% load icp %}`.

Moments are aware datetimes, shown in Asia/Shanghai; None gives nothing.
"""

import re
from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from icpportal import dates, sentences
from icpportal.sign_in import people

register = template.Library()
register.simple_tag(sentences.gap)
register.simple_tag(sentences.pause)
register.filter(dates.expiry_time)
register.filter("called", people.name)

POSITION_PARAMETERS = ("cursor", "page", "p")  # a place in one list says nothing about another list

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400  # seconds
_DAYS_UNTIL_MONTHS = 90
_MONTHS_UNTIL_YEARS = 24
_FITS, _PIECE = 24, 8  # characters
_HANDLE = re.compile(r"([A-Za-z0-9…]+(?:-[A-Za-z0-9…]+)+)")


@register.filter
def segments(filled: int, total: int) -> list[bool]:
    """A meter's segments, filled ones first: 3 of 5 is [True, True, True, False, False]."""
    return [index < filled for index in range(total)]


@register.filter
def with_code(text: object) -> SafeString:
    """A text in which `backticks` mark names, as HTML."""
    pieces = enumerate(str(text).split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", piece) if n % 2 else piece,) for n, piece in pieces)
    )


@register.filter
def choices_of(spec: Any, changelist: Any) -> list[dict[str, Any]]:
    """What a filter of an admin list offers, each with the address that chooses it."""
    return list(spec.choices(changelist))


@register.filter
def breakable(text: str) -> SafeString:
    """An ID, an IP or an account within a sentence: in one piece, and in pieces if no phone has room for it."""
    if len(text) <= _FITS:
        return conditional_escape(text)
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return format_html_join(mark_safe("<wbr>"), "{}", ((piece,) for piece in pieces))


@register.filter
def handles_whole(text: str) -> SafeString:
    """A sentence in which a handle, such as an instance ID, does not break at its hyphens, if a phone has room for it.

    Markup is left as it is: Django's own messages hold links.
    """
    said = str(text)
    if isinstance(said, SafeString):
        return said
    pieces = enumerate(_HANDLE.split(said))  # every second one is a handle
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<span class="nowrap">{}</span>', piece) if n % 2 and len(piece) <= _FITS else piece,)
            for n, piece in pieces
        ),
    )


@register.filter
def isolated(text: str) -> SafeString:
    """What somebody typed, in whatever direction it is written: what stands around it stays in its place."""
    return format_html("<bdi>{}</bdi>", text)


@register.filter
def shanghai(moment: datetime | None) -> str:
    """ "20 Nov 2026, 00:00", in Chinese "2026-11-20 00:00"."""
    return dates.shanghai(moment) if moment else ""


@register.filter
def shanghai_day(moment: datetime | None) -> str:
    """ "20 Nov 2026", in Chinese "2026-11-20"."""
    return dates.shanghai_day(moment) if moment else ""


@register.filter
def relative(moment: datetime | None, now: datetime) -> str:
    """How far from `now`: "in 6 days", "3 days ago", "just now".

    From 24 hours on, days are those of the calendar in Asia/Shanghai: it agrees with the date beside it.
    """
    if moment is None:
        return ""
    seconds = abs((moment - now).total_seconds())
    if seconds < _MINUTE:
        return gettext("in less than a minute") if moment > now else gettext("just now")
    return _ahead(seconds, moment, now) if moment > now else _behind(seconds, moment, now)


@register.simple_tag(takes_context=True)
def querystring_without(context: Context, name: str, value: str = "") -> str:
    """The current URL's query without parameter `name` (or only its one `value`), back at the first page.

    Always starts with "?", so that it is a link also when nothing is left. Needs `request` in the context.
    """
    query = context["request"].GET.copy()
    kept = [other for other in query.getlist(name) if value and other != value]
    query.setlist(name, kept)
    for position in POSITION_PARAMETERS:
        query.pop(position, None)
    return f"?{query.urlencode()}"


def _ahead(seconds: float, moment: datetime, now: datetime) -> str:
    unit, count = _distance(seconds, now, moment)
    texts = {
        "minute": ngettext("in %(count)d minute", "in %(count)d minutes", count),
        "hour": ngettext("in %(count)d hour", "in %(count)d hours", count),
        "day": ngettext("in %(count)d day", "in %(count)d days", count),
        "month": ngettext("in %(count)d month", "in %(count)d months", count),
        "year": ngettext("in %(count)d year", "in %(count)d years", count),
    }
    return texts[unit] % {"count": count}


def _behind(seconds: float, moment: datetime, now: datetime) -> str:
    unit, count = _distance(seconds, moment, now)
    texts = {
        "minute": ngettext("%(count)d minute ago", "%(count)d minutes ago", count),
        "hour": ngettext("%(count)d hour ago", "%(count)d hours ago", count),
        "day": ngettext("%(count)d day ago", "%(count)d days ago", count),
        "month": ngettext("%(count)d month ago", "%(count)d months ago", count),
        "year": ngettext("%(count)d year ago", "%(count)d years ago", count),
    }
    return texts[unit] % {"count": count}


def _distance(seconds: float, earlier: datetime, later: datetime) -> tuple[str, int]:
    """The unit to speak in and how many of it: whole ones, rounded down."""
    if seconds < _HOUR:
        return "minute", int(seconds // _MINUTE)
    if seconds < _DAY:
        return "hour", int(seconds // _HOUR)
    start, end = earlier.astimezone(dates.SHANGHAI).date(), later.astimezone(dates.SHANGHAI).date()
    days = (end - start).days
    if days < _DAYS_UNTIL_MONTHS:
        return "day", days
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    return ("month", months) if months < _MONTHS_UNTIL_YEARS else ("year", months // 12)
