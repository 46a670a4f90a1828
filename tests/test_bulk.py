"""New rows by the thousand, as bulk_create would have written them."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from codes.models import CodeEvent
from icpportal import bulk
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
