"""Live sync, by the provider's real SDK against a server on this machine that speaks its API."""

import io
import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from codes.values import stands_in
from servers.inventory.provider import Access, BadEndpoint, CallFailed, NoCredentials, Provider, Stopped, backoff
from servers.inventory.sync import Listener, Outcome, WrongAccount, sync
from servers.models import Account, FeedRun, Server
from tests.factories import NOW, make_account
from tests.servers.feeding import Heard, address, addresses, instance, put
from tests.servers.provider_api import (
    ACCOUNT,
    SECRET_ID,
    SECRET_KEY,
    TOKEN,
    ProviderAPI,
    error,
    many,
    provider_api,
    raw,
    slow,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning"),  # the SDK's, from Python 3.12
]
SILENT = Listener(regions=lambda names: None, rows=lambda region, rows: None, ended=lambda region, ended: None)
THROTTLED = error("RequestLimitExceeded", "Your current request times equals to `41` in a second.")


@pytest.fixture
def account() -> Account:
    return make_account(uid=ACCOUNT)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderAPI]:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with provider_api() as api:
        yield api


class Waits(list[float]):
    """Keeps how long was waited, without waiting."""

    def __call__(self, seconds: float) -> bool:
        if seconds:
            self.append(seconds)
        return False


def access(api: ProviderAPI, **values: Any) -> Access:
    return Access(**({"secret_id": SECRET_ID, "secret_key": SECRET_KEY, "endpoint": api.url} | values))


def run(api: ProviderAPI, account: Account, *, waits: Any = None, timeout: float = 20, **options: Any) -> Outcome:
    provider = Provider(access(api, timeout=timeout), wait=Waits() if waits is None else waits)
    given = {"now": NOW, "observer": Heard(), "listener": SILENT, "is_secret": stands_in} | options
    return sync(provider, account=account, **given)


def failed(outcome: Outcome) -> list[tuple[str, str]]:
    return [(failure.region, failure.code) for failure in outcome.failures]


def states() -> dict[str, str]:
    return dict(Server.objects.values_list("instance_id", "state"))


# What comes in


def test_all_regions_that_the_provider_offers_are_read(api: ProviderAPI, account: Account) -> None:
    api.regions = ["ap-guangzhou", "ap-atlantis"]
    api.has(instance("ins-a"))
    api.has(instance("ins-b", Placement={"Zone": "ap-atlantis-1"}, PublicIpAddresses=[]), region="ap-atlantis")
    outcome = run(api, account)
    assert (outcome.read, outcome.failures, outcome.tally.created) == (["ap-guangzhou", "ap-atlantis"], [], 2)
    assert Server.objects.get(instance_id="ins-b").region.jurisdiction == "unclassified"


def test_a_region_with_servers_that_is_no_longer_offered_is_tried(api: ProviderAPI, account: Account) -> None:
    put(account, region="ap-shanghai")
    api.replies(error("UnsupportedRegion"), region="ap-shanghai")
    outcome = run(api, account, complete=True)
    assert (outcome.read, failed(outcome)) == (["ap-guangzhou"], [("ap-shanghai", "UnsupportedRegion")])
    assert states() == {"ins-a": "running"}


def test_only_the_regions_named_are_read(api: ProviderAPI, account: Account) -> None:
    api.regions = ["ap-guangzhou", "ap-shanghai"]
    assert run(api, account, regions=["ap-shanghai"]).read == ["ap-shanghai"]
    assert {region for action, region, _ in api.calls if action != "GetCallerIdentity"} == {"ap-shanghai"}


def test_lists_of_many_pages_are_read_whole(api: ProviderAPI, account: Account) -> None:
    api.has(*many(250))
    outcome = run(api, account)
    assert (outcome.tally.created, Server.objects.count()) == (250, 250)
    assert api.offsets() == [0, 100, 200]
    assert run(api, account).tally.unchanged == 250


def test_addresses_and_load_balancers_decide_the_kinds(api: ProviderAPI, account: Account) -> None:
    api.has(instance("ins-a", PublicIpAddresses=["203.0.113.7", "203.0.113.8", "203.0.113.9"]))
    api.has(
        address("203.0.113.7"),
        address("203.0.113.8", AddressType="EIP", InstanceId="ins-a"),
        action="DescribeAddresses",
    )
    balancer = {"LoadBalancerId": "lb-1", "LoadBalancerVips": ["203.0.113.9"]}
    api.has(balancer, action="DescribeLoadBalancers")
    run(api, account)
    held = {ip.address: ip.kind for ip in Server.objects.get().ips.all()}
    assert held == {"203.0.113.7": "public", "203.0.113.8": "elastic", "203.0.113.9": "clb"}


