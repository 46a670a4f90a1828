"""The numbers of an account: exact at every moment, also those that were kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from codes import services
from codes.account_numbers import KEPT, KEPT_FROM, account_numbers
from codes.choices import Channel
from tests.codes.test_large_accounts import make_fleet
from tests.factories import make_account, make_ip, make_issued, make_server

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def a_cache(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def large_account():  # type: ignore[no-untyped-def]
    account = make_account()
    make_fleet(account, KEPT_FROM)
    return account


def statements(account, now) -> int:  # type: ignore[no-untyped-def]
    with CaptureQueriesContext(connection) as queries:
        account_numbers(account, now=now)
    return len(queries)


def test_a_small_account_is_counted_each_time() -> None:
    account = make_account()
    make_fleet(account, 1)
    assert account_numbers(account, now=NOW).servers == 1
    make_fleet(account, 1)
    assert account_numbers(account, now=NOW).servers == 2


def test_a_large_account_is_counted_once_while_nothing_happens() -> None:
    account = large_account()
    assert account_numbers(account, now=NOW).servers == KEPT_FROM
    assert statements(account, NOW + timedelta(minutes=1)) == 1


def test_what_happens_counts_at_once() -> None:
    account = large_account()
    server = make_server(account=account, now=NOW)
    assert account_numbers(account, now=NOW).codes["unused"] == 0
    issued = make_issued(server, now=NOW)
    assert account_numbers(account, now=NOW).codes["unused"] == 1
    services.withdraw(issued.code, actor=None, channel=Channel.COMMAND, reason="gone", now=NOW)
    numbers = account_numbers(account, now=NOW)
    assert (numbers.codes["unused"], numbers.codes["withdrawn"]) == (0, 1)


@pytest.mark.parametrize("of_ip", [True, False])
def test_an_expiry_counts_at_its_instant(of_ip: bool) -> None:
    account, ends = large_account(), NOW + timedelta(minutes=2)
    server = make_server(account=account, now=NOW, with_ip=False, **({} if of_ip else {"expires_at": ends}))
    make_ip(server, now=NOW, expires_at=ends if of_ip else None)
    make_issued(server, now=NOW)
    assert account_numbers(account, now=NOW).codes["unused"] == 1
    assert account_numbers(account, now=ends - timedelta(microseconds=1)).codes["unused"] == 1
    assert account_numbers(account, now=ends).codes["expired"] == 1


def test_nothing_is_kept_for_long() -> None:
    account = large_account()
    account_numbers(account, now=NOW)
    assert statements(account, NOW + KEPT) > 1
