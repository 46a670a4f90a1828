"""Feed runs: one for an import, one an hour for a feed that puts servers, and which one tells how old the facts are."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from icpportal.api.models import ApiClient, Scope
from servers.choices import FeedKind
from servers.inventory.facts import Rejected, Tally
from servers.inventory.runs import record_import, record_put, record_stale
from servers.models import FeedRun
from tests.factories import NOW, make_account
from tests.servers.calling import BODY, Caller
from tests.servers.feeding import instance, instances

pytestmark = pytest.mark.django_db


def counts(run: FeedRun) -> tuple[int, int, int, int, int]:
    return run.read, run.created, run.updated, run.unchanged, run.rejected


def test_an_import_is_one_run_with_its_counts():
    tally = Tally(created=3, updated=2, unchanged=1, rejected=[Rejected(id="ins-x", detail="no")])
    record_import(tally, account=make_account(), kind=FeedKind.IMPORT, actor="system", now=NOW)
    run = FeedRun.objects.get()
    assert counts(run) == (7, 3, 2, 1, 1)
    assert (run.kind, run.actor, run.at, run.is_newest) == ("import", "system", NOW, True)


def test_puts_of_one_hour_are_one_run_and_cost_one_statement():
    account = make_account()
    record_put("created", account=account, actor="client:feed", now=NOW)
    with CaptureQueriesContext(connection) as queries:
        record_put("unchanged", account=account, actor="client:feed", now=NOW + timedelta(minutes=59))
    assert len(queries) == 1
    run = FeedRun.objects.get()
    assert counts(run) == (2, 1, 0, 1, 0) and run.at == NOW + timedelta(minutes=59)


@pytest.mark.parametrize("other", [{"actor": "client:b"}, {"now": NOW + timedelta(hours=1)}, {"account": True}])
def test_another_hour_client_or_account_is_another_run(other):
    account = make_account()
    first = {"account": account, "actor": "client:a", "now": NOW}
    record_put("updated", **first)
    record_put("updated", **(first | other | ({"account": make_account()} if "account" in other else {})))
    assert FeedRun.objects.count() == 2


def test_the_newest_run_of_an_account_tells_how_old_its_facts_are():
    account, other = make_account(), make_account()
    record_import(Tally(), account=other, kind=FeedKind.INVENTORY, actor="client:a", now=NOW)
    for hours in range(3):
        record_import(Tally(), account=account, kind=FeedKind.IMPORT, actor="system", now=NOW + timedelta(hours=hours))
    record_put("unchanged", account=account, actor="client:a", now=NOW + timedelta(hours=4))
    newest = FeedRun.objects.filter(is_newest=True).order_by("at")
    assert [(run.account, run.kind) for run in newest] == [(other, "inventory"), (account, "put")]


def test_what_comes_through_the_api_is_recorded_with_its_client():
    account, feed = make_account(uid=BODY["account"]), Caller(Scope.INVENTORY_WRITE)
    name = ApiClient.objects.get().name
    assert feed.put("servers/ins-a/", BODY)[0] == 201
    assert feed.put("servers/ins-a/", BODY)[0] == 200
    assert feed.put("servers/ins-a/", BODY | {"version": 1})[0] == 409
    body = {"account": account.uid, "responses": [instances(instance(), {})]}
    assert feed.post("inventory/tencent/", body)[0] == 200, body
    first, second = FeedRun.objects.order_by("pk")
    assert (first.kind, first.actor, first.account, counts(first)) == (
        "put",
        f"client:{name}",
        account,
        (3, 1, 0, 1, 0),
    )
    assert (second.kind, second.actor, second.rejected) == ("inventory", f"client:{name}", 1)
    assert (first.is_newest, second.is_newest) == (False, True)


def test_an_import_by_command_is_recorded(tmp_path: Path):
    account, file = make_account(), tmp_path / "responses.json"
    file.write_text(json.dumps(instances(instance())))
    call_command("import_inventory", str(file), "--account", account.uid, stdout=StringIO(), stderr=StringIO())
    run = FeedRun.objects.get()
    assert (run.kind, run.actor, counts(run)) == ("import", "system", (1, 1, 0, 0, 0))


def test_stale_messages_are_counted_and_make_no_facts_newer():
    account = make_account(uid=BODY["account"])
    record_put("created", account=account, actor="client:a", now=NOW)
    for minutes in (1, 2):
        record_stale(account=account, actor="client:a", now=NOW + timedelta(minutes=minutes))
    run = FeedRun.objects.get()
    assert (run.stale, run.stale_at, run.at, run.read) == (2, NOW + timedelta(minutes=2), NOW, 3)
    for minutes in (60, 61):
        record_stale(account=account, actor="client:a", now=NOW + timedelta(minutes=minutes))
    record_stale(account=account, actor="client:b", now=NOW)
    newest, later, others = FeedRun.objects.order_by("pk")
    assert (newest.pk, newest.is_newest, newest.stale) == (run.pk, True, 2)
    assert (later.stale, later.is_newest, others.stale, others.is_newest) == (2, False, 1, False)


def test_a_stale_put_is_counted_for_its_client():
    make_account(uid=BODY["account"])
    feed = Caller(Scope.INVENTORY_WRITE)
    assert feed.put("servers/ins-a/", BODY)[0] == 201
    status, body = feed.put("servers/ins-a/", BODY | {"version": 1})
    assert (status, body["code"]) == (409, "stale_version")
    run = FeedRun.objects.get()
    assert (run.created, run.stale, run.stale_at is not None) == (1, 1, True)
