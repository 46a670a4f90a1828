"""Generating by the API: one code, many codes."""

from typing import Any

import pytest

from codes.models import AuthorizationCode, CodeEvent
from servers.choices import BillingMode, IPKind
from tests.api.client import Api
from tests.factories import make_account, make_client, make_code, make_ip, make_issued, make_region, make_server


def codes_path(server: Any) -> str:
    return f"servers/{server.instance_id}/codes/"


def test_a_code_is_answered_with_its_value(api: Api) -> None:
    server = make_server()
    answer = api.post(codes_path(server), {"remark": "Web shop", "authorized_account": "1"})
    code = AuthorizationCode.objects.get()
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/codes/{code.pk}/"
    assert set(answer.json) == {
        "id", "server", "ip", "account", "state", "masked", "slot", "generated_at", "expires_at", "remark",
        "authorized_account", "filing", "value",
    }  # fmt: skip
    value = answer.json.pop("value")
    assert answer.json == {
        "id": code.pk,
        "server": server.instance_id,
        "ip": server.ips.get().address,
        "account": server.account.uid,
        "state": "unused",
        "masked": f"ICP-…-{value[-5:]}",
        "slot": 1,
        "generated_at": "2026-11-23T04:00:00Z",
        "expires_at": "2027-05-27T04:00:00Z",
        "remark": "Web shop",
        "authorized_account": "1",
        "filing": None,
    }
    assert api.get(f"codes/{code.pk}/").json == answer.json


def test_generating_needs_no_body(api: Api) -> None:
    assert api.post(codes_path(make_server())).status == 201


def test_the_chosen_ip_is_the_codes(api: Api) -> None:
    server = make_server()
    second = make_ip(server)
    assert api.post(codes_path(server), {"ip": second.address}).json["ip"] == second.address


def test_an_ip_that_the_server_does_not_hold_is_400(api: Api) -> None:
    server = make_server()
    elsewhere = make_server().ips.get().address
    assert api.post(codes_path(server), {"ip": elsewhere}).wrong == [("ip", "not_held")]
    assert api.post(codes_path(server), {"ip": "x"}).wrong == [("ip", "address")]


def test_a_refusal_lists_every_condition_that_fails(api: Api) -> None:
    region = make_region(code="ap-hongkong-9", jurisdiction="hong_kong")
    server = make_server(region=region, billing_mode=BillingMode.PAY_AS_YOU_GO)
    answer = api.post(codes_path(server))
    assert answer.refused == (409, "not_eligible")
    assert answer.json["type"].endswith("/problems/not_eligible")
    assert [failed["code"] for failed in answer.json["failed"]] == ["not_prepaid", "not_mainland"]
    assert answer.json["notes"] == ["filing_not_required"]
    assert set(answer.json["failed"][0]) == {"code", "faq", "title", "found", "explanation", "remedy"}
    event = CodeEvent.objects.get()
    assert (event.type, event.failed, event.client) == (
        "generation_refused",
        ["not_prepaid", "not_mainland"],
        api.client,
    )
    assert event.request_id == answer.headers["X-Request-ID"]


def test_a_refusal_is_in_the_callers_language(api: Api) -> None:
    server = make_server(prepaid_months=2)
    english = api.post(codes_path(server)).json["failed"][0]["found"]
    assert english == "2 months"
    chinese = api.post(codes_path(server), accept_language="zh-hans")
    assert (chinese.json["failed"][0]["found"], chinese.headers["Content-Language"]) == ("2 个月", "zh-hans")


def test_a_text_that_holds_a_code_value_is_400(api: Api) -> None:
    value = make_issued().value
    assert api.post(codes_path(make_server()), {"remark": f"see {value}"}).wrong == [("remark", "code_value")]
    named = {"authorized_account": value[4:]}
    assert api.post(codes_path(make_server()), named).wrong == [("authorized_account", "code_value")]
    assert api.patch(f"codes/{make_code().pk}/", named).wrong == [("authorized_account", "code_value")]


def test_a_text_that_is_too_long_is_not_looked_through(api: Api) -> None:
    value = make_issued().value
    answer = api.post(codes_path(make_server()), {"remark": f"{value} " * 100, "authorized_account": value})
    assert answer.wrong == [("remark", "max_length"), ("authorized_account", "form")]


