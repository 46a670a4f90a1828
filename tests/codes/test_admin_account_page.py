"""The account page: who uses its codes, and the hint when many do (FAQ 3)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from codes.admin import users_of_codes
from codes.admin.columns import page_url
from servers.choices import BillingMode
from servers.models import Account
from tests import factories

pytestmark = pytest.mark.django_db


def use(account: Account, *uids: str) -> None:
    """Each account files for two domains with two codes, one of which names it."""
    for uid in uids:
        server = factories.make_server(account=account)
        client = factories.make_client()
        named = factories.make_issued(server, authorized_account=uid)
        factories.make_filing(named, account=uid, client=client, domain=f"a{uid}.example.cn")
        factories.make_filing(factories.make_issued(server), account=uid, client=client, domain="b.example.cn")


def users_of(account: Account) -> dict[str, Any]:
    return users_of_codes.context(account, servers=keys(account))


def keys(account: Account) -> list[int]:
    return list(account.servers.values_list("pk", flat=True))


def rows(account: Account) -> dict[str, tuple[int, int, int]]:
    users = users_of(account)["users"]
    return {user.uid: (user.authorized, user.filed, user.domains) for user in users}


def test_each_account_is_counted_by_codes_and_domains() -> None:
    account, other = factories.make_account(), factories.make_account()
    use(account, "200000000001", "200000000002")
    use(other, "200000000003")
    factories.make_code(factories.make_server(account=account), authorized_account="200000000009")
    assert rows(account) == {
        "200000000001": (1, 2, 2),
        "200000000002": (1, 2, 2),
        "200000000009": (1, 0, 0),
    }


def test_nobody_uses_the_codes_of_a_new_account() -> None:
    account = factories.make_account()
    factories.make_filing(factories.make_issued(factories.make_server(account=account)))
    assert users_of(account) == {"users": [], "more_users": False, "users_hint": ""}


def test_many_other_accounts_are_a_neutral_hint_and_the_owner_does_not_count() -> None:
    account = factories.make_account()
    use(account, account.uid, *(f"20000000000{number}" for number in range(4)))
    assert users_of(account)["users_hint"] == ""
    use(account, "200000000009")
    assert users_of(account)["users_hint"].startswith("5 other accounts use these codes")
    assert sum(user.is_owner for user in users_of(account)["users"]) == 1


def test_it_is_one_capped_query() -> None:
    account = factories.make_account()
    server_uids = [f"2000000001{number:02d}" for number in range(users_of_codes.SHOWN + 3)]
    use(account, *server_uids)
    servers = keys(account)
    with CaptureQueriesContext(connection) as queries:
        found = users_of_codes.context(account, servers=servers)
    assert len(queries) == 1 and "LIMIT" in queries[0]["sql"]
    assert len(found["users"]) == users_of_codes.SHOWN and found["more_users"]
    assert found["users_hint"].startswith("20+ other accounts")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
def test_each_role_reads_it_in_each_language(role: str, language: str) -> None:
    account = factories.make_account()
    use(account, *(f"20000000000{number}" for number in range(6)))
    client = Client()
    client.force_login(factories.make_agent(role=role))
    page = client.get(page_url(account), headers={"accept-language": language})
    html = page.content.decode()
    assert page.status_code == 200 and "200000000005" in html and f'<html lang="{language}"' in html


def test_servers_stand_in_the_order_of_what_can_be_done_with_them() -> None:
    now, account = timezone.now(), factories.make_account()
    hong_kong = factories.make_server(now=now, account=account, region_code="ap-hongkong")
    hourly = factories.make_server(now=now, account=account, billing_mode=BillingMode.PAY_AS_YOU_GO)
    able = factories.make_server(now=now, account=account)
    soon = factories.make_server(now=now, account=account, expires_at=now + timedelta(days=5))
    client = Client()
    client.force_login(factories.make_agent())
    shown = [row.server.pk for row in client.get(page_url(account)).context["servers"]]
    assert shown == [soon.pk, able.pk, hourly.pk, hong_kong.pk]
