"""Limits a minute, counted in the database."""

from typing import Any

import pytest

from icpportal.api.models import CallCount
from tests.api.client import Answer, Api
from tests.factories import make_issued, make_server
from tests.threads import at_once


@pytest.fixture
def rates(settings: Any) -> dict[str, int]:
    settings.THROTTLE_RATES = {"calls": 5, "unknown_codes": 3}
    return dict(settings.THROTTLE_RATES)


def rate(answer: Answer) -> tuple[str, str, str]:
    return tuple(answer.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))  # type: ignore[return-value]


def guess(api: Api, code: str = "x") -> Answer:
    return api.post("codes/verify/", {"code": code})


def test_every_answer_says_how_much_is_left(rates: dict[str, int], api: Api, time_travel: Any) -> None:
    assert rate(api.get("codes/")) == ("5", "4", "60")
    time_travel.shift(41)
    assert rate(api.get("codes/x/")) == ("5", "5", "19")  # nobody's call: the address does not exist
    assert rate(api.get("codes/?x=1")) == ("5", "3", "19")
    assert rate(api.get("codes/", authorization="")) == ("5", "5", "19")
    assert rate(api.get("health/live/")) == ("5", "5", "19")


def test_past_the_limit_is_429_until_the_minute_is_over(rates: dict[str, int], api: Api, time_travel: Any) -> None:
    time_travel.shift(50)
    assert [api.get("codes/").status for _ in range(7)] == [200] * 5 + [429] * 2
    answer = api.get("codes/")
    assert answer.refused == (429, "throttled")
    assert (answer.headers["Retry-After"], rate(answer)) == ("10", ("5", "0", "10"))
    assert Api().get("codes/").status == 200
    time_travel.shift(10)
    assert api.get("codes/").status == 200


def test_a_throttled_call_does_nothing(rates: dict[str, int], api: Api) -> None:
    server = make_server()
    for _ in range(7):
        api.post(f"servers/{server.instance_id}/codes/")
    assert server.codes.count() == 5
    assert server.events.count() == 5


def test_past_the_limit_of_unknown_codes_every_verify_and_begin_is_429(
    settings: Any, api: Api, time_travel: Any
) -> None:
    settings.THROTTLE_RATES = {"calls": 100, "unknown_codes": 3}
    value = make_issued().value
    assert [guess(api).status for _ in range(4)] == [404, 404, 404, 429]
    begin = {"code": value, "order_number": "o", "domain": "a.cn"}
    assert guess(api, value).refused == api.post("filings/", begin).refused == (429, "throttled")
    assert api.get("codes/").status == 200
    assert guess(Api(), value).status == 200
    time_travel.shift(60)
    assert guess(api, value).status == 200


def test_a_known_code_is_no_guess(settings: Any, api: Api) -> None:
    settings.THROTTLE_RATES = {"calls": 100, "unknown_codes": 1}
    value = make_issued().value
    for _ in range(3):
        assert guess(api, value).status == 200
    assert guess(api).status == 404
    assert guess(api, value).status == 429


def test_guesses_in_begin_count_also_under_a_key(settings: Any, api: Api) -> None:
    settings.THROTTLE_RATES = {"calls": 100, "unknown_codes": 2}
    begin = {"code": "x", "order_number": "o", "domain": "a.cn"}
    statuses = [api.post("filings/", begin, idempotency_key=f"k{n}").status for n in range(4)]
    assert statuses == [404, 404, 429, 429]


def test_rivals_get_no_answer_more(settings: Any, own_database: None) -> None:
    settings.THROTTLE_RATES = {"calls": 20, "unknown_codes": 5}
    api = Api()
    statuses = [answer.status for answer in at_once(*[lambda: guess(api)] * 24)]
    assert statuses.count(404) == 5
    assert statuses.count(429) == 19
    assert CallCount.objects.get().calls == 24


def test_a_clock_that_is_a_moment_behind_counts_on(rates: dict[str, int], api: Api, time_travel: Any) -> None:
    api.get("codes/")
    time_travel.shift(-1)
    assert rate(api.get("codes/"))[1] == "3"
