"""Prepaid terms: whole calendar months between two dates in Asia/Shanghai (decision 2)."""

import calendar
from datetime import date, datetime

from icpportal.dates import SHANGHAI


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month: 31 January + 3 months = 30 April."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def later(moment: datetime, months: int) -> datetime:
    """The same time of day `months` later, by Shanghai's calendar. Raises OverflowError past the year 9999."""
    local = moment.astimezone(SHANGHAI)
    try:
        return datetime.combine(add_months(local.date(), months), local.timetz())
    except ValueError as error:
        raise OverflowError from error


def prepaid_months(purchased_at: datetime, expires_at: datetime) -> int:
    """Whole months from purchase to expiry, counted between the two Shanghai dates; the time of day does not matter.

    Both are aware datetimes of any zone. Never negative.
    """
    start, end = (moment.astimezone(SHANGHAI).date() for moment in (purchased_at, expires_at))
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day and add_months(start, months) > end:
        months -= 1
    return max(months, 0)