def test_a_service_that_a_region_does_not_have_has_nothing_there(api: ProviderAPI, account: Account) -> None:
    api.has(instance("ins-a"))
    api.replies(error("UnsupportedRegion"), action="DescribeLoadBalancers")
    assert (run(api, account).failures, addresses()) == ([], ["203.0.113.7"])


def test_an_empty_account_is_read_and_empty(api: ProviderAPI, account: Account) -> None:
    outcome = run(api, account, complete=True)
    assert (outcome.read, outcome.tally.created, outcome.failures) == (["ap-guangzhou"], 0, [])


def test_rows_that_cannot_be_read_are_rejected_and_the_others_go_in(api: ProviderAPI, account: Account) -> None:
    api.has(instance("ins-a", InstanceState="?"), instance("ins-b", PublicIpAddresses=[]))
    outcome = run(api, account)
    assert [row.id for row in outcome.tally.rejected] == ["ins-a"]
    assert (outcome.tally.created, outcome.failures) == (1, [])


def test_an_account_of_somebody_else_is_never_read(api: ProviderAPI, account: Account) -> None:
    api.account = "100099999999"
    put(account)
    with pytest.raises(WrongAccount) as wrong:
        run(api, account, complete=True)
    assert wrong.value.found == "100099999999"
    assert [action for action, *_ in api.calls] == ["GetCallerIdentity"]
    assert states() == {"ins-a": "running"}


# Lists that change meanwhile


def test_a_server_that_goes_between_two_pages_is_noticed_by_the_total(api: ProviderAPI, account: Account) -> None:
    rows = many(150)
    api.has(*rows)

    def first_goes(action: str, region: str, parameters: dict[str, Any]) -> None:
        if parameters.get("Offset") == 100 and len(api.rows["DescribeInstances", region]) == 150:
            api.has(*rows[1:])  # what was row 100 moves to the page that has been read

    api.before = first_goes
    assert run(api, account).tally.created == 149
    assert api.offsets() == [0, 100, 0, 100]


def test_a_server_that_comes_twice_at_a_border_is_noticed(api: ProviderAPI, account: Account) -> None:
    rows = many(150)
    api.has(*rows)

    def one_comes_one_goes(action: str, region: str, parameters: dict[str, Any]) -> None:
        if parameters.get("Offset") == 100:
            api.has(*many(1, start=900), *rows[:-1])  # as many as before, each moved by one

    api.before = one_comes_one_goes
    assert run(api, account).tally.created == 150
    assert api.offsets() == [0, 100, 0, 100]
    assert "ins-149" not in states()


def test_a_list_that_never_stands_still_leaves_the_region_alone(api: ProviderAPI, account: Account) -> None:
    put(account)
    api.before = lambda action, region, parameters: api.has(*many(150 + len(api.calls)))
    outcome = run(api, account, complete=True)
    assert (outcome.read, failed(outcome)) == ([], [("ap-guangzhou", "ListChanged")])
    assert api.offsets() == [0, 100] * 5
    assert states() == {"ins-a": "running"}


def test_a_page_with_fewer_rows_than_asked_for_is_no_end(api: ProviderAPI, account: Account) -> None:
    rows = many(3)
    api.has(*rows)
    api.replies(raw({"Response": {"TotalCount": 3, "InstanceSet": rows[:2]}}))
    assert run(api, account).tally.created == 3
    assert api.offsets() == [0, 2]


def test_an_empty_page_before_the_end_is_no_end(api: ProviderAPI, account: Account) -> None:
    api.has(*many(3))
    api.replies(raw({"Response": {"TotalCount": 3, "InstanceSet": []}}))
    assert run(api, account).tally.created == 3
    assert api.offsets() == [0, 0]


# What is gone


def test_missing_servers_end_only_when_asked(api: ProviderAPI, account: Account) -> None:
    put(account)
    api.has(instance("ins-b", PublicIpAddresses=[]))
    run(api, account)
    assert states() == {"ins-a": "running", "ins-b": "running"}
    outcome = run(api, account, complete=True)
    assert states() == {"ins-a": "terminated", "ins-b": "running"}
    assert outcome.tally.updated == 1


