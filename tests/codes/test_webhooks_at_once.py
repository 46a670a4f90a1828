"""Webhooks with real threads: several deliverers, and a change that commits late."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction

from codes import services
from codes.choices import Channel
from codes.webhooks.choices import DeliveryState
from codes.webhooks.delivering import Turns, deliver_next
from codes.webhooks.fan_out import fan_out
from codes.webhooks.models import WebhookDelivery
from codes.webhooks.services import create_endpoint, redeliver
from codes.webhooks.side_by_side import SideBySide, deliver_due
from tests.codes.webhook_receiver import Got, Receiver, receiver
from tests.factories import NOW, make_client, make_code, make_server
from tests.threads import at_once

TYPES = ["generated", "revealed"]


@pytest.fixture
def hook(own_database: None, hook: Receiver) -> Receiver:
    create_endpoint(make_client(), url=hook.url, event_types=TYPES, now=NOW)
    return hook


def deliver_all() -> int:
    """What a deliverer does in one round; how many it sent."""
    fan_out(now=NOW)
    sent = 0
    while deliver_next(now=NOW):
        sent += 1
    return sent


def test_several_deliverers_send_each_event_once_and_in_order(hook: Receiver) -> None:
    codes = [make_code() for _ in range(6)]
    for _ in range(3):
        for code in codes:
            services.reveal(code, actor=None, channel=Channel.COMMAND, now=NOW)
    counts = at_once(*[deliver_all] * 6)
    # A deliverer ends while another still holds the only due delivery of a code: the next round sends the rest.
    counts.append(deliver_all())
    assert sum(counts) == len(hook.got) == 24
    assert len([count for count in counts[:-1] if count]) > 1
    by_code: dict[int, list[int]] = defaultdict(list)
    for got in hook.got:
        by_code[got.event["code"]].append(got.event["id"])
    assert all(ids == sorted(ids) and len(ids) == 4 for ids in by_code.values())
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}


@pytest.fixture
def slow(hook: Receiver) -> Iterator[Receiver]:
    with receiver() as slow:
        create_endpoint(make_client(), url=slow.url, event_types=TYPES, now=NOW)
        yield slow


def test_a_slow_receiver_holds_up_no_other(slow: Receiver, hook: Receiver) -> None:
    for _ in range(6):
        make_code()
    all_there, waited = Event(), []

    def answer(got: Got) -> int:
        waited.append(all_there.wait(timeout=20))
        return 204

    def arrived(got: Got) -> int:
        if len(hook.got) == 6:
            all_there.set()
        return 204

    slow.answer, hook.answer = answer, arrived
    fan_out(now=NOW)
    turns, stop = Turns(), Event()
    sent = at_once(*[lambda: deliver_due(stop, turns)] * 2)
    assert waited == [True] * 6
    assert sum(sent, Counter()) == {DeliveryState.DELIVERED: 12}


def test_rounds_go_on_while_a_slow_receiver_is_waited_for(slow: Receiver, hook: Receiver) -> None:
    over, sent = Event(), Counter[str]()
    slow.answer = lambda got: 204 if over.wait(timeout=20) else 500
    with SideBySide(2, stop=Event()) as deliverers:
        for number in (1, 2):
            make_code()
            fan_out(now=NOW)
            while len(hook.got) < number:
                sent += deliverers.round()
        assert len(slow.got) == 1
        over.set()
        sent += deliverers.finish()
    assert sent == {DeliveryState.DELIVERED: 4}


def test_what_goes_wrong_in_a_thread_ends_the_service(own_database: None) -> None:
    class Broken(Event):
        def is_set(self) -> bool:
            raise LookupError

    with SideBySide(2, stop=Broken()) as deliverers, pytest.raises(LookupError):
        deliverers.round()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_an_event_that_commits_late_is_neither_lost_nor_overtaken(hook: Receiver) -> None:
    server, numbered, may_commit = make_server(), Event(), Event()

    def slow() -> None:
        with transaction.atomic():
            services.generate(server, actor=None, channel=Channel.COMMAND, now=NOW)
            numbered.set()
            may_commit.wait(timeout=30)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slow)
        assert numbered.wait(timeout=30)
        quick = make_code()
        assert fan_out(now=NOW) == 0
        may_commit.set()
        late.result()
    deliver_all()
    assert hook.events("server") == [server.instance_id, quick.server.instance_id]


def test_redelivering_while_it_is_sent_loses_nothing(hook: Receiver) -> None:
    make_code()
    fan_out(now=NOW)
    hook.answer = lambda got: _redelivered_meanwhile()

    def _redelivered_meanwhile() -> int:
        redeliver(WebhookDelivery.objects.get(), now=NOW)
        connection.close()
        return 500

    deliver_next(now=NOW)
    hook.answer = lambda got: 204
    assert deliver_next(now=NOW + timedelta(seconds=10)) is not None
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED
