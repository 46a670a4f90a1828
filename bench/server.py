"""A gunicorn of two processes with four threads each, and what it and PostgreSQL cost in CPU time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from django.db import connection

TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def gunicorn(
    application: str, *, workers: int = 2, threads: int = 4, config: str = "gunicorn.conf.py", **environment: str
) -> Iterator[tuple[int, int]]:
    """Serve `application` on a free port of 127.0.0.1, as the desk is served; yields its port and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", application, "--workers", str(workers)]
    command += ["--threads", str(threads), "--config", config, "--keep-alive", "30", "--no-control-socket"]
    command += ["--worker-class", "icpportal.workers.EvenThreadWorker"]
    command += ["--log-level", "warning", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        _wait_for(port)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(port: int) -> None:
    """Until a worker answers: the port is open before any of them has started."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urlopen(f"http://127.0.0.1:{port}/").close()
        except HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("gunicorn did not start within 30 seconds")


def cpu_seconds(root: int) -> float:
    """User and system time so far of a process and its children, in seconds."""
    return sum(_cpu(stat) for stat in _stats() if root in (int(stat[0]), int(stat[3])))


def postgres_cpu_seconds() -> float:
    """The same of the PostgreSQL that Django is connected to, its finished processes included; 0 of SQLite."""
    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    backend = str(connection.connection.info.backend_pid)
    postmaster = next(int(stat[3]) for stat in _stats() if stat[0] == backend)
    return sum(_cpu(stat, children=True) for stat in _stats() if postmaster in (int(stat[0]), int(stat[3])))


def settle() -> None:
    """What autovacuum does after many rows were written: a plan that is kept knows the tables. Nothing on SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def memory_mib(root: int) -> float:
    """The largest proportional set size among the workers of a server, in MiB."""
    return max(sizes_mib(root))


def sizes_mib(root: int) -> list[float]:
    """The proportional set size of each process that this one has started, in MiB."""
    return [size for stat in _stats() if int(stat[3]) == root and (size := size_mib(stat[0])) is not None]


def size_mib(pid: int | str) -> float | None:
    """The proportional set size of a process, in MiB; None when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _stats() -> Iterator[list[str]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, tail = path.read_text().rsplit(")", 1)
        except OSError:
            continue
        number, name = head.split(" ", 1)
        yield [number, name + ")", *tail.split()]


def _cpu(stat: list[str], *, children: bool = False) -> float:
    return sum(int(ticks) for ticks in stat[13 : 17 if children else 15]) / TICK
