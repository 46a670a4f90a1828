"""New rows by the thousand, as bulk_create would have written them."""

import gc
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from codes.models import CodeEvent
from icpportal import bulk
from icpportal.primary_keys import NextKey, new_keys
from servers.models import Account, IPAddress, Server
from tests.factories import NOW, make_server

pytestmark = pytest.mark.django_db


def servers(number: int, prefix: str) -> list[Server]:
    like: dict[str, Any] = model_to_dict(make_server(), exclude=["id", "instance_id", "account", "region"])
    owner = Server.objects.select_related("account", "region").latest("pk")
    shared = {**like, "account": owner.account, "region": owner.region, "expires_at": None, "billing_mode": "spot"}
    return [Server(instance_id=f"{prefix}-{n}", **shared) for n in range(number)]


@pytest.mark.parametrize("number", [0, 1, bulk.FEW, bulk.FEW + 1, 700])
def test_rows_read_back_as_they_were_and_keys_go_on(number: int) -> None:
    rows = servers(number, "ins-x")
    with transaction.atomic():
        bulk.insert(rows)
    stored = Server.objects.filter(instance_id__startswith="ins-x").order_by("pk")
    assert [model_to_dict(one) for one in stored] == [model_to_dict(one) for one in rows]
    assert not any(one._state.adding for one in rows)
    after = make_server()
    assert all(one.pk < after.pk for one in rows)


def test_json_and_empty_values_survive() -> None:
    accounts = [
        Account(uid=f"u-{n}", name='tab\t"quote"\\ 青山\n', emails=["a@example.com"], created_at=NOW) for n in range(60)
    ]
    with transaction.atomic():
        bulk.insert(accounts)
    stored = Account.objects.get(uid="u-59")
    assert (stored.name, stored.emails, stored.created_at) == ('tab\t"quote"\\ 青山\n', ["a@example.com"], NOW)


def test_a_constraint_refuses_the_whole() -> None:
    server = make_server(with_ip=False)
    ips = [IPAddress(server=server, address="203.0.113.7", kind="public", assigned_at=NOW) for _ in range(60)]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(ips)
    assert not IPAddress.objects.exists()


def test_rows_that_the_database_numbers_keep_their_order() -> None:
    shared = {"type": "server_changed", "at": NOW, "channel": "api", "mac": bytes(32)}
    events = [CodeEvent(ticket=str(n), place=n + 1, **shared) for n in range(60)]
    server = make_server()
    for each in events:
        each.server, each.account = server, server.account
    with transaction.atomic():
        bulk.insert(events, keyed=False)
    stored = CodeEvent.objects.order_by("pk")
    assert [each.ticket for each in stored] == [str(n) for n in range(60)]
    assert all(each.pk is None for each in events)


@pytest.mark.parametrize(
    "next_key",
    [
        lambda: new_keys(Server, 1)[0],
        lambda: Account.objects.annotate(key=NextKey(Server)).values_list("key", flat=True)[0],
    ],
    ids=["asked for", "told by a query"],
)
def test_rows_of_another_model_are_first_by_keys_that_are_known(next_key: Callable[[], int]) -> None:
    server = servers(1, "ins-x")[0]
    with transaction.atomic():
        server.pk = next_key()
        ips = [IPAddress(server=server, address="203.0.113.9", kind="public", assigned_at=NOW)]
        bulk.insert(ips, first=[server])
    stored = IPAddress.objects.select_related("server").get(address="203.0.113.9")
    assert (stored.pk, stored.server_id, stored.server.instance_id) == (ips[0].pk, server.pk, "ins-x-0")
    assert not server._state.adding
    assert make_server().pk == server.pk + 1


@pytest.mark.parametrize("number", [1, bulk.FEW, bulk.FEW + 1, 700])
def test_changed_fields_are_saved_and_no_others(number: int) -> None:
    rows = servers(number, "ins-x")
    with transaction.atomic():
        bulk.insert(rows)
        for n, one in enumerate(rows):
            one.name, one.expires_at, one.version = f"web-{n}", NOW, 9
        bulk.update(rows, ["name", "expires_at"])
    stored = Server.objects.filter(instance_id__startswith="ins-x").order_by("pk")
    assert [(one.name, one.expires_at, one.version) for one in stored] == [(f"web-{n}", NOW, 0) for n in range(number)]


def test_a_list_of_any_length_is_one_parameter() -> None:
    with transaction.atomic():
        bulk.insert(servers(60, "ins-x"))
    names = [f"ins-x-{n}" for n in range(70_000)]
    assert Server.objects.filter(instance_id__among=set(names)).count() == 60
    keys = Server.objects.values_list("pk", flat=True)
    assert Server.objects.filter(pk__among=set(keys)).count() == len(keys)


@pytest.mark.parametrize("moment", [NOW, NOW.replace(microsecond=7), None])
def test_fetched_objects_are_as_the_queryset_gives_them(moment: datetime | None) -> None:
    server = make_server(billing_mode="spot", expires_at=moment)
    for rows in (Server.objects.filter(pk=server.pk), Account.objects.all(), IPAddress.objects.all()):
        fetched = bulk.fetch(rows)
        assert [model_to_dict(one) for one in fetched] == [model_to_dict(one) for one in rows]
        assert [vars(one) | {"_state": None} for one in fetched] == [vars(one) | {"_state": None} for one in rows]
        assert not fetched[0]._state.adding


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_rests_and_is_then_as_before(was_on: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if was_on else gc.disable)()
        with bulk.uncollected():
            assert not gc.isenabled()
        assert gc.isenabled() == was_on
    finally:
        (gc.enable if was else gc.disable)()


def test_the_last_of_several_wakes_the_garbage_collector() -> None:
    first, second = bulk.uncollected(), bulk.uncollected()
    first.__enter__()
    second.__enter__()  # a thread that reads ahead
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()
