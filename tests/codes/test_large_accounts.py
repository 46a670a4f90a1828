"""An account with more servers than can be judged at once: the newest are, and the answer still is of all."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from codes.admin.columns import list_url, page_url
from codes.filters import GATHERED, CodeFilterSet
from codes.models import AuthorizationCode
from codes.standing import FLEET
from codes.views.codes import COUNTED
from servers.choices import BillingMode, ServerState
from servers.filters import WIDE, ServerFilterSet
from servers.models import Account, IPAddress, Region, Server
from tests import factories

pytestmark = pytest.mark.django_db


def make_fleet(account: Account, number: int, **facts) -> None:
    """So many servers in bulk, eligible but for `facts`."""
    now = timezone.now()
    region = Region.objects.get(code="ap-guangzhou")
    usual = {
        "billing_mode": BillingMode.PREPAID,
        "purchased_at": now - timedelta(days=100),
        "expires_at": now + timedelta(days=300),
        "prepaid_months": 13,
        "state": ServerState.RUNNING,
        "state_since": now,
        "public_ip_assigned": True,
        "facts_at": now,
    }
    first = Server.objects.count()
    servers = Server.objects.bulk_create(
        Server(instance_id=f"ins-f{n:06d}", account=account, region=region, name=f"f{n}", **(usual | facts))
        for n in range(first, first + number)
    )
    IPAddress.objects.bulk_create(
        IPAddress(server=server, address=f"10.0.{n // 250}.{n % 250}", kind="public", assigned_at=now)
        for n, server in enumerate(servers, first)
    )


def desk(account: Account) -> str:
    client = Client()
    client.force_login(factories.make_agent())
    return client.get(page_url(account)).content.decode()


def customer(account: Account, path: str = "/", **query) -> str:
    client = Client()
    member = factories.make_user()
    account.members.add(member)
    client.force_login(member)
    return client.get(path, query).content.decode()


def test_the_newest_are_judged_and_all_are_counted():
    account = factories.make_account()
    make_fleet(account, 1, billing_mode=BillingMode.SPOT)
    make_fleet(account, FLEET)
    assert "2000 of the newest 2000 servers can generate a code" in desk(account)
    page = customer(account)
    assert "2001 servers." in page and "2000 of the newest 2000 can generate a code now" in page


def test_an_older_server_that_can_is_not_denied():
    account = factories.make_account()
    make_fleet(account, 1)
    make_fleet(account, FLEET, billing_mode=BillingMode.SPOT)
    assert "Older servers can generate a code" in desk(account)
    assert "No associated CVM" not in customer(account)
    assert "ins-f000000" in customer(account, q="ins-f000000")


def test_none_of_all_is_no_associated_cvm():
    account = factories.make_account()
    make_fleet(account, FLEET + 1, billing_mode=BillingMode.SPOT)
    assert "No associated CVM" in desk(account)
    assert "No associated CVM" in customer(account)


def test_a_whole_fleet_is_counted_as_ever():
    account = factories.make_account()
    make_fleet(account, FLEET)
    assert "2000 of 2000 servers can generate a code" in desk(account)
    assert "2000 of them can generate a code now." in customer(account)


def test_more_codes_than_are_counted_leave_the_tabs_without_numbers():
    account = factories.make_account()
    make_fleet(account, COUNTED // 5 + 1)
    ips = IPAddress.objects.select_related("server")
    AuthorizationCode.objects.bulk_create(
        AuthorizationCode(
            server=ip.server,
            ip=ip,
            slot=slot,
            digest=b"%d.%d" % (ip.pk, slot),
            sealed=b"",
            tail="00000",
            generated_at=timezone.now(),
        )
        for ip in ips
        for slot in range(1, 6)
    )
    page = customer(account, "/codes/")
    assert '<span class="count">' not in page and "ICP-…-00000" in page
    AuthorizationCode.objects.filter(slot=5).delete()
    assert f'<span class="count">{(COUNTED // 5 + 1) * 4}</span>' in customer(account, "/codes/")


def test_a_search_that_means_very_many_finds_each_once():
    large, small = factories.make_account(), factories.make_account()
    make_fleet(large, WIDE + 1)
    make_fleet(small, 2)
    code = factories.make_code(large.servers.first())
    now = timezone.now()

    def found(filters, model, term: str) -> int:
        return filters({"search": term}, now=now, queryset=model.objects.all()).qs.count()

    assert found(ServerFilterSet, Server, large.uid) == WIDE + 1
    assert found(ServerFilterSet, Server, small.uid) == 2
    assert found(ServerFilterSet, Server, "f") == WIDE + 3
    assert found(ServerFilterSet, Server, f"f{WIDE + 2}") == 1
    assert found(CodeFilterSet, AuthorizationCode, large.uid) == 1
    assert found(CodeFilterSet, AuthorizationCode, small.uid) == 0
    assert found(CodeFilterSet, AuthorizationCode, "f") == 1
    assert found(CodeFilterSet, AuthorizationCode, code.server.instance_id) == 1


def test_a_state_of_a_very_large_account_lists_the_same_codes(counted):
    account, other = factories.make_account(), factories.make_account()
    now = timezone.now()
    kept = factories.make_code(factories.make_server(account=account, now=now), now=now)
    ended = factories.make_code(factories.make_server(account=account, now=now), now=now)
    for owner in (account, other):
        factories.make_code(factories.make_server(account=owner, now=now), now=now)
    Server.objects.filter(pk__in=[ended.server_id, other.servers.get().pk]).update(expires_at=now)
    make_fleet(account, GATHERED + 1)
    limited, free = factories.make_client(account=account), factories.make_client()

    def listed(client, **query) -> list[int]:
        headers = {"Authorization": f"Bearer {factories.make_token(client)}"}
        return [row["id"] for row in Client(headers=headers).get("/api/v1/codes/", query).json()["results"]]

    assert listed(limited, state="expired") == [ended.pk]
    assert listed(free, state="expired", account=account.uid) == [ended.pk]
    assert kept.pk in listed(limited, state="unused") and len(listed(limited, state="unused")) == 2
    assert ended.masked in customer(account, "/codes/", tab="over")
    browser = Client()
    browser.force_login(factories.make_agent())
    page = browser.get(list_url(AuthorizationCode, account=account.uid, state="expired")).content.decode()
    assert "1 to 1 of 1" in page and ended.masked in page
