"""The provider's responses, with their surprises, become facts (docs/domain.md, "Where server facts come from")."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from codes.values import stands_in
from servers.choices import BillingMode, Jurisdiction, ServerState
from servers.inventory.apply import Incomplete
from servers.inventory.tencent import Inventory
from servers.models import Account, Region, Server
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
    kinds,
    put,
    stored,
    take,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


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


def test_foreign_text_that_is_shown_steers_no_terminal(account: Account) -> None:
    tally = take(account, instances(instance(InstanceChargeType="\x1b[2J预付\r\n\u202e\ud800\x00")))
    assert str(tally.rejected[0].detail) == "InstanceChargeType is unknown: [2J预付"


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
        [instances(instance(), total=1), {"Response": {"Error": {}}}],
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
