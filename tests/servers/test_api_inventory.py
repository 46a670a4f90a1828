"""POST inventory/tencent/."""

from typing import Any

import pytest

from codes.models import CodeEvent
from servers.models import Account, Server
from tests.servers.calling import Caller, fields
from tests.servers.feeding import address, address_list, instance, instances, put

pytestmark = pytest.mark.django_db
PATH = "inventory/tencent/"


def body(*responses: Any, **more: Any) -> dict[str, Any]:
    return {"account": "100012345678", "responses": list(responses), **more}


def test_responses_go_in_and_bad_rows_are_named(feed: Caller) -> None:
    bad = address("119.***.***.51", AddressId="eip-1")
    answer = feed.post(PATH, body(instances(instance(), instance("ins-b", InstanceState="?")), address_list(bad)))
    assert answer == (
        200,
        {
            "created": 1, "updated": 0, "unchanged": 0,
            "rejected": [
                {"id": "eip-1", "detail": "AddressIp is not an IP address: 119.***.***.51"},
                {"id": "ins-b", "detail": "InstanceState is unknown: ?"},
            ],
        },
    )  # fmt: skip
    assert feed.post(PATH, body(instances(instance())))[1]["unchanged"] == 1
    assert CodeEvent.objects.get().actor.startswith("client:")


def test_a_terminated_server_is_rejected_in_one_word(feed: Caller, account: Account) -> None:
    put(account, state="terminated")
    assert feed.post(PATH, body(instances(instance())))[1]["rejected"] == [{"id": "ins-a", "detail": "terminated"}]


def test_incomplete_is_refused(feed: Caller) -> None:
    status, problem = feed.post(PATH, body(instances(instance(), total=2), complete=True))
    assert (status, problem["code"], [each["field"] for each in problem["errors"]]) == (400, "incomplete", ["complete"])
    assert not Server.objects.exists()
    assert feed.post(PATH, body(instances(instance(), total=1), complete=True))[0] == 200


def test_a_region_may_be_named(feed: Caller) -> None:
    answer = feed.post(PATH, body(instances(instance()), region="ap-shanghai"))[1]
    assert [row["id"] for row in answer["rejected"]] == ["ins-a"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": "nobody"}, "account"),
        ({"account": None}, "account"),
        ({"responses": None}, "responses"),
        ({"responses": {}}, "responses"),
        ({"complete": "yes"}, "complete"),
        ({"complete": None}, "complete"),
        ({"region": "ap shanghai"}, "region"),
        ({"region": 5}, "region"),
        ({"pages": 1}, "pages"),
    ],
)
def test_a_malformed_request_is_refused(feed: Caller, change: dict[str, Any], field: str) -> None:
    assert [name for name, _code in fields(feed.post(PATH, {**body(), **change}))] == [field]


@pytest.mark.parametrize("missing", ["account", "responses"])
def test_account_and_responses_are_required(feed: Caller, missing: str) -> None:
    request = body()
    del request[missing]
    assert fields(feed.post(PATH, request)) == [(missing, "required")]


def test_more_than_a_mebibyte_goes_in(feed: Caller) -> None:
    rows = [instance(f"ins-{n}", PublicIpAddresses=[], HostName="x" * 2000) for n in range(600)]
    assert feed.post(PATH, body(instances(*rows)))[1]["created"] == 600


def test_a_hundred_thousand_rows_go_in_and_not_one_more(feed: Caller) -> None:
    rows: list[Any] = [0] * 99_998  # with the response and the one that is none
    assert len(feed.post(PATH, body({"InstanceSet": rows}, 0))[1]["rejected"]) == 99_999
    one_more = {"Response": {"InstanceSet": [0] * 50_000, "AddressSet": [0] * 49_999}}
    assert fields(feed.post(PATH, body(one_more, 0))) == [("responses", "too_many_rows")]
    assert fields(feed.post(PATH, body(*[0] * 100_001))) == [("responses", "max_length")]


def test_half_a_million_lists_and_objects_are_read_and_not_one_more(feed: Caller) -> None:
    nests = 500_000 - 3  # beside the body, its responses and the one of them
    assert feed.post(PATH, body({"x": [[]] * (nests - 1)}))[0] == 200
    status, problem = feed.post(PATH, body({"x": [[]] * nests}))
    assert (status, problem["code"], problem["errors"]) == (400, "invalid", [])


def test_more_than_sixteen_is_too_large(feed: Caller) -> None:
    status, problem = feed.post(PATH, body("x" * (16 * 1024 * 1024)))
    assert (status, problem["code"]) == (413, "too_large")


VALUE = "ICP-00000-00000-00000-00000-00000"  # by its check character it could be one


def test_a_name_that_carries_a_value_is_left_out_and_its_row_goes_in(feed: Caller) -> None:
    rows = instance(InstanceName=f"shop {VALUE}"), instance("ins-b", InstanceName="shop", PublicIpAddresses=[])
    assert feed.post(PATH, body(instances(*rows)))[1]["created"] == 2
    assert dict(Server.objects.values_list("instance_id", "name")) == {"ins-a": "ICP-…", "ins-b": "shop"}
    assert feed.post(PATH, body(instances(*rows)))[1]["unchanged"] == 2


def test_an_instance_is_not_called_like_a_value(feed: Caller) -> None:
    assert feed.post(PATH, body(instances(instance(VALUE))))[1]["rejected"] == [
        {"id": VALUE, "detail": "InstanceId is missing or malformed."}
    ]
    assert not Server.objects.exists()
