"""`python -m bench sqlite`: eight processes that write to one SQLite file: none is told that it is locked.

Needs wrk. Prints requests a second and how many were not carried out, for generating in processes of one thread each.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import django
from django.core.management import call_command

from bench.measuring import measure, need_wrk
from bench.server import gunicorn

PROCESSES, CLIENTS = 8, 16


def main(arguments: Sequence[str]) -> None:
    """Seed a file of its own, measure, print."""
    need_wrk()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'desk.sqlite3'}"
        django.setup()
        from bench.seed import seed

        call_command("migrate", verbosity=0)
        seeded = seed(codes=1_000, fresh=10_000)
        with gunicorn("icpportal.wsgi:application", workers=PROCESSES, threads=1) as (port, pid):
            lines = [f"POST\t/api/v1/servers/{name}/codes/\t{{}}" for name in seeded.fresh]
            result = measure(port, pid, lines, clients=CLIENTS, token=seeded.token)
    print(f"{PROCESSES} processes, {CLIENTS} clients: {result.rate:.0f} codes a second, {result.errors} errors")
