"""How PostgreSQL reads for lists, look-ups and pages: by index, no whole table, no sort of everything.

Over a skewed fleet of 5,000 servers (bench/scale). Plans are looked at, never clocks: the planner is told to avoid
reading a table from end to end, so that where it does all the same no index serves.
"""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from bench.scale.faces import Face, faces
from bench.scale.fleet import seed
from bench.scale.measuring import LARGE_TABLES, Statement, cost_of
from bench.scale.world import World
from servers.inventory.claims import concerning
from servers.inventory.writing import locking
from servers.models import IPAddress, IPClaim, Region, Server

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="Plans are PostgreSQL's: python tests/with_pg.py pytest …"
    ),
]
SERVERS = 5_000
MOST_STATEMENTS, MOST_KIB = 8, 80  # of a list at the desk
MOST_SORTED = 5_000  # rows, of fifteen thousand codes and fifty thousand events
# What has to judge every code or filing that an account ever had: exact by contract, or once a day.
EXEMPT = (
    "api: accounts/200000000001/",
    "send_notices: the largest account",
)
# What few or very many have: told by reading on until the page is full.
READS_ON = ("search=w", "eligible=true", "expired")


@pytest.fixture
def world() -> Iterator[World]:
    now = timezone.now()
    seed(servers=SERVERS, now=now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    yield World(now=now, host="testserver")


def whole_tables(node: dict[str, Any], *, is_cut: bool = False) -> Iterator[str]:
    """Large tables that are read row after row, although that was to be avoided, and not just until a page is full."""
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE_TABLES and not is_cut:
        yield node["Relation Name"]
    is_cut = node["Node Type"] == "Limit" or (is_cut and node["Node Type"] not in ("Sort", "Hash", "Aggregate"))
    for below in node.get("Plans", ()):
        yield from whole_tables(below, is_cut=is_cut)


def sorted_rows(statement: Statement) -> float:
    """The most rows that one sort took at once."""
    sorts = (node for node in statement.nodes if node["Node Type"] == "Sort")
    return max((below["Actual Rows"] for node in sorts for below in node["Plans"]), default=0)


def trouble(face: Face) -> Iterator[str]:
    cost = cost_of(face.visit, once=True)
    if cost.status != 200:
        yield f"{face.name}: status {cost.status}"
    for statement in filter(attrgetter("plan"), cost.statements):  # counting that took too long was given up
        for table in whole_tables(statement.plan["Plan"]):
            yield f"{face.name}: reads all of {table}: {statement.sql[:300]}"
        if sorted_rows(statement) > MOST_SORTED:
            yield f"{face.name}: sorts {sorted_rows(statement)} rows: {statement.sql[:300]}"


def test_what_reads_is_led_by_indexes(world: World) -> None:
    judged = [face for face in faces(world) if face.name not in EXEMPT]
    assert len(judged) > 200
    found = [line for face in judged if not any(part in face.name for part in READS_ON) for line in trouble(face)]
    assert found == [], "\n".join(found)


def test_who_uses_the_codes_of_a_large_account_is_looked_up_even_where_reading_all_is_allowed(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = on")
    page = next(face for face in faces(world) if face.name == "desk page: account, largest")
    scanned = {table for statement in cost_of(page.visit, once=True).statements for table in statement.scanned}
    assert "codes_filing" not in scanned


@pytest.mark.usefixtures("counted")
def test_a_list_of_the_desk_takes_eight_statements_and_eighty_kibibytes(world: World, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    of_accounts = [face for face in faces(world) if face.name.startswith("desk ") and "account=" in face.name]
    assert len(of_accounts) > 20
    for face in (face for face in of_accounts if "fails" not in face.name or "region_unknown" in face.name):
        cache.clear()
        face.visit()
        cost = cost_of(face.visit, once=True)
        ran = [statement.sql for statement in cost.statements if statement.plan]  # but for what was given up
        assert len(ran) <= MOST_STATEMENTS and cost.kib <= MOST_KIB, (face.name, cost.kib, ran)


@pytest.mark.parametrize("what", ["codeevent: refused=server_isolated", "server: fails=region_unknown"])
def test_a_refusal_that_hardly_occurs_is_found_without_reading_on(world: World, what: str) -> None:
    Server.objects.filter(region__code="ap-nowhere").update(region=Region.objects.get(code="ap-guangzhou"))
    Server.objects.filter(pk=1).update(region=Region.objects.get(code="ap-nowhere"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE servers_server")
    assert most_read(world, f"desk {what}") < SERVERS / 10


def test_servers_by_name_are_not_sorted(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")
    assert most_read(world, "desk server: o=2") < SERVERS / 10


def test_claims_are_found_by_the_servers_named_and_not_the_other_way_round(world: World) -> None:
    lost = [IPClaim(server_id=pk, address=f"198.18.0.{pk}", kind="public", since=world.now) for pk in range(1, 1_001)]
    IPClaim.objects.bulk_create(lost)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE servers_ipclaim")
        for name in ("hashjoin", "mergejoin"):  # as in a large fleet, of which they would read all
            cursor.execute(f"SET LOCAL enable_{name} = off")
    name = Server.objects.get(pk=1).instance_id
    assert most_read_by(lambda: concerning([name])) < SERVERS / 10
    assert [claim.address for claim in concerning([name])] == ["198.18.0.1"]


@pytest.mark.parametrize("claims", [0, 1])
def test_servers_that_no_statistics_know_yet_are_locked_without_reading_a_table_for_each(
    world: World, claims: int
) -> None:
    IPClaim.objects.bulk_create(
        IPClaim(server_id=pk + 1, address="198.18.0.1", kind="public", since=world.now) for pk in range(claims)
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = on")
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'servers_ipaddress'::regclass")
        cursor.execute("UPDATE pg_class SET relpages = 0, reltuples = 0 WHERE relname = 'servers_ipaddress'")
    names = set(Server.objects.values_list("instance_id", flat=True))
    addresses = set(IPAddress.objects.values_list("address", flat=True))
    ran = cost_of(lambda: list(locking(names, addresses)), once=True).statements
    assert max(statement.read for statement in ran) <= 2 * SERVERS


def most_read(world: World, name: str) -> int:
    """The most rows that one step of the page reads of a large table, but for those that count."""
    return most_read_by(next(face.visit for face in faces(world) if face.name == name))


def most_read_by(visit: Callable[[], Any]) -> int:
    """The same of one call."""
    ran = cost_of(visit, once=True).statements
    return max(statement.read_of_large for statement in ran if "COUNT(" not in statement.sql)
