"""Live sync, by the provider's real SDK: what comes in, lists that change meanwhile, what is gone."""

from datetime import timedelta
from typing import Any

import pytest

from servers.inventory.sync import WrongAccount
from servers.models import Account, Server
from tests.factories import NOW
from tests.servers.feeding import address, addresses, instance, put
from tests.servers.provider_api import ProviderAPI, error, many, raw
from tests.servers.syncing import OLD_SDK, failed, run, states

pytestmark = [pytest.mark.django_db, OLD_SDK]


# What comes in


def test_all_regions_that_the_provider_offers_are_read(api: ProviderAPI, account: Account) -> None:
    api.regions = ["ap-guangzhou", "ap-atlantis"]
    api.has(instance("ins-a"))
    api.has(instance("ins-b", Placement={"Zone": "ap-atlantis-1"}, PublicIpAddresses=[]), region="ap-atlantis")
    outcome = run(api, account)
    assert (outcome.read, outcome.failures, outcome.tally.created) == (["ap-guangzhou", "ap-atlantis"], [], 2)
    assert Server.objects.get(instance_id="ins-b").region.jurisdiction == "unclassified"


def test_a_region_with_servers_that_is_no_longer_offered_is_tried(api: ProviderAPI, account: Account) -> None:
    put(account, region="ap-shanghai")
    api.replies(error("UnsupportedRegion"), region="ap-shanghai")
    outcome = run(api, account, complete=True)
    assert (outcome.read, failed(outcome)) == (["ap-guangzhou"], [("ap-shanghai", "UnsupportedRegion")])
    assert states() == {"ins-a": "running"}


def test_only_the_regions_named_are_read(api: ProviderAPI, account: Account) -> None:
    api.regions = ["ap-guangzhou", "ap-shanghai"]
    assert run(api, account, regions=["ap-shanghai"]).read == ["ap-shanghai"]
    assert {region for action, region, _ in api.calls if action != "GetCallerIdentity"} == {"ap-shanghai"}


def test_lists_of_many_pages_are_read_whole(api: ProviderAPI, account: Account) -> None:
    api.has(*many(250))
    outcome = run(api, account)
    assert (outcome.tally.created, Server.objects.count()) == (250, 250)
    assert api.offsets() == [0, 100, 200]
    assert run(api, account).tally.unchanged == 250


def test_addresses_and_load_balancers_decide_the_kinds(api: ProviderAPI, account: Account) -> None:
    api.has(instance("ins-a", PublicIpAddresses=["203.0.113.7", "203.0.113.8", "203.0.113.9"]))
    api.has(
        address("203.0.113.7"),
        address("203.0.113.8", AddressType="EIP", InstanceId="ins-a"),
        action="DescribeAddresses",
    )
    balancer = {"LoadBalancerId": "lb-1", "LoadBalancerVips": ["203.0.113.9"]}
    api.has(balancer, action="DescribeLoadBalancers")
    run(api, account)
    held = {ip.address: ip.kind for ip in Server.objects.get().ips.all()}
    assert held == {"203.0.113.7": "public", "203.0.113.8": "elastic", "203.0.113.9": "clb"}


@pytest.mark.parametrize(
    "code", ["UnsupportedRegion", "InvalidParameter.RegionNotFound", "UnsupportedOperation.ServiceUnsupportedRegion"]
)
def test_a_service_that_a_region_does_not_have_has_nothing_there(api: ProviderAPI, account: Account, code: str) -> None:
    api.has(instance("ins-a"))
    api.replies(error(code), action="DescribeLoadBalancers")
    assert (run(api, account).failures, addresses()) == ([], ["203.0.113.7"])


def test_an_empty_account_is_read_and_empty(api: ProviderAPI, account: Account) -> None:
    outcome = run(api, account, complete=True)
    assert (outcome.read, outcome.tally.created, outcome.failures) == (["ap-guangzhou"], 0, [])


def test_rows_that_cannot_be_read_are_rejected_and_the_others_go_in(api: ProviderAPI, account: Account) -> None:
    api.has(instance("ins-a", InstanceState="?"), instance("ins-b", PublicIpAddresses=[]))
    outcome = run(api, account)
    assert [row.id for row in outcome.tally.rejected] == ["ins-a"]
    assert (outcome.tally.created, outcome.failures) == (1, [])


def test_an_account_of_somebody_else_is_never_read(api: ProviderAPI, account: Account) -> None:
    api.account = "100099999999"
    put(account)
    with pytest.raises(WrongAccount) as wrong:
        run(api, account, complete=True)
    assert wrong.value.found == "100099999999"
    assert [action for action, *_ in api.calls] == ["GetCallerIdentity"]
    assert states() == {"ins-a": "running"}


# Lists that change meanwhile


def test_a_server_that_goes_between_two_pages_is_noticed_by_the_total(api: ProviderAPI, account: Account) -> None:
    rows = many(150)
    api.has(*rows)

    def first_goes(action: str, region: str, parameters: dict[str, Any]) -> None:
        if parameters.get("Offset") == 100 and len(api.rows["DescribeInstances", region]) == 150:
            api.has(*rows[1:])  # what was row 100 moves to the page that has been read

    api.before = first_goes
    assert run(api, account).tally.created == 149
    assert api.offsets() == [0, 100, 0, 100]


