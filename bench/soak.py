"""`python -m bench soak --minutes 10`: what the workers' memory does under steady, mixed load.

Needs wrk and the empty PostgreSQL of DATABASE_URL. Prints the proportional set size of each worker and the errors
so far, twice a minute.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from itertools import cycle, islice
from time import monotonic

import django
from django.core.management import call_command

from bench.measuring import measure, need_wrk
from bench.server import gunicorn, sizes_mib

SLICE = 6  # seconds a kind of request


def main(arguments: Sequence[str]) -> None:
    """Seed, load in turn with every kind of request, print."""
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="how long (default: 10)")
    chosen = parser.parse_args(arguments)
    need_wrk()
    django.setup()
    from bench.seed import seed

    call_command("migrate", verbosity=0)
    seeded = seed(codes=20_000, fresh=40_000)
    fresh = iter(seeded.fresh)
    verify = ["POST\t/api/v1/codes/verify/\t" + json.dumps({"code": value}) for value in seeded.values]
    lists = ["GET\t/api/v1/codes/?limit=200\t", "GET\t/api/v1/servers/?limit=200&eligible=true\t"]
    lists += [f"GET\t/api/v1/accounts/{seeded.account}/eligibility/?limit=50\t", "GET\t/api/v1/events/?limit=200\t"]
    with gunicorn("icpportal.wsgi:application") as (port, pid):
        run = partial(measure, port, pid, clients=16, token=seeded.token, seconds=SLICE)
        began, turns, done, errors = monotonic(), cycle("gvl"), 0.0, 0
        while monotonic() - began < chosen.minutes * 60:
            for kind in islice(turns, 3):
                names = islice(fresh, 1_500) if kind == "g" else ()
                lines = [f"POST\t/api/v1/servers/{name}/codes/\t{{}}" for name in names]
                result = run(lines or (verify if kind == "v" else lists))
                done, errors = done + result.rate * SLICE, errors + result.errors
            sizes = "  ".join(f"{size:6.1f}" for size in sizes_mib(pid))
            answered = f"{done:9.0f} requests, {errors} errors"
            print(f"{(monotonic() - began) / 60:5.1f} min  {answered}  MiB a worker: {sizes}", flush=True)
