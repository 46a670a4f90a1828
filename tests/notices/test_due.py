"""When a code or a filing is due to be told, both sides of every boundary, by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from codes import services
from codes.choices import Channel
from codes.models import AuthorizationCode
from codes.notices.due import due
from servers.choices import ServerState
from servers.models import IPAddress, Server
from tests.factories import NOW, make_account, make_code, make_filing, make_issued, make_server
from tests.notices.telling import make_expiring, make_stalled

pytestmark = pytest.mark.django_db


def days_told(account):
    return [(each.kind, each.days) for each in due([account.pk], now=NOW)[account.pk]]


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [  # NOW is noon of 23 November in Shanghai; a day there ends at 16:00 UTC
        (datetime(2026, 12, 23, 16, 0, tzinfo=UTC), []),
        (datetime(2026, 12, 23, 15, 59, tzinfo=UTC), [("expiry", 30)]),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), [("expiry", 30)]),
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), [("expiry", 7)]),
        (datetime(2026, 11, 24, 16, 0, tzinfo=UTC), [("expiry", 7)]),
        (datetime(2026, 11, 24, 15, 59, tzinfo=UTC), [("expiry", 1)]),
        (NOW + timedelta(microseconds=1), [("expiry", 1)]),
        (NOW, []),
    ],
)
def test_days_are_those_of_the_calendar_in_shanghai(expires_at, expected):
    account = make_account()
    make_expiring(account)
    Server.objects.update(expires_at=expires_at)
    assert days_told(account) == expected


def test_an_ip_that_ends_before_its_server_counts():
    account = make_account()
    code = make_code(make_server(account=account))
    IPAddress.objects.filter(pk=code.ip_id).update(expires_at=NOW + timedelta(days=7))
    ((found,),) = due([account.pk], now=NOW).values()
    assert (found.days, found.moment) == (7, NOW + timedelta(days=7))


def test_only_codes_that_can_still_be_used_are_told():
    account = make_account()
    unused, withdrawn, used = (make_expiring(account) for _ in range(3))
    services.withdraw(withdrawn, reason="x", actor=None, channel=Channel.COMMAND, now=NOW)
    AuthorizationCode.objects.filter(pk=used.pk).update(state="used")
    in_use = make_filing(make_issued(make_server(account=account, expires_at=NOW + timedelta(days=6)))).code
    isolated = make_expiring(account)
    Server.objects.filter(pk=isolated.server_id).update(state=ServerState.ISOLATED)
    released = make_expiring(account)
    IPAddress.objects.filter(pk=released.ip_id).update(released_at=NOW)
    make_expiring(make_account())
    assert {each.code.pk for each in due([account.pk], now=NOW)[account.pk]} == {unused.pk, in_use.pk}


@pytest.mark.parametrize(("days", "expected"), [(45, []), (46, [("stalled", 45)])])
def test_a_filing_is_told_after_45_days(days, expected):
    account = make_account()
    make_stalled(account=account, days=days)
    assert days_told(account) == expected


def test_a_rejected_filing_still_holds_and_an_abandoned_one_does_not():
    account = make_account()
    rejected, abandoned = make_stalled(account=account), make_stalled(account=account)
    doing = {"actor": rejected.client, "channel": Channel.API, "now": NOW}
    services.reject_filing(rejected, reason="photo", **doing)
    services.abandon_filing(abandoned, reason="", **(doing | {"actor": abandoned.client}))
    assert [each.filing for each in due([account.pk], now=NOW)[account.pk]] == [rejected]


def test_what_is_due_stands_in_the_order_of_its_servers():
    account = make_account()
    last = make_expiring(account, instance_id="ins-c")
    stalled = make_stalled(account=account).code
    Server.objects.filter(pk=stalled.server_id).update(instance_id="ins-b")
    first = make_expiring(account, instance_id="ins-a", left=timedelta(days=20))
    assert [each.code for each in due([account.pk], now=NOW)[account.pk]] == [first, stalled, last]


def test_any_number_of_accounts_is_two_queries(django_assert_num_queries):
    accounts = [make_account() for _ in range(5)]
    for account in accounts:
        make_expiring(account)
        make_stalled(account=account)
    with django_assert_num_queries(2):
        found = due([account.pk for account in accounts], now=NOW)
        assert all(
            each.code.server.account.uid and each.code.ip.address for listed in found.values() for each in listed
        )
    assert len(found) == 5
