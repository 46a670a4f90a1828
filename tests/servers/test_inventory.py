"""The provider's responses, with their surprises, become facts (domain.md, "Where server facts come from")."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from codes.values import stands_in
from servers.choices import BillingMode, Jurisdiction, ServerState
from servers.inventory.apply import Incomplete
from servers.inventory.tencent import Inventory
from servers.models import Account, IPAddress, Region, Server
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
    ip,
    put,
    take,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def stored(instance_id: str = "ins-a") -> Server:
    return Server.objects.get(instance_id=instance_id)


def kinds(instance_id: str = "ins-a") -> dict[str, str]:
    live = IPAddress.objects.on_server().filter(server__instance_id=instance_id)
    return dict(live.values_list("address", "kind"))


# Instances


@pytest.mark.parametrize("envelope", [True, False])
def test_an_instance_is_taken_in(account: Account, envelope: bool) -> None:
    heard = Heard()
    assert counts(take(account, instances(instance(), envelope=envelope), heard=heard)) == (1, 0, 0, 0)
    server = stored()
    assert (server.account, server.name, server.region.code, server.billing_mode, server.state) == (
        account, "web-1", "ap-guangzhou", "prepaid", "running",
    )  # fmt: skip
    assert server.purchased_at == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert (server.prepaid_months, server.prepaid_months_stated) == (12, False)
    assert (server.public_ip_assigned, server.version, server.facts_at) == (True, 0, NOW)
    assert kinds() == {"203.0.113.7": "public"}
    assert heard == [("ins-a", account.uid, {"created": [None, "ins-a"]})]


def test_the_same_import_again_changes_nothing_and_is_silent(account: Account) -> None:
    responses = [instances(instance(), instance("ins-b", PublicIpAddresses=["203.0.113.8"]))]
    take(account, *responses)
    heard = Heard()
    assert counts(take(account, *responses, now=LATER, heard=heard)) == (0, 0, 2, 0)
    assert heard == []
    assert stored().facts_at == LATER


def test_an_import_keeps_the_version(account: Account) -> None:
    put(account, version=17)
    take(account, instances(instance(InstanceName="other")))
    assert (stored().version, stored().name) == (17, "other")


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("PREPAID", BillingMode.PREPAID),
        ("POSTPAID_BY_HOUR", BillingMode.PAY_AS_YOU_GO),
        ("SPOTPAID", BillingMode.SPOT),
        ("CDHPAID", BillingMode.DEDICATED_HOST),
        ("CDCPAID", BillingMode.DEDICATED_CLUSTER),
    ],
)
def test_a_charge_type_is_a_billing_mode(account: Account, word: str, mode: str) -> None:
    take(account, instances(instance(InstanceChargeType=word)))
    assert stored().billing_mode == mode


def test_a_pay_as_you_go_instance_has_no_expiry(account: Account) -> None:
    take(account, instances(instance(InstanceChargeType="POSTPAID_BY_HOUR", ExpiredTime=None)))
    assert (stored().expires_at, stored().prepaid_months) == (None, 0)


@pytest.mark.parametrize(
    ("state", "restriction", "expected"),
    [
        ("PENDING", "NORMAL", "running"),
        ("RUNNING", None, "running"),
        ("REBOOTING", "NORMAL", "running"),
        ("RESCUE_MODE", "NORMAL", "running"),
        ("STOPPING", "NORMAL", "stopped"),
        ("STOPPED", "NORMAL", "stopped"),
        ("LAUNCH_FAILED", "NORMAL", "stopped"),
        ("SHUTDOWN", "NORMAL", "isolated"),
        ("STOPPED", "EXPIRED", "isolated"),
        ("RUNNING", "PROTECTIVELY_ISOLATED", "isolated"),
        ("TERMINATING", "EXPIRED", "terminated"),
    ],
)
def test_instance_state_and_restriction_make_the_state(
    account: Account, state: str, restriction: str | None, expected: str
) -> None:
    take(account, instances(instance(InstanceState=state, RestrictState=restriction)))
    assert stored().state == expected


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("ap-guangzhou-3", "ap-guangzhou"),
        ("ap-shanghai-fsi-12", "ap-shanghai-fsi"),
        ("ap-hongkong-2", "ap-hongkong"),
        ("ap-changsha-ec-1", "ap-changsha-ec"),
        ("ap-guangzhou", "ap-guangzhou"),
    ],
)
def test_the_region_is_the_zone_without_its_number(account: Account, zone: str, region: str) -> None:
    take(account, instances(instance(Placement={"Zone": zone})))
    assert stored().region.code == region


def test_an_unknown_zone_arrives_unclassified(account: Account) -> None:
    take(account, instances(instance(Placement={"Zone": "mars-north-1"})))
    assert Region.objects.get(code="mars-north").jurisdiction == Jurisdiction.UNCLASSIFIED


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-09-22T00:00:00+00:00", datetime(2027, 9, 22, tzinfo=UTC)),
        ("2027-09-22T08:00:00+08:00", datetime(2027, 9, 22, tzinfo=UTC)),
        ("2027-08-11T03:57:05Z", datetime(2027, 8, 11, 3, 57, 5, tzinfo=UTC)),
        ("2027-12-27 15:53:46", datetime(2027, 12, 27, 15, 53, 46, tzinfo=UTC)),
        ("2027-09-22", datetime(2027, 9, 22, tzinfo=UTC)),
    ],
)
def test_times_in_every_form(account: Account, text: str, moment: datetime) -> None:
    take(account, instances(instance(ExpiredTime=text)))
    assert stored().expires_at == moment


@pytest.mark.parametrize(
    "fields",
    [
        {"InstanceChargeType": "BARTER"},
        {"InstanceChargeType": None},
        {"InstanceState": "ON_FIRE"},
        {"InstanceState": ["RUNNING"]},
        {"RestrictState": "HALF"},
        {"CreatedTime": "yesterday"},
        {"ExpiredTime": "2027-13-01T00:00:00Z"},
        {"ExpiredTime": "9999-12-31T23:59:59Z"},
        {"ExpiredTime": "0001-01-01T00:00:00+08:00"},
        {"ExpiredTime": 1800000000},
        {"ExpiredTime": {}},
        {"ExpiredTime": None},
        {"ExpiredTime": ""},
        {"CreatedTime": "2028-01-01T00:00:00Z"},
        {"PublicIpAddresses": ["119.***.***.51"]},
        {"PublicIpAddresses": ["203.0.113.7", 5]},
        {"PublicIpAddresses": "203.0.113.7"},
        {"PublicIpAddresses": {}},
        {"PublicIpAddresses": ""},
        {"PublicIpAddresses": ["203.0.113.007"]},
        {"Placement": None},
        {"Placement": {"Zone": None}},
        {"Placement": {"Zone": "北京"}},
        {"InstanceName": 7},
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_and_the_others_go_in(account: Account, fields: dict[str, Any]) -> None:
    tally = take(account, instances(instance(**fields), instance("ins-b", PublicIpAddresses=["203.0.113.8"])))
    assert counts(tally) == (1, 0, 0, 1)
    assert tally.rejected[0].id == "ins-a"
    assert str(tally.rejected[0].detail)
    assert Server.objects.get().instance_id == "ins-b"


@pytest.mark.parametrize("row", [None, 5, "ins-a", [], {"InstanceId": None}, {"InstanceId": 7}, {"InstanceId": ""}, {}])
def test_a_row_that_names_no_instance_is_rejected_without_an_id(account: Account, row: object) -> None:
    tally = take(account, instances(row))
    assert [each.as_dict()["id"] for each in tally.rejected] == [None]


def test_of_lists_in_lists_a_few_levels_are_shown(account: Account) -> None:
    deep: list[Any] = []
    for _level in range(5_000):
        deep = [deep]
    tally = take(account, instances(instance(InstanceChargeType=deep)))
    assert str(tally.rejected[0].detail) == "InstanceChargeType is unknown: [[[[[[[...]]]]]]]"


def test_a_long_or_strange_name_is_made_to_fit(account: Account) -> None:
    take(account, instances(instance(InstanceName="长" * 300), instance("ins-b", InstanceName="a\x00b\ud800")))
    assert (len(stored().name), stored("ins-b").name) == (200, "ab?")


def test_another_accounts_instance_is_rejected(account: Account) -> None:
    put(make_account())
    tally = take(account, instances(instance()))
    assert counts(tally) == (0, 0, 0, 1)
    assert tally.rejected[0].as_dict() == {"id": "ins-a", "detail": "The instance belongs to another account."}


def test_a_server_terminated_here_is_rejected(account: Account) -> None:
    put(account, state=ServerState.TERMINATED)
    tally = take(account, instances(instance()))
    assert tally.rejected[0].as_dict() == {"id": "ins-a", "detail": "terminated"}


def test_termination_releases_the_ips(account: Account) -> None:
    take(account, instances(instance()))
    assert counts(take(account, instances(instance(InstanceState="TERMINATING")))) == (0, 1, 0, 0)
    assert addresses() == []


def test_the_last_row_of_an_instance_wins(account: Account) -> None:
    pages = [
        instances(instance(InstanceState="TERMINATING"), total=2),
        instances(instance(InstanceName="last"), total=2),
    ]
    heard = Heard()
    assert counts(take(account, *pages, heard=heard)) == (1, 0, 0, 0)
    assert (stored().name, stored().state, len(heard)) == ("last", "running", 1)


def test_the_last_row_wins_also_when_it_is_bad(account: Account) -> None:
    tally = take(account, instances(instance(), instance(InstanceState="?")))
    assert counts(tally) == (0, 0, 0, 1)


# Responses


def test_pages_and_kinds_may_be_mixed(account: Account) -> None:
    tally = take(
        account,
        address_list(address("203.0.113.7", AddressType="EIP", InstanceId="ins-a")),
        instances(instance(), total=2),
        balancer_list("203.0.113.8"),
        instances(instance("ins-b", PublicIpAddresses=["203.0.113.8"]), total=2, envelope=False),
    )
    assert counts(tally) == (2, 0, 0, 0)
    assert (kinds("ins-a"), kinds("ins-b")) == ({"203.0.113.7": "elastic"}, {"203.0.113.8": "clb"})


@pytest.mark.parametrize("response", [None, 5, "x", [], {}, {"Response": None}, {"Response": {"RequestId": "r"}}])
def test_an_entry_that_is_no_such_response_is_rejected(account: Account, response: object) -> None:
    tally = take(account, response, instances(instance()))
    assert counts(tally) == (1, 0, 0, 1)
    assert tally.rejected[0].id is None


def test_an_error_response_is_rejected_with_its_words(account: Account) -> None:
    error = {"Response": {"Error": {"Code": "AuthFailure", "Message": "The token is wrong."}, "RequestId": "r"}}
    tally = take(account, error, instances(instance()))
    assert "AuthFailure" in str(tally.rejected[0].detail)
    assert counts(tally) == (1, 0, 0, 1)


@pytest.mark.parametrize("name", ["InstanceSet", "AddressSet", "LoadBalancerSet"])
def test_null_where_a_list_is_promised_is_an_empty_list(account: Account, name: str) -> None:
    assert counts(take(account, {"Response": {"TotalCount": 0, name: None}})) == (0, 0, 0, 0)


@pytest.mark.parametrize("name", ["InstanceSet", "AddressSet", "LoadBalancerSet"])
def test_what_is_no_list_is_rejected(account: Account, name: str) -> None:
    assert counts(take(account, {"Response": {"TotalCount": 0, name: {}}})) == (0, 0, 0, 1)


# IPs


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


# Terms (decision 2)


def test_a_stated_count_moves_with_the_term(account: Account) -> None:
    whole = {"purchased_at": datetime(2026, 1, 31, 8, tzinfo=UTC), "expires_at": datetime(2027, 1, 31, 8, tzinfo=UTC)}
    put(account, prepaid_months=9, **whole)
    take(account, instances(instance()))
    assert stored().prepaid_months == 9
    take(account, instances(instance(ExpiredTime="2027-04-30T08:00:00Z")))
    assert (stored().prepaid_months, stored().prepaid_months_stated) == (12, True)
    take(account, instances(instance(ExpiredTime="2026-02-28T08:00:00Z")))
    assert stored().prepaid_months == 0


def test_a_computed_count_is_computed_again(account: Account) -> None:
    take(account, instances(instance(ExpiredTime="2026-04-30T08:00:00Z")))
    assert stored().prepaid_months == 3
    take(account, instances(instance(ExpiredTime="2026-04-29T08:00:00Z")))
    assert stored().prepaid_months == 2


# Region and completeness


def test_with_a_region_rows_of_another_zone_are_rejected(account: Account) -> None:
    rows = [instance(), instance("ins-b", Placement={"Zone": "ap-shanghai-2"}, PublicIpAddresses=[])]
    tally = take(account, instances(*rows), region="ap-guangzhou")
    assert counts(tally) == (1, 0, 0, 1)
    assert tally.rejected[0].id == "ins-b"


def test_a_complete_import_terminates_what_is_missing(account: Account) -> None:
    put(account, instance_id="ins-gone", ips=(ip("203.0.113.99"),))
    put(make_account(), instance_id="ins-other", ips=())
    heard = Heard()
    tally = take(account, instances(instance()), complete=True, heard=heard, now=LATER)
    assert counts(tally) == (1, 1, 0, 0)
    assert (stored("ins-gone").state, stored("ins-gone").state_since) == ("terminated", LATER)
    assert addresses("ins-gone") == []
    assert stored("ins-other").state == "running"
    assert heard[-1] == (
        "ins-gone", account.uid, {"state": ["running", "terminated"], "ips": [["203.0.113.99"], []]},
    )  # fmt: skip
    assert counts(take(account, instances(instance()), complete=True)) == (0, 0, 1, 0)


def test_completeness_may_be_of_one_region(account: Account) -> None:
    put(account, instance_id="ins-near", ips=())
    put(account, instance_id="ins-far", region="ap-shanghai", ips=())
    take(account, instances(instance()), region="ap-guangzhou", complete=True)
    assert (stored("ins-near").state, stored("ins-far").state) == ("terminated", "running")


def test_a_rejected_row_counts_as_present(account: Account) -> None:
    put(account)
    tally = take(account, instances(instance(InstanceState="?")), complete=True)
    assert counts(tally) == (0, 0, 0, 1)
    assert stored().state == "running"


def test_an_empty_complete_import_terminates_everything(account: Account) -> None:
    put(account)
    assert counts(take(account, instances(total=0), complete=True)) == (0, 1, 0, 0)


ERROR = {"Response": {"Error": {"Code": "InternalError", "Message": "…"}}}


@pytest.mark.parametrize(
    "responses",
    [
        [],
        [address_list()],
        [instances(instance(), total=2)],
        [instances(instance(), total=0)],
        [instances(instance(), total="1")],
        [instances(instance(), total=True)],
        [instances(instance(), total=1), ERROR],
        [instances(instance(), total=2), instances(instance(), total=2)],
        [instances(instance(), {"InstanceName": "nameless"})],
        [instances(instance(), total=1), instances(instance("ins-b"), total=3)],
        [{"Response": {"TotalCount": 0, "InstanceSet": {}}}],
        [instances(instance(), total=1), {"Response": {"TotalCount": 1, "InstanceSet": ""}}],
    ],
    ids=str,
)
def test_what_is_not_complete_is_refused_and_nothing_is_done(account: Account, responses: list[Any]) -> None:
    put(account, instance_id="ins-gone", ips=())
    with pytest.raises(Incomplete):
        take(account, *responses, complete=True)
    assert stored("ins-gone").state == "running"
    assert Server.objects.count() == 1


def test_more_than_one_batch_goes_in_with_a_constant_number_of_statements(
    account: Account, django_assert_max_num_queries: Any
) -> None:
    rows = [instance(f"ins-{n:04d}", PublicIpAddresses=[f"198.51.{n // 250}.{n % 250}"]) for n in range(1200)]
    responses = [instances(*rows[start : start + 100], total=1200) for start in range(0, 1200, 100)]
    assert counts(take(account, *responses)) == (1200, 0, 0, 0)
    with django_assert_max_num_queries(3 * 12):
        assert counts(take(account, *responses, complete=True)) == (0, 0, 1200, 0)


def test_the_first_reading_counts_the_rows() -> None:
    assert Inventory([instances(instance(), None, instance("ins-b"))], is_secret=stands_in).rows == 3