@pytest.mark.parametrize("scope", ["inventory:write", "codes:read", "filings:write"])
def test_generating_needs_its_scope(db: None, scope: str) -> None:
    server = make_server()
    for path in (codes_path(server), "codes/generate/"):
        assert Api(scope).post(path, {}).refused == (403, "missing_scope")


def test_another_accounts_server_is_not_there(db: None) -> None:
    api = Api(account=make_account())
    answer = api.post(codes_path(make_server()))
    assert answer.refused == (404, "not_found")
    assert answer.refused == api.post("servers/ins-none/codes/").refused
    assert not CodeEvent.objects.exists()


def test_many_answer_in_the_order_of_the_request(api: Api) -> None:
    first, second = make_server(), make_server()
    poor = make_server(prepaid_months=1)
    items = [
        {"instance_id": second.instance_id, "count": 2},
        {"instance_id": poor.instance_id},
        {"instance_id": "ins-none"},
        {"instance_id": first.instance_id, "ip": "203.0.113.250"},
        {"instance_id": first.instance_id, "remark": "r"},
    ]
    results = api.post("codes/generate/", {"items": items}).json["results"]
    assert [result["instance_id"] for result in results] == [item["instance_id"] for item in items]
    assert [code["slot"] for code in results[0]["codes"]] == [1, 2]
    assert all(code["value"].startswith("ICP-") for code in results[0]["codes"])
    assert (results[1]["status"], results[1]["code"]) == (409, "not_eligible")
    assert results[1]["failed"][0]["code"] == "prepaid_term_too_short"
    assert (results[2]["status"], results[2]["code"]) == (404, "not_found")
    assert (results[3]["status"], results[3]["errors"][0]["field"]) == (400, "ip")
    assert results[4]["codes"][0]["remark"] == "r"


def test_an_item_is_all_or_nothing(api: Api) -> None:
    server = make_server()
    make_code(server), make_code(server)
    answer = api.post("codes/generate/", {"items": [{"instance_id": server.instance_id, "count": 4}]})
    assert (answer.status, answer.json["results"][0]["code"]) == (200, "not_eligible")
    assert server.codes.count() == 2


def test_items_of_one_server_take_their_turns(api: Api) -> None:
    server = make_server()
    item = {"instance_id": server.instance_id, "count": 3}
    results = api.post("codes/generate/", {"items": [item, item]}).json["results"]
    assert (len(results[0]["codes"]), results[1]["code"]) == (3, "not_eligible")


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        ({}, ("items.0.instance_id", "required")),
        ({"instance_id": "i", "count": 6}, ("items.0.count", "max_value")),
        ({"instance_id": "i", "count": 0}, ("items.0.count", "min_value")),
        ({"instance_id": "i", "count": "1"}, ("items.0.count", "invalid")),
        ({"instance_id": "i", "count": True}, ("items.0.count", "invalid")),
        ({"instance_id": "i", "x": 1}, ("items.0.x", "unknown")),
        ({"instance_id": 1}, ("items.0.instance_id", "invalid")),
        ("i", ("items.0", "invalid")),
    ],
)
def test_a_malformed_item_makes_the_request_400(api: Api, item: Any, wrong: tuple[str, str]) -> None:
    assert api.post("codes/generate/", {"items": [item]}).wrong == [wrong]
    assert not AuthorizationCode.objects.exists()


@pytest.mark.parametrize("items", [[], [{"instance_id": "i"}] * 101, None, "i", {}])
def test_there_are_1_to_100_items(api: Api, items: Any) -> None:
    assert api.post("codes/generate/", {"items": items}).wrong[0][0] == "items"


def test_an_elastic_ip_may_be_chosen_and_is_refused(api: Api) -> None:
    server = make_server()
    elastic = make_ip(server, kind=IPKind.ELASTIC)
    answer = api.post(codes_path(server), {"ip": elastic.address})
    assert [failed["code"] for failed in answer.json["failed"]] == ["elastic_ip"]


def test_the_actor_is_the_client(db: None) -> None:
    api = Api(client=make_client(name="console"))
    api.post(codes_path(make_server()))
    assert CodeEvent.objects.select_related("user", "client").get().actor == "client:console"
