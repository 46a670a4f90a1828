"""`python -m bench api`: generate, verify and list under gunicorn on PostgreSQL, beside an empty Django view.

Needs wrk. Prints requests a second, the ratio to the bare view of the same run, and CPU milliseconds a request of the
application and of the database. Only the ratios compare between machines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

import django
from django.core.management import call_command
from django.db.models import Count, Q

from bench.measuring import SECONDS, Result, deep_path, measure, need_wrk, show
from bench.server import gunicorn, memory_mib

if TYPE_CHECKING:
    from bench.seed import Seeded

CODES = int(os.environ.get("BENCH_CODES", "100000"))
RIVALS, MOST = 8, 5  # on one server, and how many of them win


def unfair(names: Sequence[str]) -> int:
    """Of servers that rivals asked for codes: how many gave other than five, or all asked for if those were fewer."""
    from codes.choices import EventType
    from servers.models import Server

    codes = Count("codes", distinct=True)
    refused = Count("events", filter=Q(events__type=EventType.GENERATION_REFUSED), distinct=True)
    counted = Server.objects.filter(instance_id__in=names).annotate(given=codes, refused=refused)
    given = counted.values_list("given", "refused")
    return sum(codes != min(codes + refused, MOST) for codes, refused in given)


def main(arguments: Sequence[str]) -> None:
    """Seed, measure, print the table."""
    need_wrk()
    django.setup()
    from bench.seed import seed

    call_command("migrate", verbosity=0)
    seeded = seed(codes=CODES, fresh=60_000)
    print(f"{CODES} codes, {SECONDS} s a row, 2 processes of 4 threads, CPU in ms a request")
    print(f"{'':<34}{'req/s':>9}{'x bare':>9}{'app':>9}{'database':>9}")
    with gunicorn("bench.bare:application") as (port, pid):
        bare = measure(port, pid, ["GET\t/\t"], clients=8)
        show("bare Django view, 8 clients", bare, bare)
    began = monotonic()
    with gunicorn("icpportal.wsgi:application") as (port, pid):
        ready = monotonic() - began
        writing(seeded, bare, port, pid)
        reading(seeded, bare, port, pid)
        print(f"largest worker: {memory_mib(pid):.0f} MiB; ready after {ready:.1f} s")


def writing(seeded: Seeded, bare: Result, port: int, pid: int) -> None:
    """Generate: each on a server of its own, under a key, and eight rivals on each server."""
    fresh, run = iter(seeded.fresh), partial(measure, port, pid, token=seeded.token)
    run(_generate(islice(fresh, 2_000)), clients=8, seconds=2)  # warm up
    for clients in (8, 32):
        show(f"generate, {clients} clients", run(_generate(islice(fresh, 12_000)), clients=clients), bare)
    keyed = run(_generate(islice(fresh, 10_000)), clients=8, keyed=True)
    show("generate under a key, 8 clients", keyed, bare)
    wanted = list(islice(fresh, 2_000))
    rivals = run(_generate(name for name in wanted for _ in range(RIVALS)), clients=32)
    show(f"{RIVALS} rivals a server, 32 clients", rivals, bare)
    print(f"servers that gave other than {MOST}, or than was asked: {unfair(wanted)}")


def _generate(names: Iterable[str]) -> Iterator[str]:
    return (f"POST\t/api/v1/servers/{name}/codes/\t{{}}" for name in names)


def reading(seeded: Seeded, bare: Result, port: int, pid: int) -> None:
    """Verify, and lists."""
    run = partial(measure, port, pid, token=seeded.token)
    verify = ["POST\t/api/v1/codes/verify/\t" + json.dumps({"code": value}) for value in seeded.values]
    for clients in (8, 32):
        show(f"verify, {clients} clients", run(verify, clients=clients), bare)
    for name, path in {
        "list of 50": "/api/v1/codes/?limit=50",
        "list of 50 at row 50,000": deep_path(port, seeded.token),
        "50 servers": "/api/v1/servers/?limit=50",
        "50 eligible servers": "/api/v1/servers/?limit=50&eligible=true",
        "reports of 50 servers": f"/api/v1/accounts/{seeded.account}/eligibility/?limit=50",
    }.items():
        show(f"{name}, 8 clients", run([f"GET\t{path}\t"], clients=8), bare)
