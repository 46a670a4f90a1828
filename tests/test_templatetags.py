"""The template library: meters, moments as people read them, links without one filter."""

from datetime import UTC, datetime

import pytest
from django.template import Context
from django.test import RequestFactory
from django.utils import translation
from django.utils.html import format_html

from icpportal import dates, sentences
from icpportal.api.templatetags import icp
from icpportal.dates import SHANGHAI

NOW = datetime(2026, 11, 23, 13, 2, tzinfo=SHANGHAI)


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=SHANGHAI)  # type: ignore[arg-type, misc]


def without(path: str, *names: str) -> str:
    return icp.querystring_without(Context({"request": RequestFactory().get(path)}), *names)


@pytest.mark.parametrize(("language", "signs"), [("en", [", ", ", ", "; "]), ("zh-hans", ["、", "，", "；"])])
def test_each_language_has_signs_of_its_own(language, signs):
    with translation.override(language):
        assert [sentences.comma(), sentences.pause(), sentences.semicolon()] == signs


@pytest.mark.parametrize(("language", "gap"), [("en", " "), ("zh-hans", "")])
def test_a_chinese_full_stop_needs_no_space(language, gap):
    with translation.override(language):
        assert sentences.gap() == gap
        assert sentences.join(["一。", "二。"]) == f"一。{gap}二。"


def test_an_id_breaks_only_where_no_phone_has_room_for_it():
    assert icp.breakable("ins-4h8t2wnc") == "ins-4h8t2wnc"
    assert icp.breakable("2001:db8:1234:5678:9abc:def0") == "2001:db8<wbr>:1234:56<wbr>78:9abc:<wbr>def0"
    assert icp.breakable("<" * 25) == "<wbr>".join(["&lt;" * 8] * 3 + ["&lt;"])
    assert icp.breakable("<") == "&lt;"


def test_typed_text_stands_apart_from_the_direction_around_it():
    assert icp.isolated("\u202e<b>") == "<bdi>\u202e&lt;b&gt;</bdi>"


def test_segments_are_filled_from_the_left():
    assert icp.segments(3, 5) == [True, True, True, False, False]


def test_a_full_meter_has_no_empty_segment():
    assert icp.segments(5, 5) == [True] * 5


def test_a_lowered_limit_shows_no_more_segments_than_the_limit():
    assert icp.segments(5, 3) == [True] * 3


def test_a_moment_is_shown_in_shanghai():
    midnight = datetime.fromisoformat("2026-11-19T16:00:00+00:00")
    assert icp.shanghai(midnight) == "20 Nov 2026, 00:00"
    assert icp.shanghai_day(midnight) == "20 Nov 2026"


@pytest.mark.parametrize(
    ("moment", "english", "chinese"),
    [
        (at(2026, 11, 23, 18, 0), "Today, 18:00", "今天 18:00"),
        (at(2026, 11, 24, 0, 0), "Tomorrow, 00:00", "明天 00:00"),
        (at(2026, 11, 25, 0, 0), "25 Nov 2026, 00:00", "2026-11-25 00:00"),
    ],
)
def test_what_comes_today_or_tomorrow_in_shanghai_is_said_in_words(moment: datetime, english: str, chinese: str):
    assert dates.coming(moment, now=NOW) == english
    with translation.override("zh-hans"):
        assert dates.coming(moment.astimezone(UTC), now=NOW.astimezone(UTC)) == chinese


def test_a_moment_in_chinese_is_numbers():
    with translation.override("zh-hans"):
        assert icp.shanghai(at(2026, 11, 20)) == "2026-11-20 00:00"
        assert icp.shanghai_day(at(2026, 11, 20)) == "2026-11-20"


def test_no_moment_gives_nothing():
    assert (icp.shanghai(None), icp.shanghai_day(None), icp.relative(None, NOW)) == ("", "", "")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(2026, 11, 23, 13, 2, 59), "in less than a minute"),
        (at(2026, 11, 23, 13, 1, 1), "just now"),
        (at(2026, 11, 23, 13, 3), "in 1 minute"),
        (at(2026, 11, 23, 12, 41), "21 minutes ago"),
        (at(2026, 11, 23, 14, 2), "in 1 hour"),
        (at(2026, 11, 23, 9, 50), "3 hours ago"),
        (at(2026, 11, 24, 13, 1), "in 23 hours"),
        (at(2026, 11, 24, 13, 2), "in 1 day"),
        (at(2026, 11, 29, 0, 0), "in 6 days"),
        (at(2026, 11, 20, 0, 0), "3 days ago"),
        (at(2027, 2, 20, 0, 0), "in 89 days"),
        (at(2027, 3, 12, 0, 0), "in 3 months"),
        (at(2027, 3, 23, 0, 0), "in 4 months"),
        (at(2025, 11, 23, 0, 0), "12 months ago"),
        (at(2028, 11, 22, 0, 0), "in 23 months"),
        (at(2028, 11, 23, 0, 0), "in 2 years"),
    ],
)
def test_relative_says_how_far(moment: datetime, expected: str):
    assert icp.relative(moment, NOW) == expected


def test_a_removed_filter_leaves_the_others():
    assert without("/?state=used&region=ap-beijing", "state") == "?region=ap-beijing"


def test_one_of_several_values_is_removed_alone():
    assert without("/?region=ap-beijing&region=ap-guangzhou", "region", "ap-beijing") == "?region=ap-guangzhou"


def test_removing_a_filter_returns_to_the_first_page():
    assert without("/?state=used&cursor=abc&p=3&page=2", "nothing") == "?state=used"


def test_removing_the_last_filter_is_still_a_link():
    assert without("/?state=used", "state") == "?"


def test_backticks_mark_code_and_nothing_becomes_html() -> None:
    assert icp.with_code("See `failed`, <b>each</b>.") == "See <code>failed</code>, &lt;b&gt;each&lt;/b&gt;."


def test_a_handle_in_a_heading_does_not_break_at_its_hyphen():
    assert icp.handles_whole("Withdraw ICP-…-7Q4KD?") == 'Withdraw <span class="nowrap">ICP-…-7Q4KD</span>?'
    assert icp.handles_whole("通过 ins-4h8t2wnc 生成<") == '通过 <span class="nowrap">ins-4h8t2wnc</span> 生成&lt;'
    assert icp.handles_whole(f"a-{'x' * 24}") == f"a-{'x' * 24}"
    assert icp.handles_whole(format_html('<a href="/a-b/">{}</a>', "a-b")) == '<a href="/a-b/">a-b</a>'
