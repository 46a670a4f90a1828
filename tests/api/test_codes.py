"""Codes by the API: lists, filters, details, edits, reveal, withdraw, verify."""

from datetime import timedelta

import pytest

from codes import services, values
from codes.choices import Channel
from codes.models import AuthorizationCode, CodeEvent, Filing
from icpportal import sealing
from servers.models import Account
from tests.api.client import Api
from tests.factories import (
    NOW,
    make_account,
    make_code,
    make_filing,
    make_ip,
    make_issued,
    make_server,
)

ACT = {"actor": None, "channel": Channel.COMMAND, "now": NOW}


def ids(api: Api, query: str = "") -> list[int]:
    answer = api.get(f"codes/{query}")
    assert answer.status == 200, answer.raw
    return [code["id"] for code in answer.json["results"]]


def test_a_list_is_masked_and_newest_first(api: Api) -> None:
    older, newer = make_issued(), make_issued()
    answer = api.get("codes/")
    assert [code["id"] for code in answer.json["results"]] == [newer.code.pk, older.code.pk]
    assert (answer.json["next"], answer.json["previous"]) == (None, None)
    assert "count" not in answer.json
    for issued in (older, newer):
        assert issued.value.encode() not in answer.raw


def test_a_list_is_two_statements(api: Api, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for _ in range(5):
        make_filing()
    api.get("codes/")
    with django_assert_max_num_queries(3):  # SQLite: token, count, list; PostgreSQL: token with count, list
        api.get("codes/")


def test_a_code_names_the_filing_that_holds_it(api: Api) -> None:
    filing = make_filing(client=api.client, order_number="o-1")
    shown = api.get(f"codes/{filing.code_id}/").json
    assert (shown["state"], shown["filing"]["order_number"], shown["filing"]["state"]) == ("in_use", "o-1", "active")
    services.abandon_filing(filing, **ACT)
    assert api.get(f"codes/{filing.code_id}/").json["filing"] is None


@pytest.mark.parametrize("listed", ["codes", "servers"])
def test_a_domain_is_found_as_it_was_sent(api: Api, listed: str) -> None:
    filing = {"code": make_issued().value, "order_number": "o-1", "domain": "Bücher.例子.CN"}
    assert api.post("filings/", filing).json["domain"] == "xn--bcher-kva.xn--fsqu00a.cn"
    for typed in ("Bücher.例子.CN", "bücher.例子。cn", "xn--bcher-kva.xn--fsqu00a.cn"):
        assert len(api.get(f"{listed}/?search={typed}").json["results"]) == 1, typed


def test_each_filter_finds_its_codes_and_no_other(api: Api) -> None:
    server = make_server(name="shop-1", expires_at=NOW + timedelta(days=10))
    code = make_code(server, authorized_account="777")
    filing = make_filing(services.Issued(code=code, value=_value(code)), account="777", domain="a.example.cn")
    services.complete_filing(filing, icp_number="粤ICP备12345678号", **ACT)
    other = make_code(make_server(purchased_at=NOW - timedelta(days=3)), now=NOW - timedelta(days=2))
    finding = {
        "account": server.account.uid,
        "server": server.instance_id,
        "ip": code.ip.address,
        "state": "used",
        "expires_before": "2026-12-31T00:00:00Z",
        "generated_after": "2026-11-22T00:00:00Z",
        "authorized_account": "777",
        "filing": filing.order_number,
        "search": server.instance_id,
    }
    for name, value in finding.items():
        assert ids(api, f"?{name}={value}") == [code.pk], name
    assert ids(api, "?state=unused") == [other.pk]
    for term in ("shop", server.account.uid, code.ip.address, filing.order_number, "粤ICP备12345678号", "a.example.cn"):
        assert ids(api, f"?search={term}") == [code.pk], term
    assert code.pk in ids(api, f"?search={code.tail.lower()}")
    AuthorizationCode.objects.filter(pk=code.pk).update(tail="01XYZ")
    assert [ids(api, f"?search={typed}") for typed in ("olxyz", "０１ＸＹＺ")] == [[code.pk]] * 2
    assert ids(api, "?search=nothing") == ids(api, "?account=nobody") == []


def _value(code: AuthorizationCode) -> str:
    return values.show(sealing.unseal(code.sealed))


@pytest.mark.parametrize(
    ("break_it", "state"),
    [
        ({}, "unused"),
        ({"state": "isolated"}, "expired"),
        ({"expires_at": NOW}, "expired"),
        ({"state": "terminated"}, "invalid"),
        ({"billing_mode": "pay_as_you_go"}, "invalid"),
    ],
)
def test_the_state_filter_is_the_shown_state(api: Api, break_it: dict[str, object], state: str) -> None:
    code = make_code()
    type(code.server).objects.filter(pk=code.server_id).update(**break_it)
    for each in ("unused", "in_use", "used", "withdrawn", "expired", "invalid"):
        assert ids(api, f"?state={each}") == ([code.pk] if each == state else []), each


def test_an_account_limited_client_sees_its_account_alone(db: None) -> None:
    account = make_account()
    api = Api(account=account)
    own, other = make_code(make_server(account=account)), make_code()
    assert ids(api) == [own.pk]
    assert api.get("codes/?count=true").json["count"] == 1
    for name, value in {
        "account": other.server.account.uid,
        "server": other.server.instance_id,
        "ip": other.ip.address,
        "search": other.tail,
    }.items():
        assert ids(api, f"?{name}={value}") == [] and ids(Api(), f"?{name}={value}") == [other.pk]
    for method, path in (
        ("GET", "codes/{}/"),
        ("PATCH", "codes/{}/"),
        ("POST", "codes/{}/reveal/"),
    ):
        assert api.call(method, path.format(other.pk)).refused == (404, "not_found")
        assert api.call(method, path.format(999_999)).refused == (404, "not_found")
    body = {"reason": "r"}
    assert api.post(f"codes/{other.pk}/withdraw/", body).refused == (404, "not_found")


def test_an_edit_changes_what_it_names(api: Api) -> None:
    code = make_code(remark="old", authorized_account="1")
    answer = api.patch(f"codes/{code.pk}/", {"remark": "new"})
    assert (answer.status, answer.json["remark"], answer.json["authorized_account"]) == (200, "new", "1")
    assert api.patch(f"codes/{code.pk}/", {"authorized_account": None}).json["authorized_account"] == ""
    assert api.patch(f"codes/{code.pk}/", {}).status == 200
    assert CodeEvent.objects.filter(type="edited").count() == 2


def test_the_authorized_account_is_frozen_once_begun(api: Api) -> None:
    filing = make_filing()
    path = f"codes/{filing.code_id}/"
    answer = api.patch(path, {"authorized_account": "5"})
    assert answer.refused == (409, "code_in_use")
    assert [failed["code"] for failed in answer.json["failed"]] == ["code_in_use"]
    assert api.patch(path, {"remark": "still"}).status == 200
    services.complete_filing(filing, icp_number="粤ICP备12345678号", **ACT)
    assert api.patch(path, {"authorized_account": "5"}).refused == (409, "code_used")
    gone = services.withdraw(make_code(), reason="r", **ACT)
    assert api.patch(f"codes/{gone.pk}/", {"authorized_account": "5"}).refused == (409, "code_withdrawn")


def test_a_reveal_is_recorded(api: Api) -> None:
    issued = make_issued()
    assert api.post(f"codes/{issued.code.pk}/reveal/").json == {"value": issued.value}
    assert CodeEvent.objects.filter(type="revealed", code=issued.code, client=api.client).exists()


def test_withdrawing_twice_is_the_same_answer(api: Api) -> None:
    code = make_code()
    path = f"codes/{code.pk}/withdraw/"
    first, second = api.post(path, {"reason": "leak"}), api.post(path, {"reason": "again"})
    assert (first.status, first.json["state"], second.status) == (200, "withdrawn", 200)
    assert first.json == second.json


def test_withdrawing_needs_a_reason(api: Api) -> None:
    path = f"codes/{make_code().pk}/withdraw/"
    assert api.post(path, {}).wrong == [("reason", "required")]
    assert api.post(path, {"reason": ""}).wrong == [("reason", "blank")]
    assert api.post(path, {"reason": "  "}).wrong == [("reason", "required")]


def test_a_held_code_is_not_withdrawn(api: Api) -> None:
    filing = make_filing()
    path = f"codes/{filing.code_id}/withdraw/"
    assert api.post(path, {"reason": "r"}).refused == (409, "code_in_use")
    services.complete_filing(filing, icp_number="粤ICP备12345678号", **ACT)
    assert api.post(path, {"reason": "r"}).refused == (409, "code_used")


def test_an_expired_code_may_be_withdrawn(api: Api) -> None:
    code = make_code()
    type(code.server).objects.update(expires_at=NOW)
    assert api.post(f"codes/{code.pk}/withdraw/", {"reason": "r"}).json["state"] == "withdrawn"


def test_verify_says_whether_a_filing_may_begin(api: Api) -> None:
    issued = make_issued(authorized_account="5")
    answer = api.post("codes/verify/", {"code": issued.value.lower().replace("-", " ")})
    assert answer.json == {
        "usable": True,
        "state": "unused",
        "ip": issued.code.ip.address,
        "expires_at": "2027-05-27T04:00:00Z",
        "problems": [],
    }
    judged = api.post("codes/verify/", {"code": issued.value, "account": "6"}).json
    assert (judged["usable"], [each["code"] for each in judged["problems"]]) == (False, ["not_authorized_account"])
    assert api.post("codes/verify/", {"code": issued.value, "account": "5"}).json["usable"]


def test_a_code_in_use_is_usable_for_nobody(api: Api) -> None:
    issued = make_issued()
    make_filing(issued, client=api.client)
    verified = api.post("codes/verify/", {"code": issued.value}).json
    assert (verified["usable"], verified["state"], verified["problems"][0]["code"]) == (False, "in_use", "code_in_use")


@pytest.mark.parametrize("code", ["x", " ", "ICP-00000-00000-00000-00000-00000", "é" * 200, "'; --", "😀"])
def test_any_text_that_is_no_code_is_not_found(api: Api, code: str) -> None:
    assert api.post("codes/verify/", {"code": code}).refused == (404, "code_not_found")


@pytest.mark.parametrize(
    ("code", "problem"),
    [("", "blank"), ("x" * 201, "max_length"), (1, "invalid"), (None, "null"), ([], "invalid"), (True, "invalid")],
)
def test_what_can_be_no_code_is_400(api: Api, code: object, problem: str) -> None:
    assert api.post("codes/verify/", {"code": code}).wrong == [("code", problem)]


def test_verify_is_two_statements_on_postgresql(api: Api, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    value = make_issued().value
    api.post("codes/verify/", {"code": value})
    with django_assert_max_num_queries(3):
        api.post("codes/verify/", {"code": value})


def test_a_limited_client_verifies_what_it_owns_what_names_it_and_what_names_nobody(db: None) -> None:
    account = make_account()
    api = Api(account=account)
    own = make_issued(make_server(account=account), authorized_account="1")
    named, free = make_issued(authorized_account=account.uid), make_issued()
    for issued in (own, named, free):
        assert api.post("codes/verify/", {"code": issued.value}).status == 200
    foreign = make_issued(authorized_account="1")
    assert api.post("codes/verify/", {"code": foreign.value}).refused == (404, "code_not_found")
    body = {"code": foreign.value, "order_number": "o", "domain": "a.cn"}
    assert api.post("filings/", body).refused == (404, "code_not_found")
    assert not Filing.objects.exists()
    stranger = {"code": free.value, "account": Account.objects.exclude(pk=account.pk)[0].uid}
    assert api.post("codes/verify/", stranger).wrong == [("account", "not_own")]


@pytest.mark.parametrize("scope", ["inventory:write", "filings:write"])
def test_reading_codes_needs_a_scope(db: None, scope: str) -> None:
    code = make_code()
    for path in ("codes/", f"codes/{code.pk}/"):
        assert Api(scope).get(path).refused == (403, "missing_scope")


def test_changing_codes_needs_a_scope(db: None) -> None:
    api, path = Api("codes:read", "inventory:write", "filings:write"), f"codes/{make_code().pk}/"
    assert api.patch(path, {}).refused == (403, "missing_scope")
    assert api.post(f"{path}reveal/").refused == (403, "missing_scope")
    assert api.post(f"{path}withdraw/", {"reason": "r"}).refused == (403, "missing_scope")
    generator = Api("codes:generate", "codes:read", "inventory:write")
    assert generator.post("codes/verify/", {"code": "x"}).refused == (403, "missing_scope")
    assert generator.post("filings/", {}).refused == (403, "missing_scope")


def test_a_second_ips_expiry_counts(api: Api) -> None:
    server = make_server()
    early = make_ip(server, expires_at=NOW + timedelta(days=1))
    code = make_code(server, ip=early)
    assert api.get(f"codes/{code.pk}/").json["expires_at"] == "2026-11-24T04:00:00Z"
    assert ids(api, "?expires_before=2026-11-24T04:00:01Z") == [code.pk]
    assert ids(api, "?expires_before=2026-11-24T04:00:00Z") == []
