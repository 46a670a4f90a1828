"""Which event numbers are final: a reader of the feed that stops there misses nothing (append_only.final_until)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from django.db import connection, transaction

from codes import append_only, services
from codes.choices import Channel
from codes.models import CodeEvent
from servers.models import Server
from tests.factories import NOW, make_code, make_server
from tests.threads import at_once

PATIENCE = 30  # seconds
pytestmark = pytest.mark.usefixtures("own_database")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's numbers are final")


def change(*servers: Server) -> None:
    changes = [(server, {"name": ["a", "b"]}) for server in servers]
    services.record_server_changes(changes, actor=None, channel=Channel.COMMAND, now=NOW)


@contextmanager
def slow_transaction(*, commits: bool = True) -> Iterator[None]:
    """Another connection's transaction has recorded an event of its own server and ends only when the block does."""
    server, recorded, may_end = make_server(), Event(), Event()

    def work() -> None:
        try:
            with transaction.atomic():
                change(server)
                recorded.set()
                assert may_end.wait(PATIENCE)
                transaction.set_rollback(not commits)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            assert recorded.wait(PATIENCE)
            yield
        finally:
            may_end.set()
            future.result(PATIENCE)


class Reader:
    """Reads as the feed does: up to what is final, on from where it stopped."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.after = 0

    def read(self) -> None:
        floor = append_only.final_until(connection)
        events = CodeEvent.objects.filter(pk__gt=self.after, pk__lte=floor).order_by("pk")
        self.seen += events.values_list("pk", flat=True)
        self.after = max(self.after, floor)


def test_everything_is_final_while_nobody_writes() -> None:
    make_code(make_server(), count=3)
    reader = Reader()
    reader.read()
    assert reader.seen == list(CodeEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert len(reader.seen) == 3


def test_before_the_first_event_nothing_is_missed() -> None:
    reader = Reader()
    reader.read()
    make_code()
    reader.read()
    assert len(reader.seen) == 1


@on_postgresql
def test_a_slow_transaction_holds_the_floor_and_nothing_is_missed_after_its_commit() -> None:
    server, reader = make_server(), Reader()
    change(server)
    reader.read()
    with slow_transaction():
        change(server, server)
        reader.read()
        assert (len(reader.seen), CodeEvent.objects.count()) == (1, 3)
    reader.read()
    assert reader.seen == list(CodeEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert len(reader.seen) == 4


@on_postgresql
def test_the_lowest_of_several_floors_counts_and_each_ends_with_its_transaction() -> None:
    server, reader = make_server(), Reader()
    with slow_transaction():
        with slow_transaction():
            change(server)
            reader.read()
            assert reader.seen == []
        reader.read()
        assert (reader.seen, CodeEvent.objects.count()) == ([], 2)
    reader.read()
    assert len(reader.seen) == 3


@on_postgresql
def test_a_transaction_that_rolls_back_holds_nothing_up_for_good() -> None:
    server, reader = make_server(), Reader()
    with slow_transaction(commits=False):
        change(server)
        reader.read()
        assert reader.seen == []
    reader.read()
    assert len(reader.seen) == 1


@on_postgresql
def test_a_savepoint_rolled_back_does_not_lose_the_floor_of_what_follows() -> None:
    server, reader = make_server(), Reader()
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            change(server)
            raise ZeroDivisionError
        change(server)
        (below,) = at_once(lambda: append_only.final_until(connection))
        assert below < CodeEvent.objects.get().pk
    reader.read()
    assert len(reader.seen) == 1


@on_postgresql
def test_readers_beside_writers_miss_nothing_and_see_everything_in_order() -> None:
    servers, reader = [make_server() for _ in range(6)], Reader()

    def write(server: Server) -> None:
        for _ in range(10):
            with transaction.atomic():
                change(server)
                change(server)

    def read() -> None:
        while CodeEvent.objects.count() < 120:
            reader.read()

    answers = at_once(read, *[lambda server=server: write(server) for server in servers])  # type: ignore[misc]
    assert answers == [None] * 7
    reader.read()
    assert reader.seen == list(CodeEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert len(reader.seen) == 120


@on_postgresql
def test_five_thousand_events_of_one_transaction_take_one_lock() -> None:
    server = make_server()
    with transaction.atomic():
        change(*[server] * 5000)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
            assert cursor.fetchone() == (1,)
    assert CodeEvent.objects.count() == 5000
