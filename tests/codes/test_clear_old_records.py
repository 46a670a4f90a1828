"""clear_old_records: what of the logs goes after so many days, and what stays whatever its age."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from codes import services
from codes.choices import BulkAction, Channel
from codes.models import AuthorizationCode, BulkRow, BulkRun, CodeEvent
from codes.webhooks import clearing
from codes.webhooks import services as webhooks
from codes.webhooks.choices import DeliveryState
from codes.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from servers.choices import FeedKind
from servers.inventory import runs
from servers.inventory.facts import Tally
from servers.models import Account, FeedRun
from tests.factories import NOW, make_account, make_client, make_code, make_server, make_server_file, make_user

pytestmark = pytest.mark.django_db
LONG_AGO, LATELY = NOW - timedelta(days=91), NOW - timedelta(days=89)


def clear(*words: str) -> list[str]:
    out = StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("clear_old_records", *words, stdout=out)
    return out.getvalue().splitlines()


def make_endpoint(**fields: object) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        client=make_client(), url="https://hooks.example.com/", cursor=0, secret=b"", created_at=LONG_AGO, **fields
    )


def make_delivery(endpoint: WebhookEndpoint, *, state: str = "delivered", at: object = LONG_AGO) -> WebhookDelivery:
    make_code()
    settled_at = None if state == DeliveryState.PENDING else at
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event=CodeEvent.objects.latest("pk"), state=state, due_at=at, settled_at=settled_at
    )
    for _ in range(2):
        WebhookAttempt.objects.create(delivery=delivery, at=at, status=200, duration_ms=1)
    return delivery


def make_run(account: Account, *, at: object) -> FeedRun:
    return runs.record_import(Tally(), account=account, kind=FeedKind.IMPORT, actor="system", now=at)


def plan(*, at: datetime) -> BulkRun:
    return services.plan_run(BulkAction.GENERATE, [make_server(now=at).pk], actor=make_user(), now=at)


def finish_run(*, at: datetime) -> BulkRun:
    run = plan(at=at)
    services.confirm_run(run, texts={}, now=at)
    (row,) = services.pending_rows(run, 2)
    services.carry_out(row, channel=Channel.ADMIN, now=at)
    services.end_run(run, now=at)
    return run


def test_settled_deliveries_go_with_their_attempts_and_what_they_told_stays() -> None:
    endpoint = make_endpoint(succeeded_at=LATELY)
    make_delivery(endpoint)
    make_delivery(endpoint, state="given_up")
    recent = make_delivery(endpoint, at=LATELY)
    waiting = make_delivery(endpoint, state="pending")
    assert clear()[0] == "Webhook deliveries deleted, with their attempts: 2"
    assert set(WebhookDelivery.objects.all()) == {recent, waiting}
    assert WebhookAttempt.objects.count() == 4
    assert (CodeEvent.objects.count(), AuthorizationCode.objects.count()) == (4, 4)


@pytest.mark.parametrize("succeeded", [None, LONG_AGO - timedelta(days=1)])
def test_what_an_endpoint_has_yet_to_get_stays(succeeded: object) -> None:
    endpoint = make_endpoint(succeeded_at=succeeded, disabled_at=LONG_AGO, disabled_reason="failing")
    missed = make_delivery(endpoint, state="given_up")
    clear()
    webhooks.enable_endpoint(endpoint, now=NOW)
    assert WebhookDelivery.objects.get() == missed
    assert WebhookDelivery.objects.get().state == DeliveryState.PENDING


def test_old_feed_runs_go_except_the_newest_of_their_account() -> None:
    quiet, busy = make_account(), make_account()
    make_run(quiet, at=LONG_AGO)
    newest = make_run(quiet, at=LONG_AGO)
    make_run(busy, at=LONG_AGO)
    recent, newer = make_run(busy, at=LATELY), make_run(busy, at=NOW)
    assert clear()[1] == "Feed runs deleted: 2"
    assert set(FeedRun.objects.all()) == {newest, recent, newer}


def test_spreadsheets_are_let_go_after_a_day_and_their_verdicts_stay() -> None:
    old = make_server_file(now=NOW - timedelta(days=1, seconds=1))
    recent = make_server_file(now=NOW - timedelta(hours=23))
    assert clear()[3] == "Spreadsheets that nobody took in, let go after a day: 1"
    assert clear()[3] == "Spreadsheets that nobody took in, let go after a day: 0"
    old.refresh_from_db(), recent.refresh_from_db()
    assert (bool(old.content), bool(recent.content), bool(old.verdicts)) == (False, True, True)


def test_the_days_are_ones_own() -> None:
    make_delivery(make_endpoint(succeeded_at=NOW), at=LATELY)
    account = make_account()
    for _ in range(2):
        make_run(account, at=LATELY)
    finish_run(at=LATELY)
    assert clear("--older-than", "90") == [
        "Webhook deliveries deleted, with their attempts: 0",
        "Feed runs deleted: 0",
        "Bulk runs deleted, with their rows: 0",
        "Spreadsheets that nobody took in, let go after a day: 0",
    ]
    assert clear("--older-than", "88") == [
        "Webhook deliveries deleted, with their attempts: 1",
        "Feed runs deleted: 1",
        "Bulk runs deleted, with their rows: 1",
        "Spreadsheets that nobody took in, let go after a day: 0",
    ]


def test_finished_bulk_runs_go_with_their_rows_and_what_they_did_stays() -> None:
    finish_run(at=LONG_AGO)
    recent = finish_run(at=LATELY)
    stopped = plan(at=LONG_AGO)
    services.confirm_run(stopped, texts={}, now=LONG_AGO)
    assert clear()[2] == "Bulk runs deleted, with their rows: 1"
    assert set(BulkRun.objects.all()) == {recent, stopped}
    assert BulkRow.objects.count() == 2
    assert AuthorizationCode.objects.count() == 2


@pytest.mark.parametrize("days", ["0", "-1", "36501"])
def test_a_number_of_days_that_cannot_be_is_refused(days: str) -> None:
    with pytest.raises(CommandError, match="1 to 36500 days"):
        clear("--older-than", days)


def test_more_than_a_chunk_goes_in_one_run() -> None:
    delivery = make_delivery(make_endpoint(succeeded_at=NOW))
    endpoints = [make_endpoint(succeeded_at=NOW) for _ in range(clearing.CHUNK)]
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(endpoint=each, event=delivery.event, state="delivered", due_at=LONG_AGO, settled_at=LONG_AGO)
        for each in endpoints
    )
    account = make_account()
    FeedRun.objects.bulk_create(
        FeedRun(account=account, kind=FeedKind.IMPORT, actor="system", at=LONG_AGO, is_newest=False)
        for _ in range(runs.CHUNK + 1)
    )
    for _ in range(services.bulk.CHUNK + 1):
        finish_run(at=LONG_AGO)
    assert [line.rsplit(" ", 1)[1] for line in clear()] == ["501", "501", "6", "0"]
    assert not WebhookDelivery.objects.exists() and not FeedRun.objects.exists()
