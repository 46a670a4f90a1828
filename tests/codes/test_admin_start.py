"""The start page: numbers that lead into their lists, columns a day, the age of the feeds, at a constant cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from codes import services
from codes.admin.charts import DAYS, days_context
from codes.admin.columns import list_url, page_url
from codes.choices import BulkAction
from codes.errors import NotEligible
from codes.models import BulkRun, CodeEvent
from servers.choices import BillingMode, FeedKind, Jurisdiction
from servers.inventory.facts import Tally
from servers.inventory.runs import record_import
from tests import factories
from tests.codes.desk import signed_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def start(client: Client, **headers: str) -> Any:
    page = client.get(reverse("admin:index"), headers=headers)
    assert page.status_code == 200
    return page


def number(page: Any, label: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in page.context["numbers"] if each["label"].startswith(label))
    return found


def refuse(*, now: datetime) -> None:
    with pytest.raises(NotEligible):
        factories.make_issued(factories.make_server(now=now, billing_mode=BillingMode.SPOT), now=now)


def test_holds_are_counted_with_the_oldest() -> None:
    now, client = timezone.now(), signed_in()
    for days in (50, 83, 10):
        begun = now - timedelta(days=days)
        factories.make_filing(factories.make_issued(now=begun), now=begun, order_number=f"order-{days}")
    holds = number(start(client), "Filing holds")
    assert (holds["number"], holds["line"]) == ("2", "Oldest: 83 days, order order-83")
    assert len(client.get(holds["url"]).context["cl"].result_list) == 2


def test_expiring_codes_are_counted_with_those_in_an_open_filing() -> None:
    now, client = timezone.now(), signed_in()
    server = factories.make_server(now=now, expires_at=now + timedelta(days=3))
    factories.make_filing(factories.make_issued(server, now=now), now=now)
    factories.make_code(server, now=now)
    factories.make_code(now=now)
    near = number(start(client), "Codes expire")
    assert (near["number"], near["line"]) == ("2", "1 of them in an open filing")
    assert len(client.get(near["url"]).context["cl"].result_list) == 2


@pytest.mark.parametrize(("server_days", "ip_days", "counted"), [(99, 3, "1"), (3, 3, "1"), (3, 99, "1"), (99, 8, "0")])
def test_a_code_expires_with_its_server_or_its_ip_and_is_counted_once(
    server_days: int, ip_days: int, counted: str
) -> None:
    now = timezone.now()
    server = factories.make_server(now=now, with_ip=False, expires_at=now + timedelta(days=server_days))
    factories.make_ip(server, now=now, expires_at=now + timedelta(days=ip_days))
    factories.make_code(server, now=now)
    assert number(start(signed_in()), "Codes expire")["number"] == counted


def test_regions_that_nobody_has_classified_are_counted() -> None:
    client = signed_in()
    labels = [each["label"] for each in start(client).context["numbers"]]
    assert labels == ["Open support requests", "Filing holds over 45 days", "Codes expire this week"]
    region = factories.make_region(jurisdiction=Jurisdiction.UNCLASSIFIED)
    new = number(start(client), "Regions not classified")
    assert new["number"] == "1"
    assert [row.pk for row in client.get(new["url"]).context["cl"].result_list] == [region.pk]


def test_the_queue_is_the_first_number_with_who_has_waited_longest() -> None:
    now, client = timezone.now(), signed_in()
    assert number(start(client), "Open support requests")["line"] == "Nobody waits"
    for hours in (2, 30):
        factories.make_request(now=now - timedelta(hours=hours))
    first = start(client).context["numbers"][0]
    assert (first["label"], first["number"], first["line"]) == (
        "Open support requests", "2", "The oldest waits 1\xa0day, 6\xa0hours",
    )  # fmt: skip


def test_unfinished_runs_of_ones_own_lead_to_the_one_or_to_their_list() -> None:
    now, agent = timezone.now(), factories.make_agent()
    client, label = signed_in(agent), "Your unfinished bulk runs"
    runs = [services.plan_run(BulkAction.GENERATE, [factories.make_server().pk], actor=agent, now=now) for _ in "ab"]
    assert label not in [each["label"] for each in start(client).context["numbers"]]
    services.confirm_run(runs[0], texts={}, now=now)
    assert number(start(client), label)["url"] == page_url(runs[0])
    services.confirm_run(runs[1], texts={}, now=now)
    both = number(start(client), label)
    assert (both["number"], both["url"]) == ("2", list_url(BulkRun, stage="unfinished"))
    assert label not in [each["label"] for each in start(signed_in()).context["numbers"]]


def test_columns_count_by_the_days_of_shanghai() -> None:
    midnight = datetime(2026, 11, 22, 16, tzinfo=UTC)  # 23 November begins in Shanghai
    for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=1)):
        factories.make_code(now=at)
    refuse(now=midnight)
    factories.make_code(now=midnight - timedelta(days=DAYS))
    days = days_context(NOW)["days"]
    assert [day.generated.number for day in days] == [0] * (DAYS - 2) + [1, 2]
    assert [day.refused.number for day in days] == [0] * (DAYS - 1) + [1]
    assert (days[-1].label, days[-2].label, days[0].label) == ("today", "22", "10")
    assert (days[-1].generated.height, days[-2].generated.height) == (136, 68)


def test_no_column_leaves_the_picture() -> None:
    chart = days_context(NOW)
    assert len(chart["days"]) == DAYS and {day.generated.height for day in chart["days"]} == {0}
    assert all(day.refused.x + 13 <= chart["width"] for day in chart["days"])
    assert chart["days"][-1].x + 20 <= chart["width"], "half of today's name, in the large letters of a phone"
    assert [tick["label"] for tick in chart["ticks"]] == [0, 1, 2]


def test_a_column_leads_to_the_events_of_its_day_and_a_reason_to_those_of_the_week() -> None:
    now, client = timezone.now(), signed_in()
    refuse(now=now)
    refuse(now=now - timedelta(days=9))
    page = start(client)
    (reason,) = page.context["refusals"]
    for url in (reason["url"], page.context["chart"]["days"][-1].refused.url):
        assert [event.at for event in client.get(url).context["cl"].result_list] == [now]


def test_reasons_stand_by_how_often_they_refused_as_bars_of_the_most_frequent() -> None:
    now, client = timezone.now(), signed_in()
    refuse(now=now)
    for _ in range(3):
        with pytest.raises(NotEligible):
            factories.make_issued(factories.make_server(now=now, public_ip_assigned=False), now=now)
    factories.make_code(now=now)
    refuse(now=now - timedelta(days=8))
    page = start(client)
    rows = [(row["reason"], row["number"], row["width"]) for row in page.context["refusals"]]
    assert rows == [("Public IP not assigned at purchase", 3, 100), ("Not prepaid", 1, 33)]
    assert page.context["refused_count"] == 4
    assert len(client.get(page.context["refusals"][1]["url"]).context["cl"].result_list) == 1


def test_a_refusal_is_named_by_what_was_wrong_and_not_by_what_should_hold() -> None:
    client = signed_in()
    refuse(now=timezone.now())
    event = CodeEvent.objects.get(type="generation_refused")
    (row,) = start(client).context["refusals"]
    assert row["reason"] == "Not prepaid"
    for url in (row["url"], page_url(event), page_url(event.account)):
        html = client.get(url).content.decode()
        assert "Not prepaid" in html and "Billing mode is prepaid" not in html


@pytest.mark.parametrize("when", ["2026-02-30", "x", "9999-12-31", "0001-01-01", "8d"])
def test_a_day_that_cannot_be_is_said_and_breaks_nothing(when: str) -> None:
    answer = signed_in().get(list_url(CodeEvent, when=when), follow=True)
    assert answer.status_code == 200 and "was not understood: this filter is left out." in answer.content.decode()


def test_feeds_are_shown_with_their_age_and_a_late_one_is_a_number(settings: Any) -> None:
    now, client = timezone.now(), signed_in()
    for minutes in (5, 200):
        account = factories.make_account(uid=f"10000000{minutes}")
        for before in (600, 0):
            at = now - timedelta(minutes=minutes + before)
            record_import(Tally(created=1), account=account, kind=FeedKind.IMPORT, actor="system", now=at)
    assert [run.account.uid for run in start(client).context["feeds"]] == ["100000005", "10000000200"]
    settings.FEED_LATE_AFTER = 60
    page = start(client)
    late = number(page, "Feeds are late")
    assert (late["number"], late["line"]) == ("1", "Account 10000000200: newest facts 3 hours ago")
    assert [run.account.uid for run in page.context["feeds"]] == ["10000000200", "100000005"]
    assert [run.account.uid for run in client.get(late["url"]).context["cl"].result_list] == ["10000000200"]


def test_late_feeds_come_first_the_latest_of_all_on_top_and_each_account_once(settings: Any) -> None:
    settings.FEED_LATE_AFTER = 60
    now = timezone.now()
    for hours, uid in ((2, "1"), (9, "2"), (4, "3"), (0, "4"), (0, "5"), (0, "6")):
        account = factories.make_account(uid=uid)
        for more in (24, 0):
            at = now - timedelta(hours=hours + more, seconds=int(uid))
            record_import(Tally(), account=account, kind=FeedKind.IMPORT, actor="system", now=at)
    page = start(signed_in())
    assert [run.account.uid for run in page.context["feeds"]] == ["2", "3", "1", "4", "5"]
    assert number(page, "Feeds are late")["is_warning"]


@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_role_sees_it_in_each_language(role: str, language: str) -> None:
    refuse(now=timezone.now())
    html = start(signed_in(role), accept_language=language).content.decode()
    assert html.count('class="bar-outline"') == 2 and " style=" not in html
    assert ("What needs you now" if language == "en" else "待您处理") in html


def test_staff_without_a_role_see_none_of_it() -> None:
    nobody = Client()
    nobody.force_login(factories.make_user(is_staff=True))
    context = start(nobody).context
    assert (context["numbers"], context["chart"], context["feeds"]) == ([], None, None)


def test_it_costs_the_same_for_a_few_and_for_many_and_counts_no_table(settings: Any) -> None:
    settings.FEED_LATE_AFTER = 1
    now, client, counts = timezone.now(), signed_in(), []
    for more in (6, 12):
        for _ in range(more):
            begun = now - timedelta(days=60)
            filing = factories.make_filing(factories.make_issued(now=begun), now=begun)
            refuse(now=now)
            account = filing.code.server.account
            record_import(Tally(), account=account, kind=FeedKind.IMPORT, actor="system", now=begun)
        start(client)
        with CaptureQueriesContext(connection) as queries:
            start(client)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20, [query["sql"][:120] for query in queries]
    full = [sql for sql in (query["sql"] for query in queries) if "COUNT(" in sql and "WHERE" not in sql]
    assert full == []
