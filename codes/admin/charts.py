"""Codes a day as columns: counts by one query, and geometry in whole numbers for SVG attributes, as the CSP asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from codes.admin.columns import list_url
from codes.choices import EventType
from codes.models import CodeEvent
from icpportal.dates import SHANGHAI

DAYS = 14
KEPT_SECONDS = 3600  # for which a day that is over is not counted again
_KINDS = (EventType.GENERATED, EventType.GENERATION_REFUSED)
# The picture, in its own units: where columns stand, how high they may grow, how wide a day is.
_LEFT, _FLOOR, _HIGH, _STEP, _WIDE = 40, 150, 136, 37, 13
_MARGIN = 6  # the name of the last day is wider than a day where letters are large


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a day: its number, its list, and its place in the picture."""

    number: int
    url: str
    x: int
    y: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day in Asia/Shanghai: its name, the place of the name, codes generated and refusals."""

    label: str
    x: int
    generated: Column
    refused: Column


def days_context(now: datetime) -> dict[str, Any]:
    """What templates/includes/start_days.html shows: the last DAYS days, today last, and the lines of the scale."""
    today = now.astimezone(SHANGHAI).date()
    first = today - timedelta(days=DAYS - 1)
    counts = _counts(first, today)
    top = _top(max(counts.values(), default=0))
    days = [_day(first + timedelta(days=place), place, counts, top, today) for place in range(DAYS)]
    ticks = [{"label": number, "y": _FLOOR - _height(number, top)} for number in (0, top // 2, top)]
    return {"days": days, "ticks": ticks, "width": _LEFT + DAYS * _STEP + _MARGIN, "floor": _FLOOR}


def _counts(first: date, today: date) -> dict[tuple[str, date], int]:
    """Of each kind and day. Days before yesterday change no more: they are counted once in KEPT_SECONDS."""
    over = {f"icp.days.{day}": day for day in _days(first, today - timedelta(days=1))}
    kept: dict[str, dict[str, int]] = cache.get_many(over)
    begin = min((day for key, day in over.items() if key not in kept), default=today - timedelta(days=1))
    counted = _counted(begin)
    fresh = {key: {kind: counted.get((kind, day), 0) for kind in _KINDS} for key, day in over.items() if day >= begin}
    cache.set_many(fresh, KEPT_SECONDS)
    known = {(kind, over[key]): number for key, numbers in kept.items() for kind, number in numbers.items()}
    return known | counted


def _counted(first: date) -> dict[tuple[str, date], int]:
    begin = datetime.combine(first, datetime.min.time(), SHANGHAI)
    events = CodeEvent.objects.filter(type__in=_KINDS, at__gte=begin).order_by()
    counted = events.annotate(day=TruncDate("at", tzinfo=SHANGHAI)).values_list("type", "day").annotate(n=Count("*"))
    return {(kind, day): number for kind, day, number in counted}


def _days(first: date, end: date) -> list[date]:
    """From the first, without the end."""
    return [first + timedelta(days=place) for place in range((end - first).days)]


def _day(day: date, place: int, counts: dict[tuple[str, date], int], top: int, today: date) -> Day:
    x = _LEFT + place * _STEP
    label = _("today") if day == today else date_format(day, "j")
    generated, refused = (
        _column(kind, day, counts.get((kind, day), 0), x + 4 + side * (_WIDE + 2), top)
        for side, kind in enumerate(_KINDS)
    )
    return Day(label=label, x=x + _STEP // 2, generated=generated, refused=refused)


def _column(kind: EventType, day: date, number: int, x: int, top: int) -> Column:
    height = _height(number, top)
    url = list_url(CodeEvent, type=kind.value, when=day.isoformat())
    return Column(number=number, url=url, x=x, y=_FLOOR - height, height=height)


def _height(number: int, top: int) -> int:
    return round(_HIGH * number / top)


def _top(most: int) -> int:
    """The end of the scale: 2, 4, 10, 20, 40, 100 … so that its half is a whole number too."""
    top = 2
    while top < most:
        top = top * 2 if str(top)[0] in "12" else top * 10 // 4
    return top
