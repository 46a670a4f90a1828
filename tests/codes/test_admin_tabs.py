"""The counts on a list's tabs: of the rows that the other filters leave, by one statement, no further than helps."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from codes.admin.changelist import JUDGED_UP_TO, tab_counts
from codes.admin.columns import list_url
from codes.models import AuthorizationCode, Filing
from codes.standing import with_standing
from servers.choices import BillingMode, ServerState
from servers.models import Server
from tests import factories
from tests.codes.desk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counted")]


def tabs(client: Client, model, **filters) -> dict[str, str]:
    page = client.get(list_url(model, **filters)).content.decode()
    nav = re.search(r'<nav class="tabs".*?</nav>', page, re.S)
    assert nav
    found = re.findall(r"<a [^>]*>([^<]+?)(?: <span>([^<]*)</span>)?</a>", nav.group())
    return {name.strip(): count for name, count in found}


def make_codes() -> tuple:
    now = timezone.now()
    account = factories.make_account()
    first, second = (factories.make_server(now=now, account=account) for _ in range(2))
    factories.make_filing(factories.make_issued(first, now=now), now=now)
    factories.make_code(first, now=now)
    factories.make_code(second, now=now)
    first.expires_at = now - timedelta(days=1)
    first.save()
    return account, first, second


def test_tabs_count_the_shown_states():
    make_codes()
    counts = tabs(signed_in(), AuthorizationCode)
    assert counts == {
        "All": "3",
        "Unused": "1",
        "In use": "0",
        "Used": "0",
        "Expired": "2",
        "Invalid": "0",
        "Withdrawn": "0",
    }


def test_counts_follow_the_other_filters_and_not_the_tab_itself():
    _account, first, _second = make_codes()
    for state in ({}, {"state": "expired"}, {"state": "unused"}):
        counts = tabs(signed_in(), AuthorizationCode, server=first.instance_id, **state)
        assert (counts["All"], counts["Expired"], counts["Unused"]) == ("2", "2", "0")


def test_filings_are_counted_by_their_state():
    factories.make_filing()
    assert tabs(signed_in(), Filing) == {"All": "1", "Active": "1", "Rejected": "0", "Completed": "0", "Abandoned": "0"}


def test_all_tabs_cost_one_statement_that_reads_no_more_than_the_limit():
    make_codes()
    client = signed_in()
    with CaptureQueriesContext(connection) as queries:
        tabs(client, AuthorizationCode)
    counting = [query["sql"] for query in queries if '"tab"' in query["sql"]]
    assert len(counting) == 1 and f"LIMIT {JUDGED_UP_TO + 1}" in counting[0]


def test_beyond_the_limit_only_the_whole_is_said():
    make_codes()
    codes = AuthorizationCode.objects.all()
    assert tab_counts(codes, F("state"), ["unused", "in_use"], whole=None, up_to=3) == [3, 2, 1]
    assert tab_counts(codes, F("state"), ["unused", "in_use"], whole=None, up_to=2) == [3, None, None]
    assert tab_counts(codes, F("state"), ["unused", "in_use"], whole=10_001, up_to=2) == [10_001, None, None]


def make_servers() -> tuple:
    """Of one account: two that can, and one of each other kind; of another account one that can."""
    now, account = timezone.now(), factories.make_account()
    made = [
        factories.make_server(now=now, account=account, **facts)
        for facts in (
            {},
            {"expires_at": now + timedelta(days=5)},
            {"billing_mode": BillingMode.PAY_AS_YOU_GO},
            {"region_code": "ap-hongkong"},
            {"state": ServerState.TERMINATED},
        )
    ]
    factories.make_server(now=now)
    return account, made


def test_servers_are_counted_by_how_they_stand_to_generating():
    account, _made = make_servers()
    counts = {"All": "6", "Can generate": "3", "Cannot generate": "1", "No filing needed": "1", "Terminated": "1"}
    assert tabs(signed_in(), Server) == counts
    of_account = {**counts, "All": "5", "Can generate": "2"}
    for tab in ({}, {"eligible": "true"}, {"eligible": "terminated"}):
        assert tabs(signed_in(), Server, account=account.uid, **tab) == of_account


def test_each_tab_of_servers_lists_what_it_counts():
    account, made = make_servers()
    client, listed = signed_in(), {}
    for tab in ("true", "false", "not_required", "terminated"):
        rows = client.get(list_url(Server, account=account.uid, eligible=tab)).context["cl"].result_list
        listed[tab] = {server.pk for server in rows}
    able, soon, hourly, hong_kong, gone = (server.pk for server in made)
    assert listed == {"true": {able, soon}, "false": {hourly}, "not_required": {hong_kong}, "terminated": {gone}}
    soon_only = client.get(list_url(Server, expires_within="7")).context["cl"].result_list
    assert [server.pk for server in soon_only] == [soon]


def test_more_servers_than_a_page_may_judge_are_only_numbered():
    make_servers()
    servers = with_standing(Server.objects.all(), now=timezone.now())
    with CaptureQueriesContext(connection) as queries:
        counts = tab_counts(servers, F("standing"), ["1", "2"], whole=None, up_to=5)
    assert counts == [6, None, None] and not [query for query in queries if "standing" in query["sql"]]
    assert tab_counts(servers, F("standing"), ["1", "2"], whole=None, up_to=6) == [6, 2, 1]
