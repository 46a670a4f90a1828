"""The table of what reading costs."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from bench.scale.faces import Face, faces
from bench.scale.measuring import Cost, cost_of
from bench.scale.world import World


def print_table(*, now: datetime, only: str = "", slowest: bool = False) -> int:
    """Measure and print every face with `only` in its name; gives how many cost more than they may."""
    world = World(now=now)
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # their processor time would be nobody's
    marked = 0
    print(f"{'':<64}{'queries':>8}{'ms':>9}{'rows read':>11}{'KiB':>7}", flush=True)
    for face in faces(world):
        if only not in face.name:
            continue
        cost = cost_of(face.visit)
        marks = _marks(face, cost)
        marked += bool(marks)
        read = max((statement.read for statement in cost.statements), default=0)
        line = f"{face.name[:63]:<64}{len(cost.statements):>8}{cost.ms:>9.1f}{read:>11}{cost.kib:>7.0f}"
        print(f"{line}  {', '.join(marks)}".rstrip(), flush=True)
        if slowest and marks and cost.slowest is not None:
            print(f"    {cost.slowest.ms:.1f} ms: {cost.slowest.sql}", flush=True)
    return marked


def _marks(face: Face, cost: Cost) -> list[str]:
    marks = [f"more than {face.limit:.0f} ms"] if cost.ms > face.limit else []
    scanned = sorted({table for statement in cost.statements for table in statement.scanned})
    marks += [f"reads all of {table}" for table in scanned]
    return [*marks, f"status {cost.status}"] if cost.status >= 400 else marks
