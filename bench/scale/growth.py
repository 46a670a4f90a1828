"""How what reading takes grows with the tables: the same visits on a fleet and on one a hundredth of its size.

Milliseconds of the application and its database together, without a network: the median of visits to one and the other
in turn, so that a busy machine is busy for both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from statistics import median
from typing import Any

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from bench.scale.fleet import seed
from bench.scale.world import Visit, World
from codes import lookup
from servers.models import Server

SHARE = 100  # how much smaller the other fleet is
ROUNDS, VISITS, WARMING = 5, 20, 8  # visits of a round; those before it fill caches and keep plans
DEEP = 250  # pages of 200 rows: row 50,000, or the last page of a list that is shorter
_WORKS: dict[str, tuple[float, Callable[[World], Visit]]] = {
    "API: list of codes": (1.5, lambda world: world.api("codes/")),
    "API: list of codes at row 50,000": (1.5, lambda world: world.deep("codes/", pages=DEEP)),
    "API: list of servers": (1.5, lambda world: world.api("servers/")),
    "API: list of servers by eligible": (1.5, lambda world: world.api("servers/", eligible="true")),
    "API: verify": (1.15, lambda world: world.verify),
    "API: one server": (1.5, lambda world: world.api(f"servers/{world.handles.server.instance_id}/")),
    "look-up: IP": (1.5, lambda world: _resolve(world, world.handles.ip.address)),
    "look-up: full code": (1.5, lambda world: _resolve(world, world.handles.value)),
    "desk: list of servers": (1.5, lambda world: world.at_desk("servers/server/")),
    "desk: list of codes": (1.5, lambda world: world.at_desk("codes/authorizationcode/")),
    "desk: list of events": (1.5, lambda world: world.at_desk("codes/codeevent/")),
    "desk: search by last characters": (3, lambda world: world.at_desk("lookup/", q=world.handles.code.tail)),
    "desk: search by the start of a name": (3, lambda world: world.at_desk("lookup/", q="web-12")),
}


def print_growth(*, servers: int, now: datetime) -> int:
    """Measure and print every work on both; gives how many grew more than they may."""
    names = (f"{connection.settings_dict['NAME']}_small", str(connection.settings_dict["NAME"]))
    _make(names[0], servers // SHARE, now)
    worlds = [_at(name, partial(World, now=now)) for name in names]
    marked = 0
    print(f"{'':<44}{'1 in 100, ms':>14}{'all, ms':>10}{'growth':>9}", flush=True)
    for what, (most, work) in _WORKS.items():
        visits = [_at(name, partial(work, world)) for name, world in zip(names, worlds, strict=True)]
        small, large = _medians(names, visits)
        marked += large / small > most
        mark = f"  more than {most}" if large / small > most else ""
        print(f"{what:<44}{small:>14.2f}{large:>10.2f}{large / small:>9.2f}{mark}", flush=True)
    return marked


def _medians(names: tuple[str, str], visits: list[Visit]) -> list[float]:
    times: dict[str, list[float]] = {name: [] for name in names}
    for _round in range(ROUNDS):
        for name, visit in zip(names, visits, strict=True):
            with _database(name):
                times[name] += list(_timed(visit))
    return [median(times[name]) for name in names]


def _timed(visit: Visit) -> Iterator[float]:
    for number in range(WARMING + VISITS):
        begin = time.perf_counter()
        answer = visit()
        if number >= WARMING:
            yield (time.perf_counter() - begin) * 1e3
        assert getattr(answer, "status_code", 200) < 400


def _make(name: str, servers: int, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE DATABASE "{name}"')
    with _database(name):
        call_command("migrate", verbosity=0)
        if not Server.objects.exists():
            seed(servers=servers, now=now)


def _at(name: str, work: Callable[[], Any]) -> Any:
    with _database(name):
        return work()


@contextmanager
def _database(name: str) -> Iterator[None]:
    """The connection leads to the database of this name; what was cached of another is forgotten."""
    before = connection.settings_dict["NAME"]
    _lead_to(name)
    try:
        yield
    finally:
        _lead_to(before)


def _lead_to(name: str | None) -> None:
    if connection.settings_dict["NAME"] != name:
        connection.close()
        connection.settings_dict["NAME"] = name
        cache.clear()


def _resolve(world: World, term: str) -> Visit:
    return lambda: lookup.resolve(term, user=world.staff)
