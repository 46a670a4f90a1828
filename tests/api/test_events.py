"""The event feed: oldest first, whole, and never a gap, in whatever order writers commit.

On PostgreSQL a reader sees no event of its own transaction, so these tests commit.
"""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from codes import append_only, services
from codes.api.events import cursor
from codes.choices import Channel
from codes.models import CodeEvent
from tests.api.client import Api
from tests.factories import NOW, make_account, make_agent, make_code, make_filing, make_issued, make_server
from tests.threads import at_once

ACT = {"actor": None, "channel": Channel.COMMAND, "now": NOW}


def follow(api: Api, after: str = "", limit: int = 200) -> tuple[list[int], str]:
    """The ids of a page, and where to go on."""
    query = f"?limit={limit}" + (f"&after={after}" if after else "")
    answer = api.get(f"events/{query}")
    assert answer.status == 200, answer.raw
    return [event["id"] for event in answer.json["results"]], answer.json["next"]


def test_an_event_says_what_happened_to_what(own_database: None) -> None:
    api = Api()
    issued = make_issued()
    filing = make_filing(issued, client=api.client, order_number="o-1")
    services.reset(issued.code, reason="wrong order", actor=make_agent(username="lin"), channel=Channel.ADMIN, now=NOW)
    results = api.get("events/").json["results"]
    assert [event["type"] for event in results] == ["generated", "begun", "reset"]
    assert [event["actor"] for event in results] == ["system", f"client:{api.client.name}", "user:lin"]
    assert results[2] == {
        "id": results[2]["id"],
        "type": "reset",
        "at": "2026-11-23T04:00:00Z",
        "account": issued.code.server.account.uid,
        "server": issued.code.server.instance_id,
        "code": filing.code_id,
        "order_number": "o-1",
        "actor": "user:lin",
        "channel": "admin",
        "reason": "wrong order",
        "failed": [],
        "policy": {},
    }
    assert results[0]["policy"]["codes_per_server"] == 5
    assert issued.value not in str(results)


def test_a_reader_follows_next(own_database: None) -> None:
    api = Api()
    for _ in range(5):
        make_code()
    seen, after = follow(api, limit=2)
    while True:
        page, after = follow(api, after, limit=2)
        if not page:
            break
        seen += page
    assert seen == list(CodeEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert follow(api, after) == ([], after)
    make_code()
    assert len(follow(api, after)[0]) == 1


def test_next_is_given_before_anything_happened(api: Api) -> None:
    assert follow(api) == ([], cursor(0))


def test_a_cut_cursor_is_400(own_database: None) -> None:
    api = Api()
    make_code()
    after = follow(api)[1]
    for cut in (after[:-1], after[1:], after + "0", after.replace(".", "")):
        assert api.get(f"events/?after={cut}").wrong == [("after", "invalid")]


def test_events_need_their_scope(db: None) -> None:
    assert Api("codes:generate", "inventory:write", "filings:write").get("events/").refused == (403, "missing_scope")


def test_events_of_a_transferred_server_stay_with_their_account(own_database: None) -> None:
    old, new = make_account(), make_account()
    server = make_server(account=old)
    code = make_code(server)
    server.account = new
    server.save()
    services.withdraw(code, reason="r", **ACT)
    types = {
        account.uid: [e["type"] for e in Api(account=account).get("events/").json["results"]] for account in (old, new)
    }
    assert types == {old.uid: ["generated"], new.uid: ["withdrawn"]}


def test_the_feed_is_constant_statements(api: Api, django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        make_code()
    api.get("events/")
    with django_assert_max_num_queries(4):
        api.get("events/")


def _read_past_a_slow_writer(api: Api) -> tuple[list[int], list[int]]:
    """What a reader sees while an older event is not committed yet, and after it is."""
    slow_server, quick_server = make_server(), make_server()
    written, read = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            services.generate(slow_server, **ACT)
            written.set()
            assert read.wait(20)

    def quick_then_reader() -> tuple[list[int], str]:
        assert written.wait(20)
        try:
            services.generate(quick_server, **ACT)
            return follow(api)
        finally:
            read.set()

    _none, (first, after) = at_once(slow, quick_then_reader)
    return first, first + follow(api, after)[0]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_a_slow_transactions_event_is_not_missed(own_database: None) -> None:
    first, seen = _read_past_a_slow_writer(Api())
    assert first == []
    assert seen == list(CodeEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert len(seen) == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_without_the_floor_it_would_be_missed(own_database: None) -> None:
    """The control: the same with triggers that announce no floor."""
    with connection.cursor() as cursor_:
        cursor_.execute(f"DROP TRIGGER codes_event_number ON {append_only.TABLE}")
    _first, seen = _read_past_a_slow_writer(Api())
    assert len(seen) == 1
    assert CodeEvent.objects.count() == 2


def test_a_reader_beside_16_writers_misses_nothing(own_database: None) -> None:
    api = Api()
    servers = [make_server() for _ in range(16)]
    done = threading.Event()
    left = [16]

    def write(server: Any) -> None:
        try:
            for _ in range(4):
                services.generate(server, **ACT)
        finally:
            left[0] -= 1
            if not left[0]:
                done.set()

    def read() -> list[int]:
        seen: list[int] = []
        after, last_round = "", False
        while True:
            page, after = follow(api, after, limit=7)
            seen += page
            if not page:
                if last_round:
                    return seen
                last_round = done.is_set()

    answers = at_once(read, *[lambda server=server: write(server) for server in servers])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert answers[0] == list(CodeEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert len(answers[0]) == 64
