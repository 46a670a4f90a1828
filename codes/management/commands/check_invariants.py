"""manage.py check_invariants: does everything hold that must hold of the data?"""

from __future__ import annotations

import sys
from itertools import islice
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codes.invariants import INVARIANTS, READABLE_KEYS, Invariant
from icpportal.snapshots import snapshot

BROKEN, UNKNOWN = 1, 2  # exit codes
MOST = 20  # things that are named of each invariant


class Command(BaseCommand):
    """Exit code 0 when all hold, 1 when one is broken, 2 for an unknown name."""

    help = "Ask the database whether codes, filings, events, texts and roles fit each other, and name what does not."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="check these alone")
        parser.add_argument(
            "--unseal", action="store_true", help="also unseal every code: do CODE_KEYS belong to this database?"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check one after another, all in one snapshot."""
        chosen = [*INVARIANTS, *([READABLE_KEYS] if options["unseal"] else [])]
        if options["names"]:
            chosen = self._named(options["names"])
        with snapshot():
            broken = [invariant.name for invariant in chosen if not self._holds(invariant)]
        self.stdout.write(f"{len(chosen) - len(broken)} of {len(chosen)} invariants hold.")
        if broken:
            sys.exit(BROKEN)

    def _named(self, names: list[str]) -> list[Invariant]:
        known = {invariant.name: invariant for invariant in (*INVARIANTS, READABLE_KEYS)}
        unknown = [name for name in names if name not in known]
        if unknown:
            message = f"There is no invariant {unknown[0]}; there are {', '.join(known)}."
            raise CommandError(message, returncode=UNKNOWN)
        return [known[name] for name in names]

    def _holds(self, invariant: Invariant) -> bool:
        started = perf_counter()
        found = iter(invariant.broken())
        named = list(islice(found, MOST))
        more = sum(1 for _ in found)
        took = f"({perf_counter() - started:.1f} s)"
        if named:
            rest = f" and {more} more" if more else ""
            self.stdout.write(f"BROKEN {invariant.name}: {invariant.says} {took}")
            self.stdout.write(f"       {invariant.things}: {', '.join(named)}{rest}")
        else:
            self.stdout.write(f"ok     {invariant.name} {took}")
        return not named