def test_a_server_that_comes_twice_at_a_border_is_noticed(api: ProviderAPI, account: Account) -> None:
    rows = many(150)
    api.has(*rows)

    def one_comes_one_goes(action: str, region: str, parameters: dict[str, Any]) -> None:
        if parameters.get("Offset") == 100:
            api.has(*many(1, start=900), *rows[:-1])  # as many as before, each moved by one

    api.before = one_comes_one_goes
    assert run(api, account).tally.created == 150
    assert api.offsets() == [0, 100, 0, 100]
    assert "ins-149" not in states()


def test_a_list_that_never_stands_still_leaves_the_region_alone(api: ProviderAPI, account: Account) -> None:
    put(account)
    api.before = lambda action, region, parameters: api.has(*many(150 + len(api.calls)))
    outcome = run(api, account, complete=True)
    assert (outcome.read, failed(outcome)) == ([], [("ap-guangzhou", "ListChanged")])
    assert api.offsets() == [0, 100] * 5
    assert states() == {"ins-a": "running"}


def test_a_page_with_fewer_rows_than_asked_for_is_no_end(api: ProviderAPI, account: Account) -> None:
    rows = many(3)
    api.has(*rows)
    api.replies(raw({"Response": {"TotalCount": 3, "InstanceSet": rows[:2]}}))
    assert run(api, account).tally.created == 3
    assert api.offsets() == [0, 2]


def test_an_empty_page_before_the_end_is_no_end(api: ProviderAPI, account: Account) -> None:
    api.has(*many(3))
    api.replies(raw({"Response": {"TotalCount": 3, "InstanceSet": []}}))
    assert run(api, account).tally.created == 3
    assert api.offsets() == [0, 0]


# What is gone


def test_missing_servers_end_only_when_asked(api: ProviderAPI, account: Account) -> None:
    put(account)
    api.has(instance("ins-b", PublicIpAddresses=[]))
    run(api, account)
    assert states() == {"ins-a": "running", "ins-b": "running"}
    outcome = run(api, account, complete=True)
    assert states() == {"ins-a": "terminated", "ins-b": "running"}
    assert outcome.tally.updated == 1


@pytest.mark.parametrize("hides_missing", [False, True])
def test_each_missing_server_is_asked_for_by_its_name(api: ProviderAPI, account: Account, hides_missing: bool) -> None:
    for name in ("ins-a", "ins-c"):
        put(account, instance_id=name, ips=())
    api.hides_missing = hides_missing
    api.has(instance("ins-a", PublicIpAddresses=[]))
    api.replies(raw({"Response": {"TotalCount": 0, "InstanceSet": []}}))  # for once it lists nothing
    run(api, account, complete=True)
    assert states() == {"ins-a": "running", "ins-c": "terminated"}


@pytest.mark.parametrize("code", ["InvalidInstanceId.Malformed", "InvalidParameterValue.InstanceIdMalformed"])
def test_a_server_whose_name_the_provider_cannot_have_is_missing(api: ProviderAPI, account: Account, code: str) -> None:
    for name in ("web-1", "ins-a", "ins-c"):
        put(account, instance_id=name, ips=())
    api.malformed = code
    api.has(instance("ins-a", PublicIpAddresses=[]))
    assert run(api, account, complete=True).failures == []
    assert states() == {"web-1": "terminated", "ins-a": "running", "ins-c": "terminated"}


def test_another_regions_servers_do_not_end(api: ProviderAPI, account: Account) -> None:
    put(account, region="ap-shanghai")
    run(api, account, regions=["ap-guangzhou"], complete=True)
    assert states() == {"ins-a": "running"}


@pytest.mark.parametrize("action", ["DescribeInstances", "DescribeAddresses", "DescribeLoadBalancers"])
def test_one_missing_page_of_any_kind_leaves_the_region_alone(api: ProviderAPI, account: Account, action: str) -> None:
    api.regions = ["ap-guangzhou", "ap-shanghai"]
    put(account, instance_id="ins-gone")
    put(account, instance_id="ins-shanghai", region="ap-shanghai", ips=())
    api.has(instance("ins-new"))
    api.replies(error("UnauthorizedOperation", "You are not authorized."), action=action)
    outcome = run(api, account, complete=True)
    assert (outcome.read, failed(outcome)) == (["ap-shanghai"], [("ap-guangzhou", "UnauthorizedOperation")])
    assert states() == {"ins-gone": "running", "ins-shanghai": "terminated"}


def test_a_server_with_newer_facts_than_the_list_does_not_end(api: ProviderAPI, account: Account) -> None:
    put(account, now=NOW + timedelta(seconds=1))
    run(api, account, complete=True, now=NOW)
    assert states() == {"ins-a": "running"}
    run(api, account, complete=True, now=NOW + timedelta(seconds=2))
    assert states() == {"ins-a": "terminated"}
