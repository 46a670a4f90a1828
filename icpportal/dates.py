"""How moments are written for people: in Asia/Shanghai, in the language of the moment."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext

SHANGHAI = ZoneInfo("Asia/Shanghai")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def shanghai(moment: datetime, language: str | None = None) -> str:
    """An aware datetime as "20 Nov 2026, 00:00", or "2026-11-20 00:00" in Chinese. No language: the moment's."""
    there = moment.astimezone(SHANGHAI)
    is_chinese = _is_chinese(language)
    return f"{_written(there, is_chinese)}{' ' if is_chinese else ', '}{_time(there)}"


def coming(moment: datetime, *, now: datetime) -> str:
    """What is ahead, on its own: "Today, 18:00", "Tomorrow, 00:00" by Shanghai's calendar, else the same as above."""
    there, here = moment.astimezone(SHANGHAI), now.astimezone(SHANGHAI)
    match (there.date() - here.date()).days:
        case 0:
            return gettext("Today, %(time)s") % {"time": _time(there)}
        case 1:
            return gettext("Tomorrow, %(time)s") % {"time": _time(there)}
    return shanghai(moment)


def expiry_time(moment: datetime | None, language: str | None = None) -> str:
    """The same of an expiry, which not everything has."""
    return gettext("No expiry time") if moment is None else shanghai(moment, language)


def shanghai_day(moment: datetime) -> str:
    """The day alone: "20 Nov 2026", or "2026-11-20" in Chinese."""
    return written_day(moment.astimezone(SHANGHAI))


def written_day(there: date) -> str:
    """The same of a day as it is in Shanghai."""
    return _written(there, _is_chinese())


def _time(there: datetime) -> str:
    return f"{there.hour:02}:{there.minute:02}"


def _written(there: date, is_chinese: bool) -> str:
    # By hand: strftime takes longer than all else.
    year, month, day = there.year, there.month, there.day
    return f"{year:04}-{month:02}-{day:02}" if is_chinese else f"{day} {_MONTHS[month - 1]} {year:04}"


def _is_chinese(language: str | None = None) -> bool:
    return (language or get_language() or "").startswith("zh")
