"""Whole calendar months between two dates in Asia/Shanghai (decision 2)."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icpportal.dates import SHANGHAI
from servers.inventory.facts import computed_months
from servers.terms import add_months, prepaid_months

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
TIMES = st.times()
MONTHS = st.integers(0, 240)


def noon(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T12:00:00+08:00")


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-31", "2026-04-30", 3),
        ("2026-01-31", "2026-04-29", 2),
        ("2026-01-31", "2026-02-28", 1),
        ("2026-01-31", "2026-02-27", 0),
        ("2024-01-31", "2024-02-29", 1),
        ("2024-01-31", "2024-02-28", 0),
        ("2024-02-29", "2025-02-28", 12),
        ("2024-02-29", "2025-02-27", 11),
        ("2024-02-29", "2028-02-29", 48),
        ("2024-02-29", "2028-02-28", 47),
        ("2026-11-30", "2027-02-28", 3),
        ("2026-11-30", "2027-02-27", 2),
        ("2026-05-15", "2026-08-15", 3),
        ("2026-05-15", "2026-08-14", 2),
        ("2026-12-31", "2027-03-31", 3),
        ("2026-05-15", "2026-05-15", 0),
        ("2026-05-15", "2026-05-14", 0),
        ("2026-05-15", "2024-01-01", 0),
    ],
)
def test_a_term_counts_whole_calendar_months(start: str, end: str, months: int) -> None:
    assert prepaid_months(noon(start), noon(end)) == months


def test_the_dates_are_those_in_shanghai() -> None:
    # 30 January 16:00 UTC is 31 January in Shanghai; 29 April 16:00 UTC is 30 April there.
    purchased = datetime(2026, 1, 30, 16, tzinfo=UTC)
    assert prepaid_months(purchased, datetime(2026, 4, 29, 16, tzinfo=UTC)) == 3
    assert prepaid_months(purchased, datetime(2026, 4, 29, 15, 59, 59, tzinfo=UTC)) == 2
    assert prepaid_months(purchased - timedelta(seconds=1), datetime(2026, 4, 29, 16, tzinfo=UTC)) == 3


@given(DAYS, MONTHS, TIMES, TIMES)
def test_adding_months_and_counting_them_agree_at_any_time_of_day(
    day: date, months: int, begin: object, end: object
) -> None:
    first = datetime.combine(day, begin, SHANGHAI)  # type: ignore[arg-type]
    last = datetime.combine(add_months(day, months), end, SHANGHAI)  # type: ignore[arg-type]
    assert prepaid_months(first, last) == months
    assert prepaid_months(first, last - timedelta(days=1)) == max(months - 1, 0)


@given(DAYS, DAYS, st.integers(-14, 14))
def test_the_zone_in_which_a_moment_is_written_does_not_matter(first: date, last: date, hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    moments = [datetime.combine(day, datetime.min.time(), SHANGHAI) for day in (first, last)]
    written = [moment.astimezone(zone) for moment in moments]
    assert prepaid_months(*moments) == prepaid_months(*written) >= 0


@given(DAYS, DAYS)
def test_a_longer_term_has_no_fewer_months(first: date, last: date) -> None:
    start, end = (datetime.combine(day, datetime.min.time(), SHANGHAI) for day in (first, last))
    assert prepaid_months(start, end + timedelta(days=1)) >= prepaid_months(start, end)


@given(DAYS, MONTHS)
def test_a_month_later_is_the_same_day_or_the_months_last(day: date, months: int) -> None:
    later = add_months(day, months)
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


def test_without_both_ends_there_is_no_term() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert [computed_months(None, moment), computed_months(moment, None), computed_months(None, None)] == [0, 0, 0]
