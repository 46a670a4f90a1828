"""A feed puts one server: versions, replacement, transfer."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import permutations

import pytest
from django.apps import apps

from servers.choices import BillingMode, IPKind, Jurisdiction, ServerState
from servers.inventory.apply import (
    AnotherAccounts,
    ServerTerminated,
    StaleVersion,
    VersionConflict,
    put_account,
)
from servers.models import Account, IPAddress, Region, Server
from tests.factories import NOW, make_account
from tests.servers.feeding import Heard, addresses, facts, ip, put, stored

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def test_a_new_server_is_created(account: Account) -> None:
    heard = Heard()
    assert put(account, version=17, heard=heard) == "created"
    server = stored()
    assert (server.account, server.region.code, server.version) == (account, "ap-guangzhou", 17)
    assert (server.state_since, server.facts_at) == (NOW, NOW)
    assert addresses() == ["203.0.113.7"]
    assert heard == [("ins-a", account.uid, {"created": [None, "ins-a"]})]


def test_version_zero_is_a_version(account: Account) -> None:
    put(account, version=0)
    assert put(account, version=0) == "unchanged"


def test_an_older_version_is_stale(account: Account) -> None:
    put(account, version=17)
    with pytest.raises(StaleVersion) as stale:
        put(account, version=16, name="old")
    assert stale.value.stored == 17
    assert stored().name == "web-1"


def test_an_older_version_is_stale_with_the_same_facts_too(account: Account) -> None:
    put(account, version=17)
    with pytest.raises(StaleVersion):
        put(account, version=16)


def test_the_same_again_is_unchanged_and_silent(account: Account) -> None:
    put(account, version=17)
    heard = Heard()
    assert put(account, version=17, heard=heard) == "unchanged"
    assert heard == []


def test_the_same_version_with_other_facts_conflicts_and_changes_nothing(account: Account) -> None:
    put(account, version=17)
    with pytest.raises(VersionConflict) as conflict:
        put(account, version=17, name="other")
    assert conflict.value.detail == {"name": ["web-1", "other"]}
    assert stored().name == "web-1"


def test_the_same_version_with_another_ip_conflicts(account: Account) -> None:
    put(account, version=17)
    with pytest.raises(VersionConflict):
        put(account, version=17, ips=())
    assert addresses() == ["203.0.113.7"]


def test_a_newer_version_with_the_same_facts_only_raises_the_version(account: Account) -> None:
    put(account, version=17)
    heard = Heard()
    assert put(account, version=18, now=LATER, heard=heard) == "unchanged"
    assert (stored().version, stored().facts_at, stored().state_since) == (18, LATER, NOW)
    assert heard == []


def test_a_newer_version_replaces_the_facts_and_tells_what_changed(account: Account) -> None:
    put(account, version=17)
    heard = Heard()
    expires = datetime(2027, 6, 30, 8, tzinfo=UTC)
    assert put(account, version=18, state=ServerState.STOPPED, expires_at=expires, heard=heard, now=LATER) == "updated"
    [(_server, _account, detail)] = heard
    assert detail == {
        "expires_at": ["2027-04-30T08:00:00Z", "2027-06-30T08:00:00Z"],
        "prepaid_months": [15, 17],
        "state": ["running", "stopped"],
        "version": [17, 18],
    }
    assert stored().state_since == LATER


def test_the_state_since_stays_while_the_state_does(account: Account) -> None:
    put(account)
    put(account, version=2, name="web-2", now=LATER)
    assert stored().state_since == NOW


def test_a_stated_number_of_months_wins(account: Account) -> None:
    put(account, prepaid_months=9)
    assert (stored().prepaid_months, stored().prepaid_months_stated) == (9, True)
    put(account, version=2)
    assert (stored().prepaid_months, stored().prepaid_months_stated) == (15, False)


def test_without_a_term_there_are_no_months(account: Account) -> None:
    put(account, billing_mode=BillingMode.PAY_AS_YOU_GO, purchased_at=None, expires_at=None)
    assert stored().prepaid_months == 0


def test_eight_thousand_years_of_term_fit(account: Account) -> None:
    put(account, purchased_at=datetime(1970, 1, 1, tzinfo=UTC), expires_at=datetime(9998, 1, 1, tzinfo=UTC))
    assert stored().prepaid_months == 32_767


def test_an_unknown_region_arrives_unclassified(account: Account) -> None:
    put(account, region="ap-nowhere")
    assert Region.objects.get(code="ap-nowhere").jurisdiction == Jurisdiction.UNCLASSIFIED


def test_a_refused_put_leaves_no_region_behind(account: Account) -> None:
    put(account, version=2)
    with pytest.raises(StaleVersion):
        put(account, version=1, region="ap-nowhere")
    assert not Region.objects.filter(code="ap-nowhere").exists()


# IPs (decision 4)


def test_the_first_listed_comes_first(account: Account) -> None:
    put(account, ips=(ip("203.0.113.9"), ip("203.0.113.8")))
    assert addresses() == ["203.0.113.9", "203.0.113.8"]


def test_order_alone_is_no_changed_fact(account: Account) -> None:
    put(account, ips=(ip("203.0.113.9"), ip("203.0.113.8")))
    assert put(account, ips=(ip("203.0.113.8"), ip("203.0.113.9"))) == "unchanged"
    assert addresses() == ["203.0.113.9", "203.0.113.8"]


def test_an_ip_left_out_is_released(account: Account) -> None:
    put(account)
    heard = Heard()
    put(account, version=2, ips=(), now=LATER, heard=heard)
    assert IPAddress.objects.get().released_at == LATER
    assert heard[0][2] == {"ips": [["203.0.113.7"], []], "version": [1, 2]}


def test_the_same_address_back_restores_the_assignment(account: Account) -> None:
    put(account)
    before = IPAddress.objects.get()
    put(account, version=2, ips=(), now=LATER)
    put(account, version=3, now=LATER)
    after = IPAddress.objects.get()
    assert (after.pk, after.released_at, after.assigned_at) == (before.pk, None, NOW)


def test_an_address_that_another_server_held_in_between_is_a_new_assignment(account: Account) -> None:
    put(account)
    put(account, instance_id="ins-b", now=LATER)
    assert (addresses("ins-a"), addresses("ins-b")) == ([], ["203.0.113.7"])
    put(account, version=2, now=LATER)
    assert (addresses("ins-a"), addresses("ins-b")) == (["203.0.113.7"], [])
    assert IPAddress.objects.filter(address="203.0.113.7", server__instance_id="ins-a").count() == 2


def test_after_it_ended_for_good_the_new_assignment_can_be_restored_in_turn(account: Account) -> None:
    put(account)
    put(account, instance_id="ins-b")
    put(account, version=2)
    put(account, version=2, instance_id="ins-b", ips=())
    put(account, version=3, ips=())
    put(account, version=4)
    assert IPAddress.objects.filter(server__instance_id="ins-a").count() == 2
    assert IPAddress.objects.on_server().get().server.instance_id == "ins-a"


def test_a_server_that_loses_its_address_has_changed_too(account: Account) -> None:
    other = make_account()
    put(account)
    heard = Heard()
    put(other, instance_id="ins-b", now=LATER, heard=heard)
    assert heard == [
        ("ins-b", other.uid, {"created": [None, "ins-b"]}),
        ("ins-a", account.uid, {"ips": [["203.0.113.7"], []]}),
    ]


def test_two_servers_swap_their_addresses(account: Account) -> None:
    put(account, ips=(ip("203.0.113.1"),))
    put(account, instance_id="ins-b", ips=(ip("203.0.113.2"),))
    put(account, version=2, ips=(ip("203.0.113.2"),))
    put(account, version=2, instance_id="ins-b", ips=(ip("203.0.113.1"),))
    assert (addresses("ins-a"), addresses("ins-b")) == (["203.0.113.2"], ["203.0.113.1"])


def test_kind_and_expiry_change_in_place(account: Account) -> None:
    put(account)
    before = IPAddress.objects.get()
    heard = Heard()
    put(account, version=2, ips=(ip("203.0.113.7", IPKind.ELASTIC, LATER),), heard=heard)
    after = IPAddress.objects.get()
    assert (after.pk, after.kind, after.expires_at) == (before.pk, IPKind.ELASTIC, LATER)
    assert heard[0][2] == {
        "ips.203.0.113.7.kind": ["public", "elastic"],
        "ips.203.0.113.7.expires_at": [None, "2026-11-23T05:00:00Z"],
        "version": [1, 2],
    }


def test_an_ip_put_later_comes_after_the_first(account: Account) -> None:
    put(account, ips=(ip("203.0.113.9"),))
    put(account, version=2, ips=(ip("203.0.113.1"), ip("203.0.113.9")), now=LATER)
    assert addresses() == ["203.0.113.9", "203.0.113.1"]


# Terminated (decision 6)


def test_termination_releases_the_ips_whatever_the_body_lists(account: Account) -> None:
    put(account)
    assert put(account, version=2, state=ServerState.TERMINATED) == "updated"
    assert addresses() == []


def test_a_server_may_arrive_terminated_and_then_holds_nothing(account: Account) -> None:
    assert put(account, state=ServerState.TERMINATED) == "created"
    assert IPAddress.objects.count() == 0


def test_a_terminated_server_changes_no_more(account: Account) -> None:
    put(account, state=ServerState.TERMINATED, version=5)
    with pytest.raises(ServerTerminated):
        put(account, version=6)
    with pytest.raises(ServerTerminated):
        put(account, version=5)
    with pytest.raises(ServerTerminated):
        put(account, version=6, state=ServerState.TERMINATED)


def test_a_stale_word_about_a_terminated_server_is_stale(account: Account) -> None:
    put(account, state=ServerState.TERMINATED, version=5)
    with pytest.raises(StaleVersion):
        put(account, version=4)


def test_the_same_termination_again_is_unchanged(account: Account) -> None:
    put(account, state=ServerState.TERMINATED, version=5)
    assert put(account, state=ServerState.TERMINATED, version=5) == "unchanged"
    assert put(account, state=ServerState.TERMINATED, version=5, ips=(ip("203.0.113.99"),)) == "unchanged"


# Transfer


def test_another_account_transfers_the_server_and_both_hear_of_it(account: Account) -> None:
    buyer, heard = make_account(), Heard()
    put(account)
    assert put(buyer, version=2, heard=heard) == "updated"
    assert stored().account == buyer
    assert heard == [
        ("ins-a", account.uid, {"account": [account.uid, None]}),
        ("ins-a", buyer.uid, {"account": [account.uid, buyer.uid], "version": [1, 2]}),
    ]


def test_a_limited_feed_reaches_its_own_servers_only(account: Account) -> None:
    mine = make_account()
    put(account)
    with pytest.raises(AnotherAccounts):
        put(mine, version=2, only_of=mine)
    assert stored().account == account
    assert put(mine, instance_id="ins-b", ips=(), only_of=mine) == "created"
    assert put(mine, instance_id="ins-b", ips=(), version=2, only_of=mine) == "unchanged"


# Order


def test_every_order_of_repeated_messages_ends_the_same(account: Account) -> None:
    messages = [
        (1, {"name": "one", "ips": (ip("203.0.113.1"),)}),
        (2, {"name": "two", "ips": (ip("203.0.113.2"), ip("203.0.113.1"))}),
        (3, {"name": "three", "ips": (ip("203.0.113.2"),), "prepaid_months": 4}),
        (4, {"state": ServerState.TERMINATED}),
        (2, {"name": "two", "ips": (ip("203.0.113.2"), ip("203.0.113.1"))}),
    ]
    for number, order in enumerate(permutations(messages)):
        name = f"ins-{number}"
        for version, fields in order:
            try:
                put(account, version=version, instance_id=name, **fields)
            except (StaleVersion, ServerTerminated):
                assert version < 4
        server = Server.objects.get(instance_id=name)
        assert (server.version, server.state, server.name) == (4, "terminated", "web-1")
        assert addresses(name) == []


# Accounts


def test_an_account_is_put_whole() -> None:
    assert put_account("u-1", name="Qingshan", emails=["a@example.com"])[1] is True
    account, is_new = put_account("u-1", name="Qingshan Trading", emails=[])
    assert (is_new, account.name, account.emails) == (False, "Qingshan Trading", [])


def test_facts_say_the_term_in_shanghai() -> None:
    late = facts(
        purchased_at=datetime(2026, 1, 30, 16, 30, tzinfo=UTC), expires_at=datetime(2026, 4, 29, 16, tzinfo=UTC)
    )
    assert late.months_on(None) == (3, False)  # 31 January to 30 April in Shanghai


def test_an_address_that_was_kept_as_ipv6_keeps_its_assignment(account: Account) -> None:
    ips = (ip("203.0.113.7"), ip("203.0.113.8"), ip("2001:db8::1"))
    put(account, ips=ips)
    for old, new in (("203.0.113.7", "::ffff:cb00:7107"), ("203.0.113.8", "::ffff:203.0.113.9")):
        IPAddress.objects.filter(address=old).update(address=new)
    put(account, instance_id="ins-b", ips=(ip("203.0.113.9"),))
    import_module("servers.migrations.0016_mapped_addresses").write_as_ipv4(apps, None)
    assert addresses() == ["203.0.113.7", "::ffff:203.0.113.9", "2001:db8::1"]  # one of them is another's by now
    first = IPAddress.objects.get(address="203.0.113.7")
    put(account, version=2, ips=ips)
    assert IPAddress.objects.get(address="203.0.113.7") == first and "203.0.113.7" in addresses()