@pytest.mark.parametrize("hides_missing", [False, True])
def test_each_missing_server_is_asked_for_by_its_name(api: ProviderAPI, account: Account, hides_missing: bool) -> None:
    for name in ("ins-a", "ins-c"):
        put(account, instance_id=name, ips=())
    api.hides_missing = hides_missing
    api.has(instance("ins-a", PublicIpAddresses=[]))
    api.replies(raw({"Response": {"TotalCount": 0, "InstanceSet": []}}))  # for once it lists nothing
    run(api, account, complete=True)
    assert states() == {"ins-a": "running", "ins-c": "terminated"}


def test_another_regions_servers_do_not_end(api: ProviderAPI, account: Account) -> None:
    put(account, region="ap-shanghai")
    run(api, account, regions=["ap-guangzhou"], complete=True)
    assert states() == {"ins-a": "running"}


@pytest.mark.parametrize("action", ["DescribeInstances", "DescribeAddresses", "DescribeLoadBalancers"])
def test_one_missing_page_of_any_kind_leaves_the_region_alone(api: ProviderAPI, account: Account, action: str) -> None:
    api.regions = ["ap-guangzhou", "ap-shanghai"]
    put(account, instance_id="ins-gone")
    put(account, instance_id="ins-shanghai", region="ap-shanghai", ips=())
    api.has(instance("ins-new"))
    api.replies(error("UnauthorizedOperation", "You are not authorized."), action=action)
    outcome = run(api, account, complete=True)
    assert (outcome.read, failed(outcome)) == (["ap-shanghai"], [("ap-guangzhou", "UnauthorizedOperation")])
    assert states() == {"ins-gone": "running", "ins-shanghai": "terminated"}


def test_a_server_with_newer_facts_than_the_list_does_not_end(api: ProviderAPI, account: Account) -> None:
    put(account, now=NOW + timedelta(seconds=1))
    run(api, account, complete=True, now=NOW)
    assert states() == {"ins-a": "running"}
    run(api, account, complete=True, now=NOW + timedelta(seconds=2))
    assert states() == {"ins-a": "terminated"}


# Trouble on the way


