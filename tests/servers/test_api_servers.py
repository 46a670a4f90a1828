"""PUT and GET of accounts and servers."""

from typing import Any

import pytest

from codes.models import CodeEvent
from icpportal.api.models import Scope
from servers.models import Account, IPAddress, Server
from tests.factories import make_account
from tests.servers.calling import BODY, Caller, fields

pytestmark = pytest.mark.django_db
SHOWN = {"instance_id": "ins-a", **BODY, "prepaid_months": 15}


# Accounts


def test_an_account_is_created_then_replaced() -> None:
    feed = Caller(Scope.INVENTORY_WRITE)
    codes = {"unused": 0, "in_use": 0, "used": 0, "expired": 0, "invalid": 0, "withdrawn": 0}
    shown = {"uid": "u-1", "name": "Qingshan", "emails": ["it@example.com"], "servers": 0, "codes": codes}
    assert feed.put("accounts/u-1/", {"name": "Qingshan", "emails": ["it@example.com"]}) == (201, shown)
    assert feed.put("accounts/u-1/", {"name": "Qing"}) == (200, shown | {"name": "Qing", "emails": []})
    assert feed.get("accounts/u-1/") == (200, shown | {"name": "Qing", "emails": []})


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ("name", "required")),
        ({"name": ""}, ("name", "blank")),
        ({"name": " \u3000"}, ("name", "blank")),
        ({"name": 5}, ("name", "invalid")),
        ({"name": "x" * 201}, ("name", "max_length")),
        ({"name": "x", "emails": ["nobody"]}, ("emails.0", "invalid")),
        ({"name": "x", "emails": "a@example.com"}, ("emails", "not_a_list")),
        ({"name": "x", "phone": "1"}, ("phone", "unknown")),
    ],
)
def test_a_malformed_account_is_refused(body: Any, wrong: tuple[str, str]) -> None:
    assert fields(Caller(Scope.INVENTORY_WRITE).put("accounts/u-1/", body)) == [wrong]


VALUE = "ICP-00000-00000-00000-00000-00000"  # by its check character it could be one


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("accounts/u-1/", {"name": f"Qingshan {VALUE}"}, "name"),
        ("accounts/u-1/", {"name": "x", "emails": [f"{VALUE}@example.com"]}, "emails.0"),
        (f"accounts/{VALUE[4:]}/", {"name": "x"}, "uid"),
        ("servers/ins-a/", BODY | {"name": f"shop {VALUE}"}, "name"),
        ("servers/ins-a/", BODY | {"region": VALUE}, "region"),
        (f"servers/{VALUE}/", BODY, "instance_id"),
    ],
)
def test_no_text_of_a_feed_carries_a_value(feed: Caller, path: str, body: Any, field: str) -> None:
    assert fields(feed.put(path, body)) == [(field, "code_value")]


# PUT servers


def test_a_server_is_created_and_shown(feed: Caller) -> None:
    assert feed.put("servers/ins-a/", BODY) == (201, SHOWN)
    assert feed.get("servers/ins-a/") == (200, SHOWN)
    assert feed.put("servers/ins-a/", BODY) == (200, SHOWN)


def test_a_change_is_recorded_once_with_the_client_as_actor(feed: Caller) -> None:
    feed.put("servers/ins-a/", BODY)
    feed.put("servers/ins-a/", BODY)
    feed.put("servers/ins-a/", BODY | {"version": 18})
    feed.put("servers/ins-a/", BODY | {"version": 19, "state": "stopped"})
    events = list(CodeEvent.objects.order_by("pk"))
    assert [(event.type, event.channel) for event in events] == [("server_changed", "api")] * 2
    assert all(event.client is not None for event in events)
    assert events[1].detail == {"state": ["running", "stopped"], "version": [18, 19]}


