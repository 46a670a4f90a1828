"""Filings by the API: begin, show, reject, complete, abandon."""

import pytest

from codes import services
from codes.choices import Channel
from codes.models import AuthorizationCode, Filing
from servers.models import Server
from tests.api.client import Answer, Api
from tests.factories import NOW, make_account, make_code, make_issued, make_server

ORDER = "order_1.a-b"
PATH = f"filings/{ORDER}/"
NUMBER = {"icp_number": "粤ICP备12345678号-1"}


def begin(api: Api, value: str, **changes: object) -> Answer:
    return api.post("filings/", {"code": value, "order_number": ORDER, "domain": "shop.example.cn", **changes})


def test_a_filing_begins(api: Api) -> None:
    issued = make_issued()
    answer = begin(api, issued.value, account="100")
    assert (answer.status, answer.headers["Location"]) == (201, f"/api/v1/{PATH}")
    assert answer.json == {
        "order_number": ORDER,
        "code": issued.code.pk,
        "domain": "shop.example.cn",
        "account": "100",
        "state": "active",
        "icp_number": "",
        "reason": "",
        "began_at": "2026-11-23T04:00:00Z",
        "ended_at": None,
        "completed_after_expiry": False,
    }
    assert api.get(PATH).json == answer.json


def test_the_same_order_again_is_the_same_answer(api: Api) -> None:
    issued = make_issued()
    first, again = begin(api, issued.value), begin(api, issued.value.lower(), domain="SHOP.example.CN")
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json


@pytest.mark.parametrize("change", [{"domain": "other.example.cn"}, {"account": "9"}, {"code": None}])
def test_the_same_order_with_anything_else_conflicts(api: Api, change: dict[str, object]) -> None:
    begin(api, make_issued().value)
    code = AuthorizationCode.objects.get()
    if "code" in change:
        change = {"code": make_issued().value}
    value = services.reveal(code, actor=None, channel=Channel.COMMAND, now=NOW)
    assert begin(api, value, **change).refused == (409, "order_conflict")


def test_a_code_value_is_no_order_number_and_no_account(api: Api) -> None:
    value = make_issued().value
    assert begin(api, value, order_number=value).wrong == [("order_number", "code_value")]
    assert begin(api, value, order_number=value[4:].lower()).wrong == [("order_number", "code_value")]
    assert begin(api, value, account=value[4:]).wrong == [("account", "code_value")]
    assert not Filing.objects.exists()


@pytest.mark.parametrize("around", ["web-{}", "{}-2", "x.{}_y"])
def test_an_order_number_or_a_domain_that_carries_the_code_is_400(api: Api, around: str) -> None:
    value = make_issued().value
    assert begin(api, value, order_number=around.format(value)).wrong == [("order_number", "code_value")]
    assert begin(api, value, order_number=around.format(value.replace("-", "_"))).wrong == [
        ("order_number", "code_value")
    ]
    assert begin(api, value, domain=f"{value.lower()}.example.cn").wrong == [("domain", "code_value")]
    assert begin(api, value, domain=f"{value[4:].replace('-', '.')}.example.cn").wrong == [("domain", "code_value")]
    assert not Filing.objects.exists()


def test_an_order_number_may_look_like_another_code(api: Api) -> None:
    assert begin(api, make_issued().value, order_number="2026112317000000000000000").status == 201
    assert begin(api, "o-7", order_number="o-7").refused == (404, "code_not_found")


def test_another_order_is_refused_while_one_holds_the_code(api: Api) -> None:
    issued = make_issued()
    begin(api, issued.value)
    answer = begin(api, issued.value, order_number="o-2")
    assert answer.refused == (409, "code_in_use")
    assert [failed["code"] for failed in answer.json["failed"]] == ["code_in_use"]


def test_after_an_abandon_the_order_begins_anew(api: Api) -> None:
    begin(api, make_issued().value)
    assert api.post(f"{PATH}abandon/").json["state"] == "abandoned"
    other = make_issued()
    assert begin(api, other.value, domain="new.example.cn", account="3").status == 201
    assert (api.get(PATH).json["code"], api.get(PATH).json["state"]) == (other.code.pk, "active")


