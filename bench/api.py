"""`python -m bench api`: generate, verify and list under gunicorn on PostgreSQL, beside an empty Django view.

Needs wrk. Prints requests a second, the ratio to the bare view of the same run, and CPU milliseconds a request of the
application and of the database. Only the ratios compare between machines.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import django
from django.core.management import call_command

from bench.server import cpu_seconds, gunicorn, memory_mib, postgres_cpu_seconds

CODES = int(os.environ.get("BENCH_CODES", "100000"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "10"))
DEEP_PAGES = 250  # of 200 rows: row 50,000
SCRIPT = Path(__file__).with_name("requests.lua")


@dataclass(frozen=True)
class Result:
    """One row of the table. CPU in milliseconds a request."""

    rate: float
    refused: int
    errors: int
    app_ms: float
    db_ms: float


def measure(
    port: int, pid: int, lines: Iterable[str], *, clients: int, token: str = "", seconds: int = SECONDS
) -> Result:
    """Send `lines` in turn over `clients` keep-alive connections for some seconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requests:
        requests.writelines(f"{line}\n" for line in lines)
        requests.flush()
        app, db = cpu_seconds(pid), postgres_cpu_seconds()
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", str(SCRIPT), f"http://127.0.0.1:{port}/"]
        environment = {**os.environ, "REQUESTS": requests.name} | ({"TOKEN": token} if token else {})
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        app, db = cpu_seconds(pid) - app, postgres_cpu_seconds() - db
    done, microseconds, refused, errors = map(int, output.rsplit("RESULT ", 1)[1].split())
    return Result(done / microseconds * 1e6, refused, errors, app / done * 1e3, db / done * 1e3)


def deep_path(port: int, token: str) -> str:
    """The address of the page at row 50,000 of the list of codes, or of the last full one."""
    address = f"http://127.0.0.1:{port}/api/v1/codes/?limit=200"
    for _ in range(DEEP_PAGES):
        with urlopen(Request(address, headers={"Authorization": f"Bearer {token}"})) as answer:
            following = json.load(answer)["next"]
        if following is None:
            break
        address = f"http://127.0.0.1:{port}{urlsplit(following).path}?{urlsplit(following).query}"
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}".replace("limit=200", "limit=50")


def show(name: str, result: Result, bare: Result) -> None:
    trouble = f"  {result.refused} refused, {result.errors} errors" if result.refused or result.errors else ""
    numbers = f"{result.rate:>9.0f}{result.rate / bare.rate:>9.3f}{result.app_ms:>9.2f}{result.db_ms:>9.2f}"
    print(f"{name:<34}{numbers}{trouble}", flush=True)


def main(arguments: Sequence[str]) -> None:
    """Seed, measure, print the table."""
    if shutil.which("wrk") is None:
        sys.exit("The benchmark needs wrk (Debian: apt-get install wrk).")
    django.setup()
    from bench.seed import seed

    call_command("migrate", verbosity=0)
    seeded = seed(codes=CODES, fresh=60_000)
    fresh = iter(seeded.fresh)
    verify = ["POST\t/api/v1/codes/verify/\t" + json.dumps({"code": value}) for value in seeded.values]
    print(f"{CODES} codes, {SECONDS} s a row, 2 processes of 4 threads, CPU in ms a request")
    print(f"{'':<34}{'req/s':>9}{'x bare':>9}{'app':>9}{'database':>9}")
    with gunicorn("bench.bare:application") as (port, pid):
        bare = measure(port, pid, ["GET\t/\t"], clients=8)
        show("bare Django view, 8 clients", bare, bare)
    with gunicorn("icpportal.wsgi:application") as (port, pid):
        token = seeded.token
        measure(port, pid, verify, clients=8, token=token, seconds=2)  # warm up
        for clients in (8, 32):
            servers = [f"POST\t/api/v1/servers/{name}/codes/\t{{}}" for name in islice(fresh, 25_000)]
            show(f"generate, {clients} clients", measure(port, pid, servers, clients=clients, token=token), bare)
        show("verify, 8 clients", measure(port, pid, verify, clients=8, token=token), bare)
        first = ["GET\t/api/v1/codes/?limit=50\t"]
        show("list of 50, 8 clients", measure(port, pid, first, clients=8, token=token), bare)
        deep = [f"GET\t{deep_path(port, token)}\t"]
        show("list of 50 at row 50,000", measure(port, pid, deep, clients=8, token=token), bare)
        reports = [f"GET\t/api/v1/accounts/{seeded.account}/eligibility/?limit=50\t"]
        show("eligibility of 50 servers", measure(port, pid, reports, clients=8, token=token), bare)
        print(f"largest worker: {memory_mib(pid):.0f} MiB")
