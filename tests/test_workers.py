"""How gunicorn's processes share connections and processors. How evenly they do is told by bench/, not by a test."""

import gc
import os
import runpy
import socket
import ssl
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import ThreadWorker

from icpportal.workers import WHOLE, EvenThreadWorker, give_up_slow, give_up_stalled, hesitation, processor_for

CONFIG = Path(__file__).resolve().parent.parent / "gunicorn.conf.py"


class Worker(EvenThreadWorker):
    """One that holds connections already and keeps what it takes."""

    def __init__(self, held: int) -> None:
        self.cfg, self.nr_conns, self.taken = Config(), held, list[Any]()

    def enqueue_req(self, conn: Any) -> None:
        self.taken.append(conn)


class Held(NamedTuple):
    """A connection."""

    sock: socket.socket


def test_who_holds_more_lets_others_go_first_and_nobody_waits_long() -> None:
    waits = [hesitation(connections) for connections in (0, 1, 5, 10, 1000)]
    assert waits == [0, 0.00005, 0.00025, 0.0005, 0.0005]


def test_a_connection_is_taken_and_one_that_another_process_took_is_let_go() -> None:
    worker = Worker(held=3)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        listener.setblocking(False)
        worker.accept(listener)
        worker.accept(listener)
        assert (worker.nr_conns, len(worker.taken)) == (4, 1)
        worker.taken[0].close()


def test_a_connection_that_closed_in_the_middle_of_its_answer_is_counted_off_once() -> None:
    worker, ended = Worker(held=0), Future[bool]()
    ended.set_result(False)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        worker.accept(listener)
        worker.taken[0].sock.close()
        worker.finish_request(worker.taken[0], ended)
        assert worker.nr_conns == 0


def test_a_connection_whose_client_stopped_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        give_up_stalled([listener], after=0.05)
        with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as taken:
            client.sendall(b"POST /")
            assert taken.recv(100) == b"POST /"
            with pytest.raises(BlockingIOError):
                taken.recv(100)
            with pytest.raises(BlockingIOError):  # who reads no more is one too
                taken.sendall(b"x" * 20_000_000)


def test_a_request_that_comes_in_drops_is_given_up_and_answered_still() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.sendall(b"POST /")
        give_up_slow({Held(ours): 0.0}, now=WHOLE)
        assert ours.recv(100) == b"POST /"
        with pytest.raises(BlockingIOError):
            ours.recv(100)
        give_up_slow({Held(ours): 0.0}, now=WHOLE + 1)
        assert ours.recv(100) == b""
        ours.sendall(b"HTTP/1.1 400")
        assert theirs.recv(100) == b"HTTP/1.1 400"


def test_an_answer_over_tls_is_not_sent_in_the_clear_when_its_request_is_given_up() -> None:
    ours, theirs = socket.socketpair()
    tls = ssl.create_default_context()
    with theirs, tls.wrap_socket(ours, server_hostname="desk", do_handshake_on_connect=False) as sealed:
        give_up_slow({Held(sealed): 0.0}, now=WHOLE + 1)
        with pytest.raises(ssl.SSLError):
            sealed.sendall(b"HTTP/1.1 200")
        assert b"HTTP" not in theirs.recv(1000)


@pytest.mark.parametrize(
    ("others", "processes", "expected"),
    [([], 2, 4), ([4], 2, 7), ([7], 2, 4), ([None], 2, 4), ([4, 7, 7], 4, 4), ([], 1, None)],
)
def test_a_process_stays_where_the_fewest_are_unless_there_are_more_processors(
    others: list[int | None], processes: int, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {7, 4}, raising=False)
    assert processor_for(others, processes=processes) == expected


def test_where_the_system_does_not_tell_a_process_stays_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processor_for([], processes=8) is None


def test_a_process_takes_the_place_of_the_one_that_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    stays = list[Any]()
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda *given: stays.append(given), raising=False)
    monkeypatch.setattr(ThreadWorker, "init_process", lambda worker: None)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    server = SimpleNamespace(num_workers=2, WORKERS={100: SimpleNamespace(processor=0), 200: SimpleNamespace()})
    worker = Worker(held=0)
    worker.sockets = []
    runpy.run_path(str(CONFIG))["pre_fork"](server, worker)
    worker.init_process()
    assert stays == [(0, [1])]


def test_gunicorn_is_told_to_use_it() -> None:
    config = Config()
    config.set("worker_class", runpy.run_path(str(CONFIG))["worker_class"])
    assert config.worker_class is EvenThreadWorker