def test_after_a_completion_the_order_answers_200(api: Api) -> None:
    issued = make_issued()
    begin(api, issued.value)
    completed = api.post(f"{PATH}complete/", NUMBER)
    assert (completed.status, completed.json["state"], completed.json["ended_at"]) == (
        200,
        "completed",
        "2026-11-23T04:00:00Z",
    )
    assert (begin(api, issued.value).status, begin(api, issued.value).json) == (200, completed.json)
    assert begin(api, issued.value, order_number="o-2").refused == (409, "code_used")


def test_a_rejected_filing_keeps_its_hold_and_becomes_active_again(api: Api) -> None:
    issued = make_issued()
    begin(api, issued.value)
    assert api.post(f"{PATH}reject/", {"reason": "first"}).json["state"] == "rejected"
    assert api.post(f"{PATH}reject/", {"reason": "last"}).json["reason"] == "last"
    assert begin(api, issued.value, order_number="o-2").refused == (409, "code_in_use")
    code = f"codes/{issued.code.pk}/"
    assert (api.get(code).json["state"], api.get(code).json["filing"]) == ("in_use", None)
    again = begin(api, issued.value)
    assert (again.status, again.json["state"]) == (200, "active")
    assert api.get(code).json["filing"]["order_number"] == again.json["order_number"]


def test_completing_twice_needs_the_same_number(api: Api) -> None:
    begin(api, make_issued().value)
    first, second = api.post(f"{PATH}complete/", NUMBER), api.post(f"{PATH}complete/", NUMBER)
    assert (second.status, second.json) == (200, first.json)
    other = {"icp_number": "京ICP备123456号"}
    assert api.post(f"{PATH}complete/", other).refused == (409, "filing_completed")
    assert api.post(f"{PATH}abandon/", {}).refused == (409, "filing_completed")
    assert api.post(f"{PATH}reject/", {"reason": "r"}).refused == (409, "filing_completed")


def test_an_abandoned_filing_ends_there(api: Api) -> None:
    begin(api, make_issued().value)
    first, again = api.post(f"{PATH}abandon/", {"reason": "no"}), api.post(f"{PATH}abandon/", {"reason": "other"})
    assert (again.status, again.json) == (200, first.json)
    assert api.post(f"{PATH}complete/", NUMBER).refused == (409, "filing_abandoned")
    assert api.post(f"{PATH}reject/", {"reason": "r"}).refused == (409, "filing_abandoned")


def test_a_completion_after_expiry_is_recorded_and_flagged(api: Api) -> None:
    begin(api, make_issued().value)
    Server.objects.update(expires_at=NOW)
    assert api.post(f"{PATH}complete/", NUMBER).json["completed_after_expiry"] is True


def test_another_clients_order_is_not_there(api: Api) -> None:
    begin(api, make_issued().value)
    other = Api()
    assert other.get(PATH).refused == (404, "not_found")
    for verb, body in (("reject", {"reason": "r"}), ("complete", NUMBER), ("abandon", {})):
        assert other.post(f"{PATH}{verb}/", body).refused == (404, "not_found")
    assert begin(other, make_issued().value).status == 201


def test_a_code_that_names_another_account_begins_for_nobody_else(api: Api) -> None:
    issued = make_issued(authorized_account="5")
    for account in ({}, {"account": "6"}):
        assert begin(api, issued.value, **account).refused == (409, "not_authorized_account")
    assert begin(api, issued.value, account="5").status == 201


def test_every_reason_against_a_code_is_listed(api: Api) -> None:
    issued = make_issued(authorized_account="5")
    Server.objects.update(expires_at=NOW, billing_mode="pay_as_you_go")
    answer = begin(api, issued.value)
    assert answer.refused == (409, "code_expired")
    assert [failed["code"] for failed in answer.json["failed"]] == [
        "code_expired",
        "code_invalid",
        "not_authorized_account",
    ]
    assert answer.json["failed"][-1]["faq"] == ""


