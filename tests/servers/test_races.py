"""Feeds at once, each in a connection of its own: version rules decide, nothing is lost and nothing escapes."""

import io
from typing import Any

import pytest
from django.db import connection, transaction

from codes.values import stands_in
from servers.inventory import uploads
from servers.inventory.apply import StaleVersion, VersionConflict
from servers.models import IPAddress, Region, Server
from tests.factories import NOW, make_account, make_user
from tests.servers.feeding import addresses, instance, instances, ip, put, take
from tests.servers.sheets import table
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


def _unlocked() -> list[str]:
    rows = Server.objects.select_for_update(skip_locked=True, no_key=True).order_by("instance_id")
    with transaction.atomic():
        return list(rows.values_list("instance_id", flat=True))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks everything")
def test_a_file_is_taken_in_under_the_locks_of_all_servers_that_it_touches() -> None:
    account = make_account(uid="100000000001")
    for name, address in (("ins-named", "203.0.113.1"), ("ins-holder", "203.0.113.2"), ("ins-other", "203.0.113.3")):
        put(account, instance_id=name, ips=(ip(address),))
    rows = table({"instance_id": "ins-named", "ips": "203.0.113.2 public"}, {"instance_id": "ins-new", "ips": ""})
    kept = uploads.keep(io.BytesIO(rows.encode()), name="a.csv", is_secret=stands_in, by=make_user(), now=NOW)
    list(uploads.judge(kept, is_secret=stands_in, now=NOW))
    steps = uploads.take_in(
        kept.pk, digest=kept.digest, is_secret=stands_in, observer=lambda changes: None, actor="system", now=NOW
    )
    assert next(steps) == (0, 2)
    assert at_once(_unlocked) == [["ins-other"]]
    assert list(steps) == [(2, 2)]
    assert _unlocked() == ["ins-holder", "ins-named", "ins-new", "ins-other"]
