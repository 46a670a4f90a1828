"""Feeds at once, each in a connection of its own: version rules decide, nothing is lost and nothing escapes."""

from typing import Any

import pytest

from servers.inventory.apply import StaleVersion, VersionConflict
from servers.models import IPAddress, Region, Server
from tests.factories import make_account
from tests.servers.feeding import addresses, instance, instances, ip, put, take
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("own_database")


def test_a_new_server_put_twice_at_once_is_created_once() -> None:
    account = make_account()
    results = at_once(*[lambda: put(account)] * 8)
    assert sorted(results) == ["created"] + ["unchanged"] * 7


def test_rival_facts_of_one_version_conflict() -> None:
    account = make_account()
    results = at_once(*[lambda name=f"web-{n}": put(account, name=name) for n in range(8)])  # type: ignore[misc]
    assert results.count("created") == 1
    assert sum(isinstance(result, VersionConflict) for result in results) == 7


def test_versions_at_once_end_with_the_highest() -> None:
    account = make_account()
    works: list[Any] = [lambda n=n: put(account, version=n, name=f"web-{n}") for n in range(1, 13)]
    results = at_once(*works)
    assert {type(result) for result in results} <= {str, StaleVersion}
    assert Server.objects.get().name == "web-12"


def test_rivals_for_one_address_move_it_and_none_fails() -> None:
    account = make_account()
    works: list[Any] = [lambda n=n: put(account, instance_id=f"ins-{n}", version=n) for n in range(12)]
    assert set(at_once(*works)) == {"created"}
    assert IPAddress.objects.on_server().filter(address="203.0.113.7").count() == 1


def test_known_servers_that_fight_for_addresses_in_opposite_orders_do_not_deadlock() -> None:
    account = make_account()
    names = [f"ins-{n}" for n in range(6)]
    for name in names:
        put(account, instance_id=name, ips=())
    ips = [ip(f"203.0.113.{n}") for n in range(1, 9)]
    for version in range(2, 6):
        works: list[Any] = [
            lambda name=name, order=order, version=version: put(
                account, instance_id=name, version=version, ips=tuple(ips[::order])
            )
            for name, order in zip(names, (1, -1, 1, -1, 1, -1), strict=True)
        ]
        assert set(at_once(*works)) <= {"updated", "unchanged"}
        held = [name for name in names if addresses(name)]
        assert IPAddress.objects.on_server().count() == 8
        assert len(held) == 1


def test_imports_of_the_same_at_once_agree() -> None:
    account = make_account()
    rows = [
        instance(f"ins-{n}", PublicIpAddresses=[f"203.0.113.{n}"], Placement={"Zone": f"ap-new-{n % 3}-1"})
        for n in range(60)
    ]
    results = at_once(*[lambda order=order: take(account, instances(*rows[::order])) for order in (1, -1, 1, -1)])  # type: ignore[misc]
    assert sorted((tally.created, tally.unchanged) for tally in results) == [(0, 60)] * 3 + [(60, 0)]
    assert Region.objects.filter(code__startswith="ap-new").count() == 3


def test_an_import_and_puts_at_once() -> None:
    account = make_account()
    rows = [instance(f"ins-{n}", PublicIpAddresses=[f"203.0.113.{n}"]) for n in range(20)]
    works: list[Any] = [lambda: take(account, instances(*rows)).rejected]
    works += [lambda n=n: put(account, instance_id=f"ins-{n}", ips=(ip(f"203.0.113.{19 - n}"),)) for n in range(5)]
    results = at_once(*works)
    assert not [
        result for result in results if isinstance(result, Exception) and not isinstance(result, VersionConflict)
    ]
    assert Server.objects.count() == 20
