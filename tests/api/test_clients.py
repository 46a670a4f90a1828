"""Clients and tokens by command."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from icpportal.api.models import ApiClient, ApiToken
from tests.api.client import Api
from tests.factories import make_account, make_client


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def status(token: str, path: str = "codes/") -> int:
    return Api(client=make_client()).get(path, authorization=f"Bearer {token}").status


def test_the_token_is_alone_on_the_last_line(db: None) -> None:
    output = run("create_api_client", "console", "--scope", "codes:read", "--scope", "codes:generate")
    token = output.splitlines()[-1]
    assert (output, status(token)) == (f"{token}\n", 200)
    assert ApiClient.objects.get(name="console").scopes == ["codes:generate", "codes:read"]
    assert token.encode() not in bytes(ApiToken.objects.get(client__name="console").digest)


def test_a_client_may_be_limited_to_a_known_account(db: None) -> None:
    account = make_account()
    run("create_api_client", "console", "--scope", "codes:read", "--account", account.uid)
    assert ApiClient.objects.get(name="console").account == account
    with pytest.raises(CommandError, match="no account nobody"):
        run("create_api_client", "other", "--scope", "codes:read", "--account", "nobody")


def test_a_token_may_expire(db: None, time_travel) -> None:  # type: ignore[no-untyped-def]
    token = run("create_api_client", "console", "--scope", "codes:read", "--expires", "1").strip()
    time_travel.shift(86_399)
    assert status(token) == 200
    time_travel.shift(1)
    assert status(token) == 401


@pytest.mark.parametrize(
    "arguments",
    [
        ["console"],
        ["console", "--scope", "x"],
        ["", "--scope", "codes:read"],
        ["a", "--scope", "codes:read", "--expires", "0"],
    ],
)
def test_what_cannot_be_is_said(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("create_api_client", *arguments)


def test_a_name_is_taken_once(db: None) -> None:
    run("create_api_client", "console", "--scope", "codes:read")
    with pytest.raises(CommandError, match="exists already"):
        run("create_api_client", "console", "--scope", "codes:read")


def test_a_name_that_is_taken_in_the_same_moment_is_said_too(db: None) -> None:
    rivals = [ApiClient(name="console")]

    def then_taken(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        found = execute(sql, *args)
        if "api_apiclient" in sql and rivals:
            ApiClient.objects.bulk_create([rivals.pop()])
        return found

    with connection.execute_wrapper(then_taken), pytest.raises(CommandError, match="exists already"):
        run("create_api_client", "console", "--scope", "codes:read")
    assert not ApiToken.objects.exists()


def test_two_tokens_are_valid_for_the_overlap(db: None, time_travel) -> None:  # type: ignore[no-untyped-def]
    old = run("create_api_client", "console", "--scope", "codes:read").strip()
    new = run("rotate_api_client", "console", "--overlap", "2").strip()
    assert (status(old), status(new)) == (200, 200)
    time_travel.shift(2 * 3600)
    assert (status(old), status(new)) == (401, 200)


def test_a_revoked_client_is_dead_at_once(db: None) -> None:
    token = run("create_api_client", "console", "--scope", "codes:read").strip()
    assert status(token) == 200
    assert "1 token(s) revoked" in run("revoke_api_client", "console")
    assert status(token) == 401
    with pytest.raises(CommandError, match="is revoked"):
        run("rotate_api_client", "console")
    with pytest.raises(CommandError, match="no client named"):
        run("revoke_api_client", "nobody")


def test_the_list_shows_the_last_use_and_no_token(db: None) -> None:
    token = run("create_api_client", "console", "--scope", "codes:read").strip()
    assert "never" in run("list_api_clients")
    status(token)
    listed = run("list_api_clients")
    assert "console" in listed
    assert "23 Nov 2026, 12:00" in listed
    assert token not in listed
