"""Lists whose rows have to be judged one by one: counted less far, and given up when that takes long."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from codes.admin.changelist import COUNT_UP_TO, JUDGED_UP_TO
from codes.admin.codes import CodeAdmin
from codes.admin.columns import list_url
from codes.models import AuthorizationCode, CodeEvent, Filing
from servers.choices import Jurisdiction, ServerState
from servers.models import IPAddress, Region, Server
from tests import factories
from tests.codes.desk import signed_in
from tests.codes.test_large_accounts import make_fleet

pytestmark = pytest.mark.django_db


def make_servers(number: int) -> None:
    account = factories.make_account()
    for _ in range(number):
        factories.make_server(account=account)


def counting(model, **filters) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert signed_in().get(list_url(model, **filters)).status_code == 200
    return [query["sql"] for query in queries if "COUNT(*)" in query["sql"] and model._meta.db_table in query["sql"]]


def test_a_page_that_is_not_full_needs_no_count():
    make_servers(3)
    assert counting(Server) == []
    page = signed_in().get(list_url(Server)).content.decode()
    assert "1 to 3 of 3" in page


def test_a_list_by_verdict_counts_less_far_than_a_list_by_a_column():
    make_fleet(factories.make_account(), JUDGED_UP_TO + 1)
    _all, can = counting(Server, eligible="true")
    assert f"LIMIT {JUDGED_UP_TO + 1}" in can
    assert f"LIMIT {COUNT_UP_TO + 1}" in counting(Server, state="running")[0]


@pytest.mark.usefixtures("counted")
def test_rows_beyond_the_count_are_said_to_be_more():
    account, client = factories.make_account(), signed_in()
    make_fleet(account, JUDGED_UP_TO)
    page = client.get(list_url(Server, eligible="true")).content.decode()
    assert "1 to 50 of 1,000" in page and "CSV, 1,000 rows" in page and "Select all 1000" in page
    factories.make_server(account=account)
    page = client.get(list_url(Server, eligible="true")).content.decode()
    assert "1 to 50 of more than 1,000" in page and "CSV, over 1,000 rows" in page
    assert "All that match are selected" in page and "Select all 100" not in page
    last = client.get(list_url(Server, eligible="true", p=22), follow=True)
    assert last.context["cl"].range_label == "1,001 to 1,001 of more than 1,000"


@pytest.mark.usefixtures("counted")
def test_a_tab_that_was_counted_tells_how_many_rows_it_has():
    make_fleet(factories.make_account(), 51)
    factories.make_server(state=ServerState.TERMINATED, with_ip=False)
    assert len(counting(Server, eligible="true")) == 1  # of all; the tabs by another statement
    assert "1 to 50 of 51" in signed_in().get(list_url(Server, eligible="true")).content.decode()


def test_a_page_beyond_the_count_is_not_read():
    make_servers(1)
    with CaptureQueriesContext(connection) as queries:
        answer = signed_in().get(list_url(Server, eligible="true", p=JUDGED_UP_TO))
    assert answer.status_code == 302 and not any("OFFSET" in query["sql"] for query in queries)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no limit for a statement")
def test_a_list_that_takes_long_asks_whether_to_search_everything():
    make_servers(1)
    client = signed_in()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE servers_ipaddress RENAME TO quick")
        cursor.execute("CREATE VIEW servers_ipaddress AS SELECT * FROM quick WHERE pg_sleep(1.2) IS NOT NULL")
    page = client.get(list_url(Server, fails="clb_ip")).content.decode()
    assert "Nothing was found within 1 s" in page and "wait=1" in page
    assert "<span>0</span>" not in page  # nobody knows how many there are behind the tabs
    page = client.get(list_url(Server, fails="clb_ip", p=2)).content.decode()
    assert "Nothing was found within 1 s" in page  # nor whether there is such a page
    page = client.get(list_url(Server, fails="clb_ip", wait="1")).content.decode()
    assert "Nothing matches." in page


def test_only_offered_columns_are_sorted_by():
    make_servers(2)
    kind = 1 + 1  # after the box to select rows and the address
    with CaptureQueriesContext(connection) as queries:
        signed_in().get(list_url(IPAddress, o=kind))
    assert not any('ORDER BY "servers_ipaddress"."kind"' in query["sql"] for query in queries)


def test_long_holds_stand_the_longest_first():
    now = timezone.now()
    for days in (50, 60, 55):
        began = now - timedelta(days=days)
        factories.make_filing(now=began, order_number=f"BA{days}")
    page = signed_in().get(list_url(Filing, held="long")).content.decode()
    assert page.index("Sorted by hold, longest first") < page.index("BA60") < page.index("BA55") < page.index("BA50")
    page = signed_in().get(list_url(Filing, held="long", o=1)).content.decode()  # unless a column is chosen
    assert page.index("BA50") < page.index("BA55") < page.index("BA60") and "Sorted by" not in page
    page = signed_in().get(list_url(Filing)).content.decode()  # else the newest first
    assert page.index("BA55") < page.index("BA60") < page.index("BA50")


def test_servers_that_expire_soon_stand_the_soonest_first():
    now = timezone.now()
    late, first, second = (factories.make_server(now=now, expires_at=now + timedelta(days=days)) for days in (6, 1, 3))
    client = signed_in()
    page = client.get(list_url(Server, expires_within="7"))
    assert list(page.context["cl"].result_list) == [first, second, late]
    assert "Sorted by expiry, soonest first" in page.content.decode()
    assert "Sorted by" not in client.get(list_url(Server, expires_within="7", region="ap-beijing")).content.decode()
    page = client.get(list_url(Server, expires_within="7", o="-6"))  # unless a column is chosen
    assert list(page.context["cl"].result_list) == [late, second, first]
    assert "Sorted by" not in page.content.decode()


def test_codes_that_expire_soon_stand_the_soonest_first_by_server_or_ip(monkeypatch: pytest.MonkeyPatch):
    now, made = timezone.now(), []
    for server, ip in ((6, 2), (4, None), (3, 5), (20, 1), (6, 9)):  # days
        code = factories.make_code(factories.make_server(now=now, expires_at=now + timedelta(days=server)), now=now)
        IPAddress.objects.filter(pk=code.ip_id).update(expires_at=ip and now + timedelta(days=ip))
        made.append(code)
    by_ip, fourth, third, first, last = made
    monkeypatch.setattr(CodeAdmin, "list_per_page", 2)
    pages = [signed_in().get(list_url(AuthorizationCode, expires_within="7", p=page)) for page in (1, 2, 3)]
    assert [code for page in pages for code in page.context["cl"].result_list] == [first, by_ip, third, fourth, last]
    assert "Sorted by expiry, soonest first" in pages[0].content.decode()
    rows = b"".join(signed_in().get(f"{list_url(AuthorizationCode)}csv/?expires_within=7")).decode()
    assert sorted(made, key=lambda code: rows.index(code.masked)) == [first, by_ip, third, fourth, last]


def test_an_account_or_a_server_that_nobody_knows_has_no_rows():
    factories.make_filing()
    for model in (AuthorizationCode, Filing, CodeEvent):
        assert "Nothing matches." in signed_in().get(list_url(model, account="999")).content.decode()
    assert "Nothing matches." in signed_in().get(list_url(CodeEvent, server="ins-none")).content.decode()


def test_events_of_an_order_are_found_through_its_filings():
    factories.make_filing(order_number="BA-1")
    factories.make_filing(order_number="BA-2")
    page = signed_in().get(list_url(CodeEvent, order_number="BA-1")).content.decode()
    assert "1 to 1 of 1" in page


def test_filters_that_contradict_each_other_read_no_rows():
    factories.make_server(state=ServerState.TERMINATED, with_ip=False)
    for filters in (
        {"eligible": "true", "state": "terminated"},
        {"eligible": "true", "fails": "clb_ip"},
        {"eligible": "false", "state": "terminated"},
        {"eligible": "terminated", "state": "running"},
        {"eligible": "terminated", "fails": "not_prepaid"},
    ):
        with CaptureQueriesContext(connection) as queries:
            assert "Nothing matches." in signed_in().get(list_url(Server, **filters)).content.decode()
        assert not any("LIMIT 51" in query["sql"] for query in queries), filters
    for filters in ({"eligible": "terminated", "state": "terminated"}, {"fails": "server_terminated"}):
        assert "1 to 1 of 1" in signed_in().get(list_url(Server, **filters)).content.decode()


@pytest.mark.parametrize("model", [Server, AuthorizationCode, Filing, CodeEvent, IPAddress])
@pytest.mark.parametrize("role", ["Agent", "Supervisor"])
def test_a_list_takes_eight_statements_beside_its_tabs_and_counts(model, role):
    factories.make_filing()
    client = Client()
    client.force_login(factories.make_agent(role=role))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(list_url(model)).status_code == 200
    assert len([query for query in queries if "COUNT(" not in query["sql"]]) <= 8 - 1, queries.captured_queries


def test_a_refusal_by_region_that_no_region_gives_reads_no_servers():
    server = factories.make_server(region_code="ap-hongkong")
    with CaptureQueriesContext(connection) as queries:
        assert "Nothing matches." in signed_in().get(list_url(Server, fails="region_unknown")).content.decode()
    assert not any("LIMIT 51" in query["sql"] for query in queries)
    assert "1 to 1 of 1" in signed_in().get(list_url(Server, fails="not_mainland")).content.decode()
    Region.objects.filter(pk=server.region_id).update(jurisdiction=Jurisdiction.UNCLASSIFIED)
    for filters in ({}, {"account": server.account.uid}):
        page = signed_in().get(list_url(Server, fails="region_unknown", **filters)).content.decode()
        assert "1 to 1 of 1" in page
    assert "Nothing matches." in signed_in().get(list_url(Server, fails="not_mainland")).content.decode()


def test_servers_stand_in_the_order_of_their_names():
    for name in ("b", "a", "B", "备"):
        factories.make_server(name=name)
    for order, names in (("2", ["B", "a", "b", "备"]), ("-2", ["备", "b", "a", "B"])):
        page = signed_in().get(list_url(Server, o=order))
        assert [server.name for server in page.context["cl"].result_list] == names
