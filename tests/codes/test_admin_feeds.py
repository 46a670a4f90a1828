"""Feed runs at the desk: who reads them, and when a feed is late."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from codes.admin.columns import list_url, page_url
from icpportal.api.templatetags.icp import handles_whole
from servers.choices import FeedKind
from servers.inventory.facts import Tally
from servers.inventory.runs import record_import, record_stale, record_sync
from servers.inventory.sync import Failure, Outcome
from servers.models import Account, FeedRun
from tests import factories
from tests.codes.desk import signed_in
from tests.codes.pages import text

pytestmark = pytest.mark.django_db


def run(*, minutes_ago: int, account: Account | None = None) -> FeedRun:
    now = timezone.now() - timedelta(minutes=minutes_ago)
    account = account or factories.make_account()
    return record_import(Tally(created=1), account=account, kind=FeedKind.INVENTORY, actor="client:feed", now=now)


@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_role_reads_the_runs(role: str, language: str) -> None:
    client, kept = signed_in(role), run(minutes_ago=1)
    for url in (list_url(FeedRun), page_url(kept), list_url(FeedRun, newest="late", kind="inventory")):
        assert client.get(url, headers={"accept-language": language}).status_code == 200


def test_a_run_is_told_in_chinese() -> None:
    now, account = timezone.now(), factories.make_account()
    record_import(Tally(created=1), account=account, kind=FeedKind.IMPORT, actor="system", now=now)
    page = text(signed_in().get(list_url(FeedRun), headers={"accept-language": "zh-hans"}))
    assert "操作者 读取 新建 已更新" in page
    assert " 系统 " in page and " system " not in page


def test_staff_without_a_role_and_strangers_do_not() -> None:
    nobody = Client()
    nobody.force_login(factories.make_user(is_staff=True))
    kept = run(minutes_ago=1)
    assert [nobody.get(url).status_code for url in (list_url(FeedRun), page_url(kept))] == [403, 403]
    assert Client().get(list_url(FeedRun)).status_code == 302


def test_nobody_writes_runs() -> None:
    client, kept = signed_in("Supervisor"), run(minutes_ago=1)
    assert client.post(page_url(kept), {}).status_code == 405
    assert client.get(reverse("admin:servers_feedrun_add")).status_code == 403
    assert client.post(reverse("admin:servers_feedrun_delete", args=[kept.pk]), {"post": "yes"}).status_code == 403


def badge(client: Client) -> str:
    nav = client.get(list_url(Account)).context["desk_nav"]
    return next(item["badge"] for group in nav for item in group["items"] if item["url"] == list_url(FeedRun))


def test_a_feed_is_late_when_the_newest_facts_of_its_account_are_too_old(settings) -> None:
    client, account = signed_in(), factories.make_account()
    run(minutes_ago=31)
    run(minutes_ago=90, account=account)
    assert badge(client) == ""
    settings.FEED_LATE_AFTER = 30
    assert badge(client) == "2 late"
    run(minutes_ago=29, account=account)
    assert badge(client) == "1 late"
    late = client.get(list_url(FeedRun, newest="late")).context["cl"].result_list
    assert [each.at for each in late] == [FeedRun.objects.order_by("at")[1].at]
    assert len(client.get(list_url(FeedRun, newest="true")).context["cl"].result_list) == 2


def test_the_list_costs_the_same_for_3_runs_and_for_60_but_for_counting_them(settings) -> None:
    settings.FEED_LATE_AFTER = 30
    client, counts = signed_in(), []
    for rows in (3, 60):
        while FeedRun.objects.count() < rows:
            run(minutes_ago=60)
        client.get(list_url(FeedRun))
        with CaptureQueriesContext(connection) as queries:
            client.get(list_url(FeedRun))
        counts.append(len(queries))
    assert counts[0] + 1 == counts[1] <= 10


def synced(*failures: tuple[str, str], read: tuple[str, ...] = ()) -> FeedRun:
    outcome = Outcome(read=list(read), failures=[Failure(region=r, code=c, detail="") for r, c in failures])
    return record_sync(outcome, account=factories.make_account(), actor="system", now=timezone.now())


def test_a_sync_that_failed_shows_what_was_not_read() -> None:
    client = signed_in()
    whole = synced(("", "AuthFailure.TokenFailure"))
    two = synced(("ap-shanghai", "Timeout"), ("ap-beijing", "RequestLimitExceeded"), read=("ap-guangzhou",))
    fine = synced(read=("ap-guangzhou",))
    rows = client.get(list_url(FeedRun, newest="failed")).context["cl"].result_list
    assert {run.pk for run in rows} == {whole.pk, two.pk} and fine.is_newest
    page = client.get(list_url(FeedRun)).content.decode()
    assert "Failed in 2 regions" in page and "Live sync with the provider" in page
    assert "everything: AuthFailure.TokenFailure" in client.get(page_url(whole)).content.decode()
    chinese = client.get(page_url(two), headers={"accept-language": "zh-hans"}).content.decode()
    assert "ap-beijing: RequestLimitExceeded" in chinese and "2 个地域读取失败" in chinese


def test_stale_messages_are_shown_for_the_run_and_for_the_feed() -> None:
    client, account, now = signed_in(), factories.make_account(), timezone.now()
    for hours in (2, 0, 0):
        record_stale(account=account, actor="client:feed", now=now - timedelta(hours=hours))
    imported = run(minutes_ago=1)
    rows = client.get(list_url(FeedRun, newest="stale")).context["cl"].result_list
    assert sorted(each.stale for each in rows) == [1, 2]
    page = client.get(page_url(rows[0])).content.decode()
    facts = {str(fact["label"]): str(fact["value"]) for fact in client.get(page_url(rows[0])).context["facts"]}
    assert facts["Stale messages"] in "12" and facts["Stale in all runs"] == "3"
    assert "Superseded; nothing was changed" in page
    assert "Stale messages" not in client.get(page_url(imported)).content.decode()
    chinese = client.get(page_url(rows[0]), headers={"accept-language": "zh-hans"}).content.decode()
    assert "过时消息" in chinese


def test_who_brought_the_facts_is_named_as_people_know_them():
    now = timezone.now()
    factories.make_user(username="wei", first_name="Chen", last_name="Wei")
    for actor in ("client:feed of servers", "user:chen", "user:wei", "system"):
        record_import(Tally(created=1), account=factories.make_account(), kind=FeedKind.IMPORT, actor=actor, now=now)
    page = signed_in().get(list_url(FeedRun)).content.decode()
    assert all(f">{who}<" in page for who in ("feed of servers", "chen", "Chen Wei", "System"))
    of_wei = page_url(FeedRun.objects.get(actor="user:wei"))
    assert "Who Chen Wei Read" in text(signed_in().get(of_wei))


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Import of files: 100012345678, 23 Nov 2026, 12:00"),
        ("zh-hans", "文件导入：100012345678，2026-11-23 12:00"),
    ],
)
def test_a_run_is_headed_by_what_came_in_for_whom_and_when(language: str, title: str) -> None:
    account = factories.make_account(uid="100012345678")
    kept = record_import(Tally(created=1), account=account, kind=FeedKind.IMPORT, actor="system", now=factories.NOW)
    page = signed_in(language=language).get(page_url(kept)).content.decode()
    assert f"<h1>{handles_whole(title)}</h1>" in page and title in page.split("</title>")[0]
