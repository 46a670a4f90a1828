"""Calls of the provider, by its real SDK: trouble on the way, and credentials."""

import logging
import traceback
from typing import Any

import pytest

from servers.inventory.provider import Access, BadEndpoint, CallFailed, NoCredentials, Provider, Stopped, backoff
from servers.models import Account
from tests.servers.feeding import instance, put
from tests.servers.provider_api import ACCOUNT, TOKEN, ProviderAPI, error, provider_api, raw, slow
from tests.servers.syncing import OLD_SDK, THROTTLED, Waits, access, failed, run, states

pytestmark = [pytest.mark.django_db, OLD_SDK]


# Trouble on the way


@pytest.mark.parametrize(
    "odd",
    [
        THROTTLED,
        error("RequestLimitExceeded.UinLimitExceeded"),
        error("RequestLimitExceeded", Content_Type="application/json; charset=utf-8"),
        error("InternalError"),
        error("InternalServerError"),
        error("ServiceUnavailable"),
        raw("Bad Gateway", status=502),
        raw("", status=429),
        raw({"Response": {"TotalCount": 1, "InstanceSet": []}}, cut=5),
        raw('{"Response": {"TotalCount": 1, "Inst'),
        raw("<html>"),
        raw("[" * 100_000),
        raw("[]"),
        raw("{}"),
    ],
    ids=[
        *("throttled", "throttled by uin", "another content type", "internal", "internal server"),
        *("unavailable", "502", "429"),
        *("cut body", "cut JSON", "no JSON", "nested", "a list", "no envelope"),
    ],
)  # fmt: skip
def test_what_passes_is_tried_again(api: ProviderAPI, account: Account, odd: Any) -> None:
    api.has(instance("ins-a"))
    api.replies(odd)
    waits = Waits()
    outcome = run(api, account, waits=waits)
    assert (outcome.failures, outcome.tally.created) == ([], 1)
    assert len(waits) == 1 and 0.5 <= waits[0] <= 1


def test_throttling_is_tried_again_six_times_with_growing_waits(api: ProviderAPI, account: Account) -> None:
    put(account)
    api.replies(*[THROTTLED] * 6)
    waits = Waits()
    outcome = run(api, account, waits=waits, complete=True)
    assert failed(outcome) == [("ap-guangzhou", "RequestLimitExceeded")]
    assert "41" in outcome.failures[0].detail
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, (1, 2, 4, 8, 16), strict=True))
    assert states() == {"ins-a": "running"}


def test_waits_double_up_to_a_minute_and_jitter_takes_up_to_half() -> None:
    assert [backoff(attempt, jitter=0) for attempt in (0, 1, 2, 5, 6, 20)] == [1, 2, 4, 32, 60, 60]
    assert [backoff(attempt, jitter=1) for attempt in (0, 3, 20)] == [0.5, 4, 30]


def waits_after(api: ProviderAPI, account: Account, retry_after: str) -> list[float]:
    """The waits of a run whose first call is answered so, at 07:28:00."""

    def later(handler: Any) -> None:
        handler.send_response_only(503)
        for name, value in {"Date": "Wed, 21 Oct 2026 07:28:00 GMT", "Retry-After": retry_after}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    api.replies(later)
    waits = Waits()
    assert run(api, account, waits=waits).failures == []
    return waits


@pytest.mark.parametrize(("header", "expected"), [("7", 7), ("Wed, 21 Oct 2026 07:28:09 GMT", 9)])
def test_retry_after_is_waited_for(api: ProviderAPI, account: Account, header: str, expected: float) -> None:
    assert waits_after(api, account, header) == [expected]


@pytest.mark.parametrize("header", ["0", "soon", "-5"])
def test_a_retry_after_that_says_nothing_is_no_reason_to_hurry(api: ProviderAPI, account: Account, header: str) -> None:
    [wait] = waits_after(api, account, header)
    assert 0.5 <= wait <= 1


def test_a_retry_after_of_more_than_a_minute_is_a_failure(api: ProviderAPI, account: Account) -> None:
    api.replies(raw("", status=503, Retry_After="3600"))
    waits = Waits()
    assert (failed(run(api, account, waits=waits)), waits) == ([("ap-guangzhou", "HTTP 503")], [])


def test_no_answer_in_time_is_tried_again(api: ProviderAPI, account: Account) -> None:
    api.has(instance("ins-a"))
    api.replies(slow)
    waits = Waits()
    outcome = run(api, account, waits=waits, timeout=0.5)
    assert (outcome.failures, outcome.tally.created, len(waits)) == ([], 1, 1)


def test_a_provider_that_cannot_be_reached_fails_everything(account: Account) -> None:
    with provider_api() as gone:
        pass
    outcome = run(gone, account)
    assert failed(outcome) == [("", "NetworkError")]