def test_an_unknown_code_is_not_found(api: Api) -> None:
    assert begin(api, "nonsense").refused == (404, "code_not_found")
    assert not Filing.objects.exists()


def test_a_limited_client_begins_for_its_own_account(db: None) -> None:
    account = make_account()
    api = Api(account=account)
    issued = make_issued()
    assert begin(api, issued.value, account="1").wrong == [("account", "not_own")]
    assert begin(api, issued.value, account=account.uid).status == 201


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Shop.Example.CN", "shop.example.cn"),
        ("例子.中国", "xn--fsqu00a.xn--fiqs8s"),
        ("xn--fsqu00a.xn--fiqs8s", "xn--fsqu00a.xn--fiqs8s"),
        ("例子。中国", "xn--fsqu00a.xn--fiqs8s"),
        ("a-b.cn", "a-b.cn"),
        ("a.com.cn", "a.com.cn"),
        ("com.com", "com.com"),
    ],
)
def test_a_domain_is_kept_in_ascii_and_lower_case(api: Api, given: str, kept: str) -> None:
    assert begin(api, make_issued().value, domain=given).json["domain"] == kept


@pytest.mark.parametrize(
    "domain",
    [
        "", "cn", "localhost", "203.0.113.7", "::1", "http://a.cn", "a.cn/", "a..cn", ".a.cn", "a.cn.", "-a.cn",
        "a-.cn", "a_b.cn", "a b.cn", "a.cn:80", "*.a.cn", "x" * 64 + ".cn", "a." * 130 + "cn", "a.123", 5, None,
        "xn--.cn", "\u202ea.cn", "a@b.cn", "com.cn", "Bj.CN", "公司.cn", "a.c", "a.c1", "a.1n",
    ],
)  # fmt: skip
def test_what_is_no_domain_is_400(api: Api, domain: object) -> None:
    assert [name for name, _code in begin(api, "x", domain=domain).wrong] == ["domain"]


@pytest.mark.parametrize("order", ["", "a b", "a/b", "é", "x" * 65, 5, None, "a\n", ".", ".."])
def test_what_is_no_order_number_is_400(api: Api, order: object) -> None:
    assert [name for name, _code in begin(api, "x", order_number=order).wrong] == ["order_number"]


@pytest.mark.parametrize(
    "number",
    ["", "粤ICP备12345号", "粤ICP备12345678901号", "ICP备12345678号", "广ICP备12345678号", "粤ICP备１２３４５６号",
     "粤ICP备12345678号-", "粤ICP备12345678号-0", "粤ICP备12345678", 1, None, "粤ICP备12345678号\n"],
)  # fmt: skip
def test_what_is_no_icp_number_is_400(api: Api, number: object) -> None:
    begin(api, make_issued().value)
    assert [name for name, _code in api.post(f"{PATH}complete/", {"icp_number": number}).wrong] == ["icp_number"]


def test_every_wrong_field_is_named_at_once(api: Api) -> None:
    answer = api.post("filings/", {"code": "", "domain": "x", "extra": 1})
    assert sorted(answer.wrong) == [
        ("code", "blank"),
        ("domain", "host_name"),
        ("extra", "unknown"),
        ("order_number", "required"),
    ]


def test_a_transferred_servers_filing_stays_with_its_client(db: None) -> None:
    account = make_account()
    api = Api(account=account)
    server = make_server(account=account)
    begin(api, make_issued(server).value)
    Server.objects.update(account=make_account())
    assert api.get(PATH).status == 200
    assert api.post(f"{PATH}complete/", NUMBER).status == 200


@pytest.mark.parametrize("scope", ["inventory:write", "codes:read", "codes:generate"])
def test_filings_need_their_scope(db: None, scope: str) -> None:
    api = Api(scope)
    make_code()
    assert begin(api, "x").refused == (403, "missing_scope")
    assert api.get(PATH).refused == (403, "missing_scope")
    for verb in ("reject", "complete", "abandon"):
        assert api.post(f"{PATH}{verb}/", {}).refused == (403, "missing_scope")
