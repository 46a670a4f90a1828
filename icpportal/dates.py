"""How moments are written for people: in Asia/Shanghai, in the language of the moment."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as date_format
from django.utils.translation import get_language

SHANGHAI = ZoneInfo("Asia/Shanghai")


def shanghai(moment: datetime) -> str:
    """An aware datetime as "20 Nov 2026, 00:00", or "2026-11-20 00:00" in Chinese."""
    chinese = (get_language() or "").startswith("zh")
    return date_format(moment.astimezone(SHANGHAI), "Y-m-d H:i" if chinese else "j M Y, H:i")


def shanghai_day(moment: datetime) -> str:
    """The day alone: "20 Nov 2026", or "2026-11-20" in Chinese."""
    chinese = (get_language() or "").startswith("zh")
    return date_format(moment.astimezone(SHANGHAI), "Y-m-d" if chinese else "j M Y")
