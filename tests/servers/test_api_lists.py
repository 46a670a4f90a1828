"""Lists of servers and reports: filters, pages, cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from codes.eligibility import GENERATION
from icpportal.api.models import Scope
from servers.choices import BillingMode, IPKind, ServerState
from tests.factories import make_account, make_code, make_filing, make_ip, make_issued, make_server
from tests.servers.calling import Caller, fields

pytestmark = pytest.mark.django_db


def found(query: str, *scopes: str) -> list[str]:
    status, body = Caller(*(scopes or (Scope.CODES_READ,))).get(f"servers/?{query}")
    assert status == 200, body
    return [row["instance_id"] for row in body["results"]]


def fleet() -> dict[str, Any]:
    """One server that fails nothing, and others that fail something."""
    now = timezone.now()
    return {
        "fine": make_server(now=now, instance_id="ins-fine"),
        "payg": make_server(now=now, instance_id="ins-payg", billing_mode=BillingMode.PAY_AS_YOU_GO),
        "hk": make_server(now=now, instance_id="ins-hk", region_code="ap-hongkong"),
        "gone": make_server(now=now, instance_id="ins-gone", with_ip=False, state=ServerState.TERMINATED),
        "late": make_server(now=now, instance_id="ins-late", name="shop_1", expires_at=now - timedelta(days=1)),
    }


def test_what_no_server_can_have_left_hides_no_others() -> None:
    fleet()
    limit = GENERATION.policy().codes_per_server
    assert found(f"codes_left_min={limit + 1}") == []
    assert len(found(f"codes_left_min={limit}")) == 5
    assert found(f"codes_left_min={limit + 1}&count=true") == []


def test_the_newest_server_comes_first() -> None:
    fleet()
    assert found("") == ["ins-late", "ins-gone", "ins-hk", "ins-payg", "ins-fine"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("eligible=true", ["ins-fine"]),
        ("eligible=false", ["ins-late", "ins-gone", "ins-hk", "ins-payg"]),
        ("fails=not_prepaid", ["ins-payg"]),
        ("fails=not_mainland", ["ins-hk"]),
        ("fails=server_terminated", ["ins-gone"]),
        ("fails=server_expired&eligible=false", ["ins-late"]),
        ("fails=server_expired&eligible=true", []),
        ("region=ap-hongkong", ["ins-hk"]),
        ("region=ap-nowhere", []),
        ("billing_mode=pay_as_you_go", ["ins-payg"]),
        ("state=terminated", ["ins-gone"]),
        ("search=ins-hk", ["ins-hk"]),
        ("search=ins-h", []),
        ("search=shop_", ["ins-late"]),
        ("search=shop%25", []),
        ("search=op_1", []),
        ("account=nobody", []),
    ],
)
def test_a_list_holds_what_its_filters_mean(query: str, names: list[str]) -> None:
    fleet()
    assert found(query) == names


def test_filters_by_account_and_expiry() -> None:
    servers = fleet()
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found(f"account={servers['hk'].account.uid}") == ["ins-hk"]
    assert found(f"search={servers['hk'].account.uid}") == ["ins-hk"]
    assert found(f"expires_before={now}") == ["ins-late"]


def test_servers_with_as_many_codes_left_are_found() -> None:
    full, fresh = (make_server(now=timezone.now()) for _ in range(2))
    for _ in range(5):
        make_code(full, now=timezone.now())
    assert set(found("codes_left_min=0")) == {full.instance_id, fresh.instance_id}
    assert found("codes_left_min=1") == [fresh.instance_id]
    assert found("codes_left_min=5&eligible=true") == [fresh.instance_id]
    assert found("codes_left_min=6") == []


def test_search_leads_from_ips_codes_and_filings_to_their_servers() -> None:
    now = timezone.now()
    server = make_server(now=now)
    issued = make_issued(server, now=now)
    filing = make_filing(issued, now=now, domain="shop.example.cn")
    terms = [issued.code.ip.address, issued.code.tail, issued.code.tail.lower(), filing.order_number, "Shop.Example.CN"]
    make_ip(server, now=now, address="2001:db8::1", kind=IPKind.ELASTIC)
    assert [found(f"search={term}") for term in [*terms, "2001:DB8::0:1"]] == [[server.instance_id]] * 6
    assert [found(f"search={term}", Scope.INVENTORY_WRITE) for term in terms] == [[server.instance_id]] + [[]] * 4


@pytest.mark.parametrize(
    "query",
    [
        "state=foo", "state=RUNNING", "billing_mode=free", "eligible=yes", "eligible=True", "eligible=1",
        "fails=code_used", "fails=everything", "codes_left_min=-1", "codes_left_min=1.5", "codes_left_min=1e1",
        "codes_left_min=５", "codes_left_min=%2B1", "codes_left_min=9999999", "expires_before=yesterday",
        "expires_before=2026-01-31", "limit=0", "limit=201", "cursor=cut", "colour=red", "state=", "search=",
        "region=a%00b", "region=a%20b", "region=-", "codes_left_min=%20", "expires_before=%20", "account=a%20b",
        "state=running&state=stopped", "ordering=name", "count=maybe",
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_right_is_refused(query: str) -> None:
    assert [name for name, _code in fields(Caller(Scope.CODES_READ).get(f"servers/?{query}"))] == [query.split("=")[0]]


NAME = "Give 1 to 64 letters, digits, dots, hyphens or underscores"
UID = "Give 1 to 32 letters, digits, dots, hyphens or underscores."


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("servers/?account=a%20b", UID),
        ("servers/?region=-", "Give the code of a region, such as ap-guangzhou."),
        ("servers/?region=a%00b", "Give at most 200 printable characters."),
        ("servers/?search=%20", "Give a value, or leave the parameter out."),
        ("servers/?limit=", "Give a value, or leave the parameter out."),
        ("codes/?account=%23", UID),
        ("codes/?authorized_account=a%2Fb", UID),
        ("codes/?server=ins%201", f"{NAME}."),
        ("codes/?filing=%E5%8D%95", f"{NAME}, and not dots alone."),
        ("codes/?ip=119.***.***.51", "Give an IPv4 or IPv6 address, such as 203.0.113.7."),
    ],
)
def test_a_value_that_cannot_be_right_is_told_what_would_be(query: str, right: str) -> None:
    name = query.partition("?")[2].partition("=")[0]
    answer = Caller(Scope.CODES_READ).get(query)
    assert answer[1]["errors"] == [{"field": name, "code": "invalid", "detail": right}]


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("events/?cursor=x", "There is no such parameter. The parameters are: after, limit."),
        ("codes/?owner=x", "There is no such parameter. The parameters are: account, authorized_account, count, "
         "cursor, expires_before, filing, generated_after, ip, limit, search, server, state."),
        ("codes/1/?x=1", "This address takes no parameters."),
    ],
)  # fmt: skip
def test_an_unknown_parameter_is_told_which_there_are(query: str, known: str) -> None:
    name = query.partition("?")[2].partition("=")[0]
    answer = Caller(Scope.CODES_READ).get(query)
    assert answer[1]["errors"] == [{"field": name, "code": "unknown", "detail": known}]


def test_pages_keep_their_filters_and_are_stable(django_assert_num_queries: Any) -> None:
    caller = Caller(Scope.CODES_READ)
    names = [make_server(now=timezone.now(), instance_id=f"ins-{n}").instance_id for n in range(5)]
    make_server(now=timezone.now(), region_code="ap-hongkong")
    first = caller.get("servers/?eligible=true&limit=2&count=true")[1]
    make_server(now=timezone.now())
    second = caller.get(first["next"])[1]
    third = caller.get(second["next"])[1]
    pages = [[row["instance_id"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [names[:2:-1], names[2:0:-1], names[:1]]
    assert (first["count"], first["previous"], third["next"]) == (5, None, None)
    assert caller.get(third["previous"])[1]["results"] == second["results"]


@pytest.mark.parametrize("query", ["", "?eligible=true", "?fails=not_prepaid&codes_left_min=0"])
def test_a_list_costs_the_same_for_one_and_for_a_hundred(query: str, django_assert_num_queries: Any) -> None:
    now = timezone.now()
    account, caller = make_account(), Caller(Scope.CODES_READ)
    for _ in range(100):
        make_server(now=now, account=account)
    make_server(now=now, account=account, billing_mode=BillingMode.SPOT)
    caller.get("servers/")
    with django_assert_num_queries(_authentication() + 2):
        caller.get(f"servers/{query}" + ("&" if query else "?") + "limit=100")


def _authentication() -> int:
    from django.db import connection

    return 1 if connection.vendor == "postgresql" else 2


# Reports


def test_a_report_says_everything_in_the_faqs_order() -> None:
    now = timezone.now()
    server = make_server(now=now, prepaid_months=2)
    status, report = Caller(Scope.INVENTORY_WRITE).get(f"servers/{server.instance_id}/eligibility/")
    assert status == 200
    assert (report["instance_id"], report["eligible"], report["notes"]) == (server.instance_id, False, [])
    assert report["codes"] == {"generated": 0, "limit": 5, "left": 5}
    assert [rule["code"] for rule in report["rules"]] == [
        "not_prepaid", "prepaid_term_too_short", "not_mainland", "region_unknown", "public_ip_not_assigned",
        "no_live_public_ip", "elastic_ip", "code_limit_reached", "clb_ip", "server_expired", "server_isolated",
        "server_terminated",
    ]  # fmt: skip
    [failed] = [rule for rule in report["rules"] if not rule["passed"]]
    assert (failed["code"], failed["faq"], failed["found"]) == ("prepaid_term_too_short", "4.1", "2 months")
    assert set(failed) == {"code", "faq", "passed", "title", "found", "explanation", "remedy"}


def test_hong_kong_is_noted() -> None:
    server = make_server(now=timezone.now(), region_code="ap-hongkong")
    report = Caller(Scope.CODES_READ).get(f"servers/{server.instance_id}/eligibility/")[1]
    assert report["notes"] == ["filing_not_required"]


def test_the_outcome_is_of_the_whole_account() -> None:
    now, account, caller = timezone.now(), make_account(), Caller(Scope.CODES_READ)
    path = f"accounts/{account.uid}/eligibility/"
    assert caller.get(path)[1] == {"next": None, "previous": None, "outcome": "no_server", "servers": []}
    bad = make_server(now=now, account=account, billing_mode=BillingMode.SPOT)
    assert caller.get(path)[1]["outcome"] == "no_associated_cvm"
    good = make_server(now=now, account=account)
    make_server(now=now, account=account, state=ServerState.ISOLATED)
    first = caller.get(f"{path}?limit=1")[1]
    assert (first["outcome"], first["servers"][0]["eligible"]) == ("eligible", False)
    second = caller.get(first["next"])[1]
    assert [report["instance_id"] for report in second["servers"]] == [good.instance_id]
    third = caller.get(second["next"])[1]
    assert (third["next"], third["outcome"]) == (None, "eligible")
    assert [report["instance_id"] for report in third["servers"]] == [bad.instance_id]


def test_the_report_of_an_account_equals_those_of_its_servers() -> None:
    now, account, caller = timezone.now(), make_account(), Caller(Scope.CODES_READ)
    servers = [make_server(now=now, account=account, prepaid_months=n) for n in range(4)]
    reports = caller.get(f"accounts/{account.uid}/eligibility/")[1]["servers"]
    assert reports == [caller.get(f"servers/{server.instance_id}/eligibility/")[1] for server in reversed(servers)]


def test_a_hundred_reports_are_one_query_that_may_tell_the_outcome_too(django_assert_num_queries: Any) -> None:
    now, account, caller = timezone.now(), make_account(), Caller(Scope.CODES_READ)
    for _ in range(100):
        make_server(now=now, account=account, prepaid_months=2)
    path = f"accounts/{account.uid}/eligibility/?limit=100"
    caller.get(path)
    with django_assert_num_queries(_authentication() + 3):  # the account, the page, its outcome
        body = caller.get(path)[1]
    assert (len(body["servers"]), body["outcome"]) == (100, "no_associated_cvm")
    make_server(now=now, account=account)
    with django_assert_num_queries(_authentication() + 2):
        assert caller.get(path)[1]["outcome"] == "eligible"


def test_an_account_counts_its_servers_and_codes_by_shown_state() -> None:
    now, account = timezone.now(), make_account()
    server = make_server(now=now, account=account)
    make_code(server, now=now)
    make_filing(make_issued(server, now=now), now=now)
    body = Caller(Scope.CODES_READ).get(f"accounts/{account.uid}/")[1]
    assert (body["servers"], body["codes"]["unused"], body["codes"]["in_use"]) == (1, 1, 1)
    server.billing_mode = BillingMode.SPOT
    server.save()
    body = Caller(Scope.CODES_READ).get(f"accounts/{account.uid}/")[1]
    assert (body["codes"]["invalid"], body["codes"]["unused"]) == (2, 0)


def test_texts_follow_the_language() -> None:
    server = make_server(now=timezone.now())
    path = f"servers/{server.instance_id}/eligibility/"
    english = Caller(Scope.CODES_READ).get(path, **{"Accept-Language": "en"})[1]
    assert english["rules"][0]["title"] == str(GENERATION.rules[0].title)
