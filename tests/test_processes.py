"""Work that forked processes share: what each yields comes in turn, and no process outlives the one that asked."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from icpportal.processes import ProcessLost, share, usable

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux alone shares work")


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and is only waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def goes(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_there(pid)


def endless(turn: int) -> Iterator[int]:
    while True:
        yield os.getpid()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_each_does_its_turn_in_a_process_of_its_own(number: int) -> None:
    def work(turn: int) -> Iterator[tuple[int, int, int]]:
        for at in range(3 - turn):  # the later ones have less to do
            yield turn, at, os.getpid()

    found = list(share(work, number=number))
    inner = [(turn, at) for turn, at, _pid in found]
    assert inner == [(turn, at) for at in range(3) for turn in range(number) if at < 3 - turn]
    pids = {pid for _turn, _at, pid in found}
    assert len(pids) == number and os.getpid() not in pids and not any(map(is_there, pids))


def test_they_know_what_was_known_and_more_than_a_pipe_holds_comes() -> None:
    known = {"text": "备案" * 100_000}
    assert list(share(lambda turn: iter([known["text"] + str(turn)] * 3), number=2)) == [
        known["text"] + str(turn) for _at in range(3) for turn in (0, 1)
    ]


def test_the_first_error_is_raised_and_the_others_are_ended() -> None:
    def work(turn: int) -> Iterator[int]:
        yield os.getpid()
        if turn == 1:
            raise LookupError("The second one") from KeyError("why")
        yield from endless(turn)

    pids = []
    with pytest.raises(LookupError, match="The second one") as raised:
        for pid in share(work, number=2):
            pids.append(pid)
    assert isinstance(raised.value.__cause__, KeyError)
    assert len(set(pids)) == 2 and not any(map(is_there, pids))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_was_killed_is_told(how: signal.Signals) -> None:
    shared = share(endless, number=2)
    with pytest.raises(ProcessLost):
        os.kill(next(shared), how)
        for _pid in shared:
            pass


def test_one_that_was_stopped_is_ended_too() -> None:
    def work(turn: int) -> Iterator[int]:
        yield os.getpid()
        if turn == 0:
            raise LookupError
        yield from endless(turn)

    pids = []
    with pytest.raises(LookupError):
        for pid in share(work, number=2):
            pids.append(pid)
            if len(pids) == 2:
                os.kill(pids[1], signal.SIGSTOP)
                os.waitid(os.P_PID, pids[1], os.WSTOPPED | os.WNOWAIT)
    assert not any(map(is_there, pids))


def test_who_leaves_off_ends_them() -> None:
    with closing(share(endless, number=2)) as shared:
        pids = {next(shared), next(shared)}
        assert len(pids) == 2 and all(map(is_there, pids))
    assert not any(map(is_there, pids))


ASKS = """
import os, time
from django.conf import settings
settings.configure()
from icpportal.processes import share

def work(turn):
    yield os.getpid()
    while True:
        time.sleep(0.01)
        yield 0

for pid in share(work, number=2):
    if pid:
        print(pid, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_none_outlives_the_one_that_asked(how: signal.Signals) -> None:
    command = [sys.executable, "-c", ASKS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0) as asks:
        assert asks.stdout is not None and asks.stderr is not None
        pids = [int(asks.stdout.readline()) for _turn in range(2)]
        assert all(map(is_there, pids))
        (os.killpg if how == signal.SIGINT else os.kill)(asks.pid, how)  # Ctrl-C reaches all of them
        assert [goes(pid) for pid in pids] == [True, True]
        assert asks.stderr.read().count("Traceback") == (how == signal.SIGINT)  # its own


def test_one_a_processor_shares_and_on_sqlite_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    found = [usable(most) for most in (1, 2, 4)]
    assert found == ([1, 1, 1] if connection.vendor == "sqlite" else [1, 2, 3])
