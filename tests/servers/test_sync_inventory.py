"""The command that reads an account's servers from the provider."""

import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from servers.models import Account, FeedRun
from tests.factories import make_account
from tests.servers.feeding import instance
from tests.servers.provider_api import ACCOUNT, SECRET_ID, SECRET_KEY, ProviderAPI, error
from tests.servers.syncing import OLD_SDK

pytestmark = [pytest.mark.django_db, OLD_SDK]


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


@pytest.mark.parametrize(("found", "told"), [("100099999999", "100099999999"), (None, "unknown")])
def test_the_wrong_accounts_credentials_are_a_failed_run(
    command: ProviderAPI, account: Account, found: Any, told: str
) -> None:
    command.account = found
    _out, err, code = say()
    assert f"The credentials belong to account {told}, not to {ACCOUNT}." in err
    assert (code, FeedRun.objects.get().failures) == (2, [{"region": "", "code": "WrongAccount"}])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--region", "ap guangzhou"], "The region is malformed: ap guangzhou"),
        *[(["--watch", odd], "--watch takes more than 0 and at most 86400 seconds.") for odd in ("0", "nan", "inf")],
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
