"""Which addresses of the provider's responses are on a server, of which kind, and assigned at purchase (FAQ 4.2)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servers.models import Account, IPAddress
from tests.factories import NOW, make_account
from tests.servers.feeding import (
    Heard,
    address,
    address_list,
    addresses,
    balancer_list,
    counts,
    instance,
    instances,
    kinds,
    put,
    stored,
    take,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize("kind", ["WanIP", "WanIp", "CalcIP"])
def test_these_address_types_are_ordinary(account: Account, kind: str) -> None:
    take(account, address_list(address("203.0.113.7", AddressType=kind)), instances(instance()))
    assert kinds() == {"203.0.113.7": "public"}


@pytest.mark.parametrize("kind", ["EIP", "AnycastEIP", "AntiDDoSEIP", "HighQualityEIP", "EIPv6"])
def test_these_address_types_are_elastic_and_prove_no_public_ip(account: Account, kind: str) -> None:
    take(account, address_list(address("203.0.113.7", AddressType=kind, InstanceId="ins-a")), instances(instance()))
    assert kinds() == {"203.0.113.7": "elastic"}
    assert stored().public_ip_assigned is False


def test_an_elastic_ip_counts_where_the_address_list_binds_it(account: Account) -> None:
    bound = address("203.0.113.50", AddressType="EIP", InstanceId="ins-a")
    take(account, address_list(bound), instances(instance()))
    assert addresses() == ["203.0.113.7", "203.0.113.50"]


def test_an_elastic_ip_bound_to_another_is_not_on_the_instance(account: Account) -> None:
    bound = address("203.0.113.7", AddressType="EIP", InstanceId="ins-b")
    rows = instances(instance(), instance("ins-b", PublicIpAddresses=[]))
    take(account, address_list(bound), rows)
    assert (addresses("ins-a"), addresses("ins-b")) == ([], ["203.0.113.7"])


def test_an_ordinary_ip_counts_only_where_the_instance_lists_it(account: Account) -> None:
    take(account, address_list(address("203.0.113.50", InstanceId="ins-a")), instances(instance()))
    assert addresses() == ["203.0.113.7"]


def test_unbind_is_not_on_the_server_whatever_its_instance_id_says(account: Account) -> None:
    free = address("203.0.113.50", AddressType="EIP", AddressStatus="UNBIND", InstanceId="ins-a")
    take(account, address_list(free), instances(instance()))
    assert addresses() == ["203.0.113.7"]


def test_a_balancers_address_counts_only_where_the_instance_lists_it(account: Account) -> None:
    rows = instances(instance(PublicIpAddresses=["203.0.113.8"]))
    take(account, balancer_list("203.0.113.8", "203.0.113.9"), rows)
    assert kinds() == {"203.0.113.8": "clb"}
    assert stored().public_ip_assigned is False


def test_a_balancers_elastic_ip_is_not_the_servers(account: Account) -> None:
    bound = address("203.0.113.9", AddressType="EIP", InstanceId="ins-a")
    take(account, balancer_list("203.0.113.9"), address_list(bound), instances(instance()))
    assert addresses() == ["203.0.113.7"]


def test_balancers_without_addresses_are_fine(account: Account) -> None:
    response = {"LoadBalancerSet": [{"LoadBalancerId": "lb-1", "LoadBalancerVips": None}]}
    assert counts(take(account, response, instances(instance()))) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("response", "expected_id"),
    [
        (address_list(address("119.***.***.51", AddressId="eip-1")), "eip-1"),
        (address_list(address("203.0.113.9", AddressId="eip-1", AddressType="QuantumIP")), "eip-1"),
        (address_list(address("203.0.113.9", AddressId="eip-1", AddressType=None)), "eip-1"),
        (address_list(address("203.0.113.9", AddressId="eip-1", AddressStatus="FLYING")), "eip-1"),
        (address_list(address("203.0.113.9", AddressId="eip-1", DeadlineDate="soon")), "eip-1"),
        (address_list({"AddressIp": None, "AddressType": "EIP"}), None),
        (address_list(None), None),
        (balancer_list("119.***.***.51"), "lb-1"),
        ({"LoadBalancerSet": [{"LoadBalancerId": "lb-1", "LoadBalancerVips": "203.0.113.9"}]}, "lb-1"),
    ],
)
def test_a_bad_address_or_balancer_is_rejected_by_its_id(
    account: Account, response: dict[str, Any], expected_id: str | None
) -> None:
    tally = take(account, response, instances(instance()))
    assert counts(tally) == (1, 0, 0, 1)
    assert tally.rejected[0].id == expected_id


def test_an_elastic_ip_without_an_address_yet_is_passed_over(account: Account) -> None:
    new = address("", AddressIp=None, AddressStatus="CREATING", AddressType="EIP")
    assert counts(take(account, address_list(new), instances(instance()))) == (1, 0, 0, 0)


def test_an_address_whose_own_row_is_bad_neither_comes_nor_goes(account: Account) -> None:
    bad = address_list(address("203.0.113.7", AddressType="QuantumIP"))
    take(account, bad, instances(instance()))
    assert addresses() == []
    put(account, version=1)
    take(account, bad, instances(instance(PublicIpAddresses=[])))
    assert addresses() == ["203.0.113.7"]


def test_an_ips_own_expiry_comes_from_the_address_list(account: Account) -> None:
    row = address("203.0.113.7", DeadlineDate="2026-12-24T00:00:00Z")
    take(account, address_list(row), instances(instance()))
    assert IPAddress.objects.get().expires_at == datetime(2026, 12, 24, tzinfo=UTC)
    take(account, instances(instance()))
    assert IPAddress.objects.get().expires_at == datetime(2026, 12, 24, tzinfo=UTC)
    take(account, address_list(address("203.0.113.7", DeadlineDate="0000-00-00 00:00:00")), instances(instance()))
    assert IPAddress.objects.get().expires_at is None


def test_ipv6_is_written_in_one_way(account: Account) -> None:
    take(account, instances(instance(PublicIpAddresses=["2001:DB8:0:0::1", "2001:db8::1"])))
    assert addresses() == ["2001:db8::1"]


def test_addresses_alone_change_nothing(account: Account) -> None:
    take(account, instances(instance()))
    bound = address("203.0.113.50", AddressType="EIP", InstanceId="ins-a")
    free = address("203.0.113.7", AddressStatus="UNBIND")
    assert counts(take(account, address_list(bound, free), balancer_list("203.0.113.7"))) == (0, 0, 0, 0)
    assert kinds() == {"203.0.113.7": "public"}


def test_a_missing_list_leaves_the_ips_alone_and_null_releases_them(account: Account) -> None:
    take(account, instances(instance()))
    row = instance()
    del row["PublicIpAddresses"]
    assert counts(take(account, instances(row))) == (0, 0, 1, 0)
    assert addresses() == ["203.0.113.7"]
    assert counts(take(account, instances(instance(PublicIpAddresses=None)))) == (0, 1, 0, 0)
    assert addresses() == []


def test_of_two_instances_that_list_an_address_the_last_has_it(account: Account) -> None:
    response = instances(instance("ins-a"), instance("ins-b"))
    take(account, response)
    assert (addresses("ins-a"), addresses("ins-b")) == ([], ["203.0.113.7"])
    assert counts(take(account, response)) == (0, 0, 2, 0)


def test_two_instances_swap_their_addresses_in_one_import(account: Account) -> None:
    first = [instance("ins-a", PublicIpAddresses=["203.0.113.1"]), instance("ins-b", PublicIpAddresses=["203.0.113.2"])]
    second = [
        instance("ins-a", PublicIpAddresses=["203.0.113.2"]),
        instance("ins-b", PublicIpAddresses=["203.0.113.1"]),
    ]
    take(account, instances(*first))
    heard = Heard()
    assert counts(take(account, instances(*second), heard=heard)) == (0, 2, 0, 0)
    assert (addresses("ins-a"), addresses("ins-b")) == (["203.0.113.2"], ["203.0.113.1"])
    assert [detail for _id, _uid, detail in heard] == [
        {"ips": [["203.0.113.1"], ["203.0.113.2"]]},
        {"ips": [["203.0.113.2"], ["203.0.113.1"]]},
    ]


def test_an_address_moves_away_from_another_accounts_server(account: Account) -> None:
    put(make_account(), instance_id="ins-z")
    heard = Heard()
    take(account, instances(instance()), heard=heard)
    assert (addresses("ins-a"), addresses("ins-z")) == (["203.0.113.7"], [])
    assert [name for name, _uid, _detail in heard] == ["ins-a", "ins-z"]


# Assigned at purchase (FAQ 4.2)


def test_assigned_as_the_response_says(account: Account) -> None:
    take(account, instances(instance(PublicIpAddresses=[], InternetAccessible={"PublicIpAssigned": True})))
    assert stored().public_ip_assigned is True


@pytest.mark.parametrize("accessible", [None, {}, {"PublicIpAssigned": False}, {"PublicIpAssigned": None}, []])
def test_not_assigned_without_any_sign_of_it(account: Account, accessible: object) -> None:
    take(account, instances(instance(PublicIpAddresses=[], InternetAccessible=accessible)))
    assert stored().public_ip_assigned is False


def test_an_import_never_turns_true_into_false(account: Account) -> None:
    put(account, ips=())
    take(account, instances(instance(PublicIpAddresses=[], InternetAccessible={"PublicIpAssigned": False})))
    assert stored().public_ip_assigned is True


def test_an_ordinary_ip_that_was_on_the_server_proves_it(account: Account) -> None:
    put(account, public_ip_assigned=False)
    put(account, version=2, public_ip_assigned=False, ips=())
    take(account, instances(instance(PublicIpAddresses=[])))
    assert stored().public_ip_assigned is True
