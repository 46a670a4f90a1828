"""`python -m bench api`: generate, verify and list under gunicorn on PostgreSQL, beside an empty Django view.

Needs wrk. Prints requests a second, the ratio to the bare view of the same run, that of their CPU, and CPU milliseconds
a request of the application and of the database. Only the ratios compare between machines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

import django
from django.core.management import call_command
from django.db.models import Count, Q

from bench.measuring import SECONDS, Result, deep_path, measure, need_wrk, show
from bench.server import gunicorn, memory_mib, settle

if TYPE_CHECKING:
    from bench.seed import Seeded

CODES = int(os.environ.get("BENCH_CODES", "100000"))
ROUNDS = 11  # of each row
BESIDE = 1  # seconds of the empty view before and after each round
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
    seeded = seed(codes=CODES, fresh=55_000)
    print(f"{CODES} codes, {ROUNDS} rounds a row, 2 processes of 4 threads, CPU in ms a request")
    print(f"{'':<34}{'req/s':>9}{'x bare':>9}{'by CPU':>9}{'app':>9}{'database':>9}")
    began = monotonic()
    with gunicorn("icpportal.wsgi:application") as (port, pid):
        ready = monotonic() - began
        with gunicorn("bench.bare:application", config=os.devnull) as (bare_port, bare_pid):
            bench = Bench(seeded, port, pid, partial(measure, bare_port, bare_pid, ["GET\t/\t"]))
            writing(bench)
            settle()  # else autovacuum does, beside one row or the other
            reading(bench)
        print(f"largest worker: {memory_mib(pid):.0f} MiB; ready after {ready:.1f} s")


@dataclass
class Bench:
    """The desk and the empty view, measured in turn: other work comes and goes.

    So each row is some rounds of new connections, with the empty view between, and shows the medians.
    """

    seeded: Seeded
    port: int
    pid: int
    bare: Callable[..., Result]

    def row(self, name: str, lines: Iterable[str], *, clients: int = 8, keyed: bool = False) -> None:
        """Measure and show one."""
        every, rounds = list(lines), list[Result]()
        bare = [self.bare(clients=clients, seconds=BESIDE)]
        for part in range(ROUNDS):
            chosen = every[part * len(every) // ROUNDS : (part + 1) * len(every) // ROUNDS] or every
            rounds.append(self._round(chosen, clients=clients, keyed=keyed))
            bare.append(self.bare(clients=clients, seconds=BESIDE))
        show(f"{name}, {clients} clients", Result.of_rounds(rounds), Result.of_rounds(bare))

    def _round(self, lines: list[str], *, clients: int, keyed: bool) -> Result:
        seconds, token = max(SECONDS // ROUNDS, 1), self.seeded.token
        return measure(self.port, self.pid, lines, clients=clients, token=token, seconds=seconds, keyed=keyed)


def writing(bench: Bench) -> None:
    """Generate: each on a server of its own, under a key, and eight rivals on each server."""
    fresh = iter(bench.seeded.fresh)
    measure(bench.port, bench.pid, _generate(islice(fresh, 2_000)), clients=8, token=bench.seeded.token, seconds=2)
    for clients in (8, 32):
        bench.row("generate", _generate(islice(fresh, 17_000)), clients=clients)
    bench.row("generate under a key", _generate(islice(fresh, 14_000)), keyed=True)
    wanted = list(islice(fresh, 2_000))
    bench.row(f"{RIVALS} rivals a server", _generate(name for name in wanted for _ in range(RIVALS)), clients=32)
    print(f"servers that gave other than {MOST}, or than was asked: {unfair(wanted)}")


def _generate(names: Iterable[str]) -> Iterator[str]:
    return (f"POST\t/api/v1/servers/{name}/codes/\t{{}}" for name in names)


def reading(bench: Bench) -> None:
    """Verify, and lists."""
    verify = ["POST\t/api/v1/codes/verify/\t" + json.dumps({"code": value}) for value in bench.seeded.values]
    for clients in (8, 32):
        bench.row("verify", verify, clients=clients)
    for name, path in {
        "list of 50": "/api/v1/codes/?limit=50",
        "list of 50 at row 50,000": deep_path(bench.port, bench.seeded.token),
        "50 servers": "/api/v1/servers/?limit=50",
        "50 eligible servers": "/api/v1/servers/?limit=50&eligible=true",
        "reports of 50 servers": f"/api/v1/accounts/{bench.seeded.account}/eligibility/?limit=50",
    }.items():
        bench.row(name, [f"GET\t{path}\t"])
