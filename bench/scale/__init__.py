"""`python -m bench scale`: what reading costs the database when there are a million servers.

Seeds a fleet (bench/scale/fleet.py) into the empty PostgreSQL of DATABASE_URL, or takes the one that is there, visits
every face that reads, and prints for each its statements, the milliseconds of database time that they took (planning
and execution, by EXPLAIN ANALYZE, the fastest of three runs), the most rows that one step read, and the size of the
answer. What costs more than it may, or reads a large table from end to end, is marked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Seed if nothing is there, measure, print. Exits with 1 when a face costs more than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench scale", description=__doc__.partition("\n")[0])
    parser.add_argument("--servers", type=int, default=1_000_000, help="how many to seed (default: a million)")
    parser.add_argument("--only", default="", help="measure faces with this in their name")
    parser.add_argument("--slowest", action="store_true", help="print the slowest statement of what is marked")
    parser.add_argument(
        "--growth", action="store_true", help="compare with a hundredth of the servers, in a second database"
    )
    chosen = parser.parse_args(arguments)

    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from bench.scale.fleet import seed
    from bench.scale.growth import print_growth
    from bench.scale.table import print_table
    from servers.models import Server

    call_command("migrate", verbosity=0)
    now = timezone.now()
    if not Server.objects.exists():
        seed(servers=chosen.servers, now=now)
    if chosen.growth:
        sys.exit(1 if print_growth(servers=chosen.servers, now=now) else 0)
    sys.exit(1 if print_table(now=now, only=chosen.only, slowest=chosen.slowest) else 0)
