"""How moments are written for people: in Asia/Shanghai, in the language of the moment."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

SHANGHAI = ZoneInfo("Asia/Shanghai")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def shanghai(moment: datetime) -> str:
    """An aware datetime as "20 Nov 2026, 00:00", or "2026-11-20 00:00" in Chinese."""
    there = moment.astimezone(SHANGHAI)
    return f"{there:%Y-%m-%d %H:%M}" if _is_chinese() else f"{there.day} {_MONTHS[there.month - 1]} {there:%Y, %H:%M}"


def shanghai_day(moment: datetime) -> str:
    """The day alone: "20 Nov 2026", or "2026-11-20" in Chinese."""
    there = moment.astimezone(SHANGHAI)
    return f"{there:%Y-%m-%d}" if _is_chinese() else f"{there.day} {_MONTHS[there.month - 1]} {there:%Y}"


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")
