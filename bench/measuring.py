"""Sends requests with wrk and tells what they cost: one row of a table."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from bench.server import cpu_seconds, postgres_cpu_seconds

SECONDS = int(os.environ.get("BENCH_SECONDS", "10"))
DEEP_PAGES = 250  # of 200 rows: row 50,000
SCRIPT = Path(__file__).with_name("requests.lua")


def need_wrk() -> None:
    """Exits without it."""
    if shutil.which("wrk") is None:
        sys.exit("The benchmark needs wrk (Debian: apt-get install wrk).")


@dataclass(frozen=True)
class Result:
    """What some seconds of requests took. CPU in milliseconds a request."""

    rate: float
    refused: int
    errors: int
    app_ms: float
    db_ms: float

    @classmethod
    def of_rounds(cls, rounds: Sequence[Result]) -> Result:
        """The medians, and all refusals and errors."""
        refused, errors = sum(each.refused for each in rounds), sum(each.errors for each in rounds)
        rate, app_ms, db_ms = (median(getattr(each, name) for each in rounds) for name in ("rate", "app_ms", "db_ms"))
        return cls(rate, refused, errors, app_ms, db_ms)


def measure(
    port: int,
    pid: int,
    lines: Iterable[str],
    *,
    clients: int,
    token: str = "",
    seconds: int = SECONDS,
    keyed: bool = False,
) -> Result:
    """Send `lines` in turn over `clients` keep-alive connections for some seconds, each under a key when `keyed`."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requests:
        requests.writelines(f"{line}\n" for line in lines)
        requests.flush()
        app, db = cpu_seconds(pid), postgres_cpu_seconds()
        command = [
            "wrk",
            "-t1",
            "--timeout",
            "30s",
            f"-c{clients}",
            f"-d{seconds}s",
            "-s",
            str(SCRIPT),
            f"http://127.0.0.1:{port}/",
        ]
        environment = {**os.environ, "REQUESTS": requests.name} | ({"TOKEN": token} if token else {})
        environment |= {"KEYED": secrets.token_hex(4)} if keyed else {}
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        app, db = cpu_seconds(pid) - app, postgres_cpu_seconds() - db
    done, microseconds, refused, errors = map(int, output.rsplit("RESULT ", 1)[1].split())
    if not done:
        sys.exit(f"No request was answered within {seconds} s: see what the server says above.")
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
    """One row of the table; `bare` is the empty view at the time."""
    trouble = f"  {result.refused} refused, {result.errors} errors" if result.refused or result.errors else ""
    ratios = result.rate / bare.rate, bare.app_ms / (result.app_ms + result.db_ms)
    numbers = "".join(f"{number:>9.3f}" for number in (*ratios, result.app_ms, result.db_ms))
    print(f"{name:<34}{result.rate:>9.0f}{numbers}{trouble}", flush=True)