@pytest.mark.parametrize("code", ["AuthFailure.SecretIdNotFound", "UnauthorizedOperation", "InvalidParameter"])
def test_what_does_not_pass_is_not_tried_again(api: ProviderAPI, account: Account, code: str) -> None:
    api.replies(error(code))
    waits = Waits()
    assert (failed(run(api, account, waits=waits)), waits) == ([("ap-guangzhou", code)], [])


@pytest.mark.parametrize("body", [{}, {"TotalCount": "1", "InstanceSet": {}}, {"TotalCount": -1, "InstanceSet": []}])
def test_an_answer_without_its_list_leaves_the_region_alone(
    api: ProviderAPI, account: Account, body: dict[str, Any]
) -> None:
    put(account)
    api.replies(raw({"Response": body}))
    assert failed(run(api, account, complete=True)) == [("ap-guangzhou", "UnreadableAnswer")]
    assert states() == {"ins-a": "running"}


def test_stopping_leaves_the_rest_alone(api: ProviderAPI, account: Account) -> None:
    api.regions = ["ap-guangzhou", "ap-shanghai"]
    api.has(instance("ins-a"))
    api.replies(THROTTLED, region="ap-shanghai")
    outcome = run(api, account, waits=lambda seconds: seconds > 0)  # told to stop while waiting
    assert (outcome.read, outcome.failures, outcome.is_stopped) == (["ap-guangzhou"], [], True)


def test_nothing_is_called_after_a_stop(api: ProviderAPI) -> None:
    with pytest.raises(Stopped):
        Provider(access(api), wait=lambda seconds: True).call("cvm", "DescribeRegions")
    assert api.calls == []


# Credentials


def test_temporary_credentials_send_their_token(api: ProviderAPI) -> None:
    api.token = TOKEN
    provider = Provider(access(api, token=TOKEN), wait=Waits())
    assert provider.call("sts", "GetCallerIdentity")["AccountId"] == ACCOUNT


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"secret_key": "another"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDanother"}, "AuthFailure.SecretIdNotFound"),
        ({"token": "expired-token"}, "AuthFailure.TokenFailure"),
    ],
)
def test_credentials_stand_in_no_error_and_no_log(
    api: ProviderAPI, caplog: pytest.LogCaptureFixture, values: dict[str, str], code: str
) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    provider = Provider(mine := access(api, **values), wait=Waits())
    with pytest.raises(CallFailed) as failure:
        provider.call("cvm", "DescribeRegions")
    assert failure.value.code == code
    trace = "".join(traceback.format_exception(failure.value))
    told = f"{failure.value!r} {failure.value.detail} {mine!r} {caplog.text} {trace}"
    assert [secret for secret in (mine.secret_id, mine.secret_key, mine.token or "x" * 9) if secret in told] == []
    assert [signature for signature in api.signatures if signature in caplog.text] == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_follow_no_redirect(api: ProviderAPI, account: Account, status: int) -> None:
    with provider_api() as another:
        api.replies(raw("", status=status, Location=another.url.replace("127.0.0.1", "localhost")))
        outcome = run(api, account, waits=(waits := Waits()))
        assert (failed(outcome), waits, another.requests) == ([("ap-guangzhou", f"HTTP {status}")], [], 0)
    assert "leads elsewhere" in outcome.failures[0].detail


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("TENCENTCLOUD_SECRET_ID", {"TENCENTCLOUD_SECRET_KEY": "key"}),
        ("TENCENTCLOUD_SECRET_KEY", {"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "  "}),
        ("TENCENTCLOUD_SECRET_KEY", {"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "a\nb"}),
        ("TENCENTCLOUD_TOKEN", {name: "钥" if name.endswith("TOKEN") else "x" for name in
                                ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN")}),
    ],
)  # fmt: skip
def test_missing_or_malformed_credentials_are_named(name: str, values: dict[str, str]) -> None:
    with pytest.raises(NoCredentials) as error:
        Access.from_environment(values, endpoint="")
    assert error.value.name == name


@pytest.mark.parametrize(
    ("endpoint", "is_right"),
    [
        ("https://proxy.example.com", True),
        ("https://proxy.example.com:8443", True),
        ("http://127.0.0.1:8800", True),
        ("http://localhost:8800", True),
        ("http://[::1]:8800", True),
        ("http://proxy.example.com", False),
        ("http://10.0.0.1", False),
        ("https://proxy.example.com/path", False),
        ("https://user:secret@proxy.example.com", False),
        ("https://proxy.example.com:99999", False),
        ("ftp://127.0.0.1", False),
        ("proxy.example.com", False),
        ("https://", False),
    ],
)
def test_plain_http_is_for_this_machine_alone(endpoint: str, is_right: bool) -> None:
    values = {"secret_id": "id", "secret_key": "key", "endpoint": endpoint}
    if is_right:
        assert Access(**values).endpoint == endpoint
    else:
        with pytest.raises(BadEndpoint):
            Access(**values)
