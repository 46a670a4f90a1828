"""The numbers of an account: exact at every moment, also those that were kept."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from codes import services
from codes.account_numbers import KEPT, KEPT_FROM, Numbers, account_numbers
from codes.choices import Channel, ShownState
from codes.models import AuthorizationCode
from codes.validity import with_shown_state
from servers.choices import BillingMode, ServerState
from servers.inventory.apply import put_server
from servers.inventory.facts import IPFacts
from servers.models import Server
from tests.codes.test_large_accounts import make_fleet
from tests.factories import make_account, make_filing, make_ip, make_issued, make_server
from tests.servers.feeding import facts, ip

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


def put(server, account, *, now, **fields) -> None:  # type: ignore[no-untyped-def]
    """What a feed says of the server: that it has its IPs, and these facts."""
    stated = facts(server.instance_id, **({"ips": ips_of(server)} | fields))
    record = partial(services.record_server_changes, actor=None, channel=Channel.COMMAND, now=now)
    version = Server.objects.get(pk=server.pk).version + 1
    put_server(stated, account=account, version=version, now=now, observer=record)


def ips_of(server) -> tuple[IPFacts, ...]:  # type: ignore[no-untyped-def]
    return tuple(ip(each.address, each.kind, each.expires_at) for each in server.ips.on_server())


def counted_one_by_one(account, now) -> Numbers:  # type: ignore[no-untyped-def]
    codes: Any = with_shown_state(AuthorizationCode.objects.filter(server__account=account), now=now)
    states = Counter(code.shown_state for code in codes)
    return Numbers(servers=account.servers.count(), codes=dict.fromkeys(ShownState.values, 0) | states)


def test_whatever_happens_the_numbers_are_those_of_counting_all_again() -> None:
    account, other, now = large_account(), make_account(), NOW
    servers = [make_server(account=account, now=NOW) for _ in range(6)]
    issued = [make_issued(server, now=NOW) for server in servers for _ in range(2)]
    incoming = make_server(account=other, now=NOW)
    make_issued(incoming, now=NOW)
    account_numbers(account, now=NOW)
    by: Any = {"actor": None, "channel": Channel.COMMAND}
    acts = (
        lambda: services.generate(servers[0], now=now, **by),
        lambda: services.withdraw(issued[0].code, reason="gone", now=now, **by),
        lambda: make_filing(issued[2], now=now),
        lambda: put(servers[1], account, now=now, ips=()),  # released: its codes are invalid
        lambda: put(servers[2], account, now=now, billing_mode=BillingMode.SPOT),
        lambda: put(servers[3], account, now=now, state=ServerState.ISOLATED),
        lambda: put(servers[0], account, now=now, ips=ips_of(servers[4])),  # which loses them
        lambda: put(servers[5], other, now=now),
        lambda: put(incoming, account, now=now),
        lambda: put(servers[5], account, now=now),
    )
    for act in acts:
        now += timedelta(seconds=1)
        act()
        assert account_numbers(account, now=now) == counted_one_by_one(account, now)
        assert account_numbers(other, now=now) == counted_one_by_one(other, now)


def test_only_the_codes_of_what_changed_are_counted_again() -> None:
    account = large_account()
    issued = make_issued(make_server(account=account, now=NOW), now=NOW)
    account_numbers(account, now=NOW)
    services.withdraw(issued.code, actor=None, channel=Channel.COMMAND, reason="gone", now=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert account_numbers(account, now=NOW).codes["withdrawn"] == 1
    (counting,) = [query["sql"] for query in queries if "SUM(" in query["sql"]]
    assert ("{%d}" if connection.vendor == "postgresql" else "[%d]") % issued.code.server_id in counting


def test_more_changes_than_are_looked_up_count_as_well() -> None:
    account, ends = make_account(), NOW + timedelta(minutes=2)
    make_fleet(account, KEPT_FROM, expires_at=ends)
    make_issued(account.servers.first(), now=NOW)
    make_issued(make_server(account=account, now=NOW), now=NOW)
    account_numbers(account, now=NOW)
    numbers = account_numbers(account, now=ends)
    assert (numbers.codes["unused"], numbers.codes["expired"]) == (1, 1)


def test_nothing_is_kept_for_long() -> None:
    account = large_account()
    account_numbers(account, now=NOW)
    assert statements(account, NOW + KEPT) > 1