def test_what_may_be_left_out(feed: Caller) -> None:
    body = {name: value for name, value in BODY.items() if name != "name"}
    body["ips"] = [{"address": "203.0.113.7", "kind": "elastic"}]
    status, shown = feed.put("servers/ins-a/", body)
    assert (status, shown["name"], shown["ips"]) == (
        201, "", [{"address": "203.0.113.7", "kind": "elastic", "expires_at": None}],
    )  # fmt: skip


def test_stated_months_win(feed: Caller) -> None:
    assert feed.put("servers/ins-a/", BODY | {"prepaid_months": 2})[1]["prepaid_months"] == 2


def test_times_may_be_null_unless_prepaid(feed: Caller) -> None:
    without = {"purchased_at": None, "expires_at": None}
    assert feed.put("servers/ins-a/", BODY | without | {"billing_mode": "pay_as_you_go"})[0] == 201
    assert fields(feed.put("servers/ins-b/", BODY | without)) == [
        ("purchased_at", "required"), ("expires_at", "required"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", sorted(BODY.keys() - {"name"}))
def test_every_other_field_is_required(feed: Caller, name: str) -> None:
    body = {key: value for key, value in BODY.items() if key != name}
    assert fields(feed.put("servers/ins-a/", body)) == [(name, "required")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": "nobody"}, "account"),
        ({"account": 100012345678}, "account"),
        ({"region": ""}, "region"),
        ({"region": "ap guangzhou"}, "region"),
        ({"billing_mode": "PREPAID"}, "billing_mode"),
        ({"state": None}, "state"),
        ({"purchased_at": "2026-01-31"}, "purchased_at"),
        ({"purchased_at": "2026-01-31T08:00:00"}, "purchased_at"),
        ({"purchased_at": "2026-01-31T08:00:00Z\n"}, "purchased_at"),
        ({"purchased_at": "２０２６-01-31T08:00:00Z"}, "purchased_at"),
        ({"purchased_at": "2026-W05-6T08:00:00Z"}, "purchased_at"),
        ({"purchased_at": "0001-01-01T00:00:00Z"}, "purchased_at"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "expires_at"),
        ({"expires_at": "2026-01-31T07:59:59Z"}, "expires_at"),
        ({"public_ip_assigned": "true"}, "public_ip_assigned"),
        ({"public_ip_assigned": 1}, "public_ip_assigned"),
        ({"version": -1}, "version"),
        ({"version": 2**63}, "version"),
        ({"version": "17"}, "version"),
        ({"version": 17.0}, "version"),
        ({"version": True}, "version"),
        ({"prepaid_months": -1}, "prepaid_months"),
        ({"prepaid_months": 40_000}, "prepaid_months"),
        ({"name": "x" * 201}, "name"),
        ({"ips": None}, "ips"),
        ({"ips": {}}, "ips"),
        ({"ips": ["203.0.113.7"]}, "ips.0"),
        ({"ips": [{"address": "203.0.113.256", "kind": "public"}]}, "ips.0.address"),
        ({"ips": [{"address": "119.***.***.51", "kind": "public"}]}, "ips.0.address"),
        ({"ips": [{"address": "fe80::1%eth0", "kind": "public"}]}, "ips.0.address"),
        ({"ips": [{"address": 3405803783, "kind": "public"}]}, "ips.0.address"),
        ({"ips": [{"address": "203.0.113.7", "kind": "wan"}]}, "ips.0.kind"),
        ({"ips": [{"address": "203.0.113.7"}]}, "ips.0.kind"),
        ({"ips": [{"address": "203.0.113.7", "kind": "public", "mac": "x"}]}, "ips.0.mac"),
        ({"instance_id": "ins-a"}, "instance_id"),
        ({"disk": 5}, "disk"),
    ],
)
def test_a_malformed_field_is_named(feed: Caller, change: dict[str, Any], field: str) -> None:
    assert [name for name, _code in fields(feed.put("servers/ins-a/", BODY | change))] == [field]
    assert not Server.objects.exists()


def test_the_same_address_twice_is_refused_in_any_spelling(feed: Caller) -> None:
    ips = [{"address": each, "kind": "public"} for each in ("2001:db8::1", "203.0.113.7", "2001:DB8:0::1")]
    assert fields(feed.put("servers/ins-a/", BODY | {"ips": ips})) == [("ips.2.address", "twice")]


def test_an_ipv6_address_is_shown_in_its_usual_spelling(feed: Caller) -> None:
    ips = [{"address": each, "kind": "public"} for each in ("2001:DB8:0:0:0:0:0:1", "::ffff:203.0.113.9")]
    shown = feed.put("servers/ins-a/", BODY | {"ips": ips})[1]["ips"]
    assert [ip["address"] for ip in shown] == ["2001:db8::1", "203.0.113.9"]


@pytest.mark.parametrize("given", ["2026-01-31t08:00:00z", "2026-01-31T16:00:00+08:00", "2026-01-31T08:00Z"])
def test_a_time_is_shown_in_utc(feed: Caller, given: str) -> None:
    assert feed.put("servers/ins-a/", BODY | {"purchased_at": given})[1]["purchased_at"] == "2026-01-31T08:00:00Z"


def test_the_largest_version_fits(feed: Caller) -> None:
    assert feed.put("servers/ins-a/", BODY | {"version": 2**63 - 1})[1]["version"] == 2**63 - 1


def test_an_overtaken_version_and_a_repeated_one_with_other_facts_are_refused(feed: Caller) -> None:
    feed.put("servers/ins-a/", BODY)
    status, body = feed.put("servers/ins-a/", BODY | {"version": 16})
    assert (status, body["code"], body["stored_version"]) == (409, "stale_version", 17)
    assert (body["failed"], body["notes"]) == ([], [])
    status, body = feed.put("servers/ins-a/", BODY | {"name": "x", "ips": []})
    assert (status, body["code"], body["differs"]) == (409, "version_conflict", ["ips", "name"])


def test_a_terminated_server_changes_no_more(feed: Caller) -> None:
    feed.put("servers/ins-a/", BODY)
    status, shown = feed.put("servers/ins-a/", BODY | {"version": 18, "state": "terminated"})
    assert (status, shown["state"], shown["ips"]) == (200, "terminated", [])
    assert feed.put("servers/ins-a/", BODY | {"version": 18, "state": "terminated"})[0] == 200
    status, body = feed.put("servers/ins-a/", BODY | {"version": 19})
    assert (status, body["code"], [each["code"] for each in body["failed"]]) == (
        409, "server_terminated", ["server_terminated"],
    )  # fmt: skip


def test_an_unknown_region_is_accepted(feed: Caller) -> None:
    assert feed.put("servers/ins-a/", BODY | {"region": "ap-new"})[1]["region"] == "ap-new"
    report = feed.get("servers/ins-a/eligibility/")[1]
    assert "region_unknown" in [rule["code"] for rule in report["rules"] if not rule["passed"]]


def test_a_transfer_hides_the_server_from_the_old_account(feed: Caller, account: Account) -> None:
    buyer = make_account()
    old, new = Caller(Scope.CODES_READ, account=account), Caller(Scope.CODES_READ, account=buyer)
    feed.put("servers/ins-a/", BODY)
    assert (old.get("servers/ins-a/")[0], new.get("servers/ins-a/")[0]) == (200, 404)
    feed.put("servers/ins-a/", BODY | {"version": 18, "account": buyer.uid})
    assert (old.get("servers/ins-a/")[0], new.get("servers/ins-a/")[0]) == (404, 200)
    assert list(CodeEvent.objects.order_by("pk").values_list("account__uid", flat=True)) == [
        account.uid, account.uid, buyer.uid,
    ]  # fmt: skip


def test_a_released_ip_and_an_expired_one_are_not_shown(feed: Caller) -> None:
    ips = [
        {"address": "203.0.113.7", "kind": "public", "expires_at": "2026-02-01T00:00:00Z"},
        {"address": "203.0.113.8", "kind": "public"},
    ]
    shown = feed.put("servers/ins-a/", BODY | {"ips": ips})[1]
    assert [ip["address"] for ip in shown["ips"]] == ["203.0.113.8"]
    assert IPAddress.objects.on_server().count() == 2


# Who may


@pytest.mark.parametrize("scope", [Scope.CODES_READ, Scope.CODES_GENERATE])
def test_readers_read_and_do_not_write(account: Account, scope: str) -> None:
    Caller(Scope.INVENTORY_WRITE).put("servers/ins-a/", BODY)
    reader = Caller(scope)
    for path in ("servers/", "servers/ins-a/", "servers/ins-a/eligibility/", f"accounts/{account.uid}/",
                 f"accounts/{account.uid}/eligibility/"):  # fmt: skip
        assert reader.get(path)[0] == 200
    assert reader.put("servers/ins-a/", BODY)[1]["code"] == "missing_scope"
    assert reader.put(f"accounts/{account.uid}/", {"name": "x"})[1]["code"] == "missing_scope"
    assert reader.post("inventory/tencent/", {"account": account.uid, "responses": []})[1]["code"] == "missing_scope"


def test_the_filing_platform_sees_no_servers(account: Account) -> None:
    for path in ("servers/", "servers/ins-a/", "servers/ins-a/eligibility/", f"accounts/{account.uid}/"):
        assert Caller(Scope.FILINGS_WRITE).get(path)[1]["code"] == "missing_scope"


def test_a_limited_client_lives_in_its_own_account(account: Account) -> None:
    mine = make_account()
    Caller(Scope.INVENTORY_WRITE).put("servers/ins-theirs/", BODY)
    feed = Caller(Scope.INVENTORY_WRITE, account=mine)
    for path in ("servers/ins-theirs/", "servers/ins-theirs/eligibility/", f"accounts/{account.uid}/",
                 f"accounts/{account.uid}/eligibility/"):  # fmt: skip
        assert feed.get(path)[1]["code"] == "not_found"
    assert feed.get("servers/")[1]["results"] == []
    assert feed.get("servers/?search=ins-theirs")[1]["results"] == []
    assert feed.put(f"accounts/{account.uid}/", {"name": "x"})[0] == 404
    assert feed.put("accounts/brand-new/", {"name": "x"})[0] == 404
    assert feed.put(f"accounts/{mine.uid}/", {"name": "Mine"})[0] == 200
    assert fields(feed.put("servers/ins-new/", BODY)) == [("account", "unknown")]
    assert feed.put("servers/ins-theirs/", BODY | {"account": mine.uid, "version": 18})[0] == 404
    assert feed.put("servers/ins-mine/", BODY | {"account": mine.uid, "ips": []})[0] == 201
    assert fields(feed.put("servers/ins-mine/", BODY | {"version": 18})) == [("account", "unknown")]
    assert fields(feed.post("inventory/tencent/", {"account": account.uid, "responses": []})) == [
        ("account", "unknown")
    ]
    assert feed.post("inventory/tencent/", {"account": mine.uid, "responses": []})[0] == 200
    assert Server.objects.get(instance_id="ins-theirs").account == account


@pytest.mark.parametrize(
    "path", ["servers/ins-a/", "servers/ins-a/eligibility/", "accounts/u/", "accounts/u/eligibility/"]
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert Caller().get(path)[1]["code"] == "not_found"


@pytest.mark.parametrize("path", ["servers/a%20b/", "servers/a%00b/", f"servers/{'a' * 65}/", f"accounts/{'a' * 33}/"])
def test_a_strange_name_is_an_address_that_does_not_exist(path: str) -> None:
    assert Caller().call("PUT", path, BODY)[1]["code"] == "not_found"