@pytest.mark.parametrize(
    "odd",
    [
        THROTTLED,
        error("RequestLimitExceeded.UinLimitExceeded"),
        error("RequestLimitExceeded", Content_Type="application/json; charset=utf-8"),
        error("InternalError"),
        error("InternalServerError"),
        raw("Bad Gateway", status=502),
        raw("", status=429),
        raw({"Response": {"TotalCount": 1, "InstanceSet": []}}, cut=5),
        raw('{"Response": {"TotalCount": 1, "Inst'),
        raw("<html>"),
        raw("[]"),
        raw("{}"),
    ],
    ids=[
        *("throttled", "throttled by uin", "another content type", "internal", "internal server", "502", "429"),
        *("cut body", "cut JSON", "no JSON", "a list", "no envelope"),
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


# The command


@pytest.fixture
def command(api: ProviderAPI, monkeypatch: pytest.MonkeyPatch, settings: Any) -> ProviderAPI:
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", SECRET_ID)
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", SECRET_KEY)
    monkeypatch.delenv("TENCENTCLOUD_TOKEN", raising=False)
    settings.TENCENTCLOUD_ENDPOINT = api.url
    return api


def say(*arguments: str) -> tuple[str, str, int]:
    """What the command writes to stdout and stderr, the error included, and its exit code."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("sync_inventory", "--account", ACCOUNT, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
        code = error.returncode
    return out.getvalue(), err.getvalue(), code


def test_the_command_tells_regions_rows_and_the_sum(command: ProviderAPI, account: Account) -> None:
    command.has(instance("ins-a"), instance("ins-b", InstanceState="?"))
    out, err, code = say()
    assert out.splitlines() == [
        "ap-guangzhou: rejected ins-b: InstanceState is unknown: ?",
        "ap-guangzhou: 1 created, 0 updated, 0 unchanged, 1 rejected.",
        "1 regions read: 1 created, 0 updated, 0 unchanged, 1 rejected.",
    ]
    assert (err, code) == ("", 0)
    run = FeedRun.objects.get()
    assert (run.kind, run.actor, run.created, run.rejected, run.failures, run.is_newest) == (
        "sync", "system", 1, 1, [], True,
    )  # fmt: skip


def test_a_region_that_fails_makes_the_exit_code_1(command: ProviderAPI, account: Account) -> None:
    command.regions = ["ap-guangzhou", "ap-shanghai"]
    command.has(instance("ins-a"))
    command.replies(error("UnauthorizedOperation", "Not you."), region="ap-shanghai")
    _out, err, code = say()
    assert err.splitlines() == ["ap-shanghai was left alone: UnauthorizedOperation: Not you.", "Regions left alone: 1."]
    assert code == 1
    run = FeedRun.objects.get()
    assert (run.created, run.is_newest) == (1, True)
    assert run.failures == [{"region": "ap-shanghai", "code": "UnauthorizedOperation"}]


def test_expired_credentials_make_the_exit_code_2_and_no_fact_newer(command: ProviderAPI, account: Account) -> None:
    say()
    command.token = "another"
    _out, err, code = say("--complete")
    assert err.splitlines() == [
        "Nothing was read: AuthFailure.TokenFailure: The token is wrong: None",
        "Nothing was done.",
    ]
    assert code == 2
    newest, failed_run = FeedRun.objects.order_by("pk")
    assert (newest.is_newest, failed_run.is_newest) == (True, False)
    assert failed_run.failures == [{"region": "", "code": "AuthFailure.TokenFailure"}]


def test_the_wrong_accounts_credentials_are_a_failed_run(command: ProviderAPI, account: Account) -> None:
    command.account = "100099999999"
    _out, err, code = say()
    assert f"The credentials belong to account 100099999999, not to {ACCOUNT}." in err
    assert (code, FeedRun.objects.get().failures) == (2, [{"region": "", "code": "WrongAccount"}])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--region", "ap guangzhou"], "The region is malformed: ap guangzhou"),
        (["--watch", "0"], "--watch needs more than 0 seconds."),
        (["--watch", "nan"], "--watch needs more than 0 seconds."),
        ([], f"There is no account {ACCOUNT}; create it with --create-account NAME."),
    ],
)
def test_what_cannot_be_done_is_told_before_any_call(command: ProviderAPI, arguments: list[str], text: str) -> None:
    assert say(*arguments) == ("", text, 2)
    assert command.calls == []


def test_the_account_may_be_created(command: ProviderAPI) -> None:
    assert say("--create-account", "Qingshan Trading")[2] == 0
    assert Account.objects.get().name == "Qingshan Trading"


def test_missing_credentials_and_a_bad_endpoint_are_told(
    command: ProviderAPI, account: Account, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.TENCENTCLOUD_ENDPOINT = "http://proxy.example.com"
    assert "TENCENTCLOUD_ENDPOINT must be https://host" in say()[1]
    monkeypatch.delenv("TENCENTCLOUD_SECRET_ID")
    assert say() == ("", "TENCENTCLOUD_SECRET_ID is missing from the environment or malformed.", 2)


def test_without_the_sdk_it_says_how_to_install_it(
    command: ProviderAPI, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "servers.inventory.sdk", raising=False)
    monkeypatch.delattr("servers.inventory.sdk", raising=False)
    monkeypatch.setitem(sys.modules, "tencentcloud.cvm.v20170312.cvm_client", None)
    _out, err, code = say()
    assert err == (
        "The provider's SDK is not installed: .venv/bin/pip install --require-hashes -r requirements-tencent.lock"
    )
    assert code == 2
    assert (Path(__file__).parents[2] / "requirements-tencent.lock").is_file()


def test_watching_goes_on_after_a_failed_round_and_stops_cleanly(own_database: None, command: ProviderAPI) -> None:
    make_account(uid=ACCOUNT)
    command.has(instance("ins-a"))
    command.replies(error("UnauthorizedOperation", "Not you."))
    rounds = 0

    def third_round_is_the_last(action: str, region: str, parameters: dict[str, Any]) -> None:
        nonlocal rounds
        rounds += action == "GetCallerIdentity"
        if rounds == 3 and action == "DescribeLoadBalancers":
            os.kill(os.getpid(), signal.SIGTERM)

    command.before = third_round_is_the_last
    before = signal.getsignal(signal.SIGTERM)
    out, err, code = say("--watch", "0.01")
    assert err.splitlines() == ["ap-guangzhou was left alone: UnauthorizedOperation: Not you."]
    assert out.splitlines()[-1] == "1 regions read: 0 created, 0 updated, 1 unchanged, 0 rejected."
    assert (code, rounds) == (0, 3)
    assert signal.getsignal(signal.SIGTERM) is before
    assert [run.failures for run in FeedRun.objects.order_by("pk")] == [
        [{"region": "ap-guangzhou", "code": "UnauthorizedOperation"}], [], [],
    ]  # fmt: skip
