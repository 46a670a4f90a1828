"""`python -m bench write`: servers taken in from files, beside a raw COPY of the same rows in the same run.

Raw COPY is what the database alone can do: ready rows of servers and of their IPs into the real tables with all their
indexes and constraints, without a check, a verdict or an event. An import does all of that besides. Needs no wrk.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from bench.peak import peak
from bench.server import postgres_cpu_seconds

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
PAGE = 100  # instances of one response
MOST_ROWS = 100_000  # that the desk takes at once
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
BOUGHT, ENDS = NOW - timedelta(days=100), NOW + timedelta(days=300)


@dataclass(frozen=True)
class Work:
    """What one kind of work took, in all its processes. CPU in microseconds a server, memory in MiB over idle."""

    rate: float
    app: float
    db: float
    memory: float


def measure(work: Callable[[], None]) -> Work:
    """Do it once, for ROWS servers."""
    with peak() as memory:
        began, app, db = time.perf_counter(), sum(os.times()[:4]), postgres_cpu_seconds()
        work()
        took = time.perf_counter() - began
        app, db = sum(os.times()[:4]) - app, postgres_cpu_seconds() - db
        return Work(ROWS / took, app / ROWS * 1e6, db / ROWS * 1e6, memory())


def show(name: str, work: Work, copy: Work) -> None:
    by_cpu = (copy.app + copy.db) / (work.app + work.db)
    numbers = f"{work.rate:>10.0f}{work.rate / copy.rate:>8.3f}{by_cpu:>8.3f}"
    numbers += f"{work.app:>8.0f}{work.db:>8.0f}{work.memory:>8.0f}"
    print(f"{name:<38}{numbers}", flush=True)


def main(arguments: list[str]) -> None:
    """Print the table."""
    django.setup()
    from django.db import connection

    call_command("migrate", verbosity=0)
    print(f"{ROWS} servers with one IP each on {connection.vendor}, CPU in microseconds a server, memory in MiB")
    print(f"{'':<38}{'rows/s':>10}{'x COPY':>8}{'by CPU':>8}{'app':>8}{'db':>8}{'memory':>8}")
    copy = measure(_copy)
    show("raw COPY" if connection.vendor == "postgresql" else "raw executemany", copy, copy)
    _empty()
    with _file(_responses()) as path:
        show("responses, all new", measure(partial(_import, path)), copy)
        show("responses, nothing changed", measure(partial(_import, path)), copy)
    with _file(_responses(name="renamed")) as path:
        show("responses, every server changed", measure(partial(_import, path)), copy)
    with _file(_sheet()) as path:
        show("spreadsheet, every server changed", measure(partial(_import_sheet, path)), copy)
        show("spreadsheet, nothing changed", measure(partial(_import_sheet, path)), copy)
    if ROWS > MOST_ROWS:
        return
    desk = _desk()
    with _file(_sheet(name="desk")) as path, open(path, "rb") as file:
        show("desk: uploaded and judged", measure(partial(_post, desk, "import/", {"file": file})), copy)
    show("desk: taken in, every server changed", measure(partial(_take_in, desk)), copy)


# Raw


def _copy() -> None:
    from django.db import connection, transaction

    from servers.models import Account, Region

    account, _new = Account.objects.get_or_create(uid="100000000001", defaults={"name": "Bench"})
    region = Region.objects.get(code="ap-guangzhou")
    columns = "id, instance_id, account_id, region_id, name, billing_mode, purchased_at, expires_at, prepaid_months, "
    columns += "prepaid_months_stated, state, state_since, public_ip_assigned, version, facts_at"
    facts = ("prepaid", BOUGHT, ENDS, 13, False, "running", NOW, True, 0, NOW)
    servers = ((n + 1, _name(n), account.pk, region.pk, f"web-{n}", *facts) for n in range(ROWS))
    ips = ((n + 1, n + 1, _address(n), "public", NOW, 0, None, None) for n in range(ROWS))
    with transaction.atomic(), connection.cursor() as cursor:
        _load(cursor, "servers_server", columns, servers)
        columns = "id, server_id, address, kind, assigned_at, position, expires_at, released_at"
        _load(cursor, "servers_ipaddress", columns, ips)


def _load(cursor: Any, table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    from django.db import connection

    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns.split(", ")))
    texts = ([str(value) if isinstance(value, datetime) else value for value in row] for row in rows)
    connection.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", texts)


def _empty() -> None:
    """Nothing of the raw rows is left in the way, neither rows nor bloat."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("servers_ipaddress", "servers_server"):
            cursor.execute(f"DELETE FROM {table}")
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM FULL servers_ipaddress, servers_server")


# The import


def _import(path: str) -> None:
    with open(os.devnull, "w") as nothing:
        call_command("import_inventory", path, account="100000000001", stdout=nothing, stderr=nothing)


def _import_sheet(path: str) -> None:
    with open(os.devnull, "w") as nothing:
        call_command("import_inventory", csv=path, stdout=nothing, stderr=nothing)


def _desk() -> Any:
    """A superuser's browser."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    staff = User.objects.create_superuser("bench", "bench@example.com", "-")
    client.force_login(staff, backend="icpportal.sign_in.people.PeopleBackend")
    return client


def _post(desk: Any, address: str, said: dict[str, Any]) -> None:
    answer = desk.post(f"/admin/servers/server/{address}", said)
    if answer.status_code != 200 or b"verdict" not in answer.getvalue():
        raise SystemExit(f"The desk answered {answer.status_code}.")


def _take_in(desk: Any) -> None:
    from servers.models import ServerFile

    kept = ServerFile.objects.latest("pk")
    _post(desk, f"import/{kept.pk}/apply/", {"digest": kept.digest})
    taken = ServerFile.objects.get(pk=kept.pk)
    if taken.applied_at is None or taken.updated != ROWS:
        raise SystemExit("The desk did not take the file in.")


def _sheet(*, name: str = "sheet") -> Iterator[bytes]:
    """The same servers, as `export_inventory --csv` writes them."""
    from servers.inventory.cells import COLUMNS, write_time

    yield ",".join(COLUMNS).encode() + b"\r\n"
    term = f"{write_time(BOUGHT)},{write_time(ENDS)}"
    for n in range(ROWS):
        facts = f"{_name(n)},100000000001,{name}-{n},ap-guangzhou,prepaid,{term},running,true,{_address(n)} public,,"
        yield facts.encode() + b"\r\n"


def _responses(*, name: str = "web") -> Iterator[bytes]:
    """The provider's own pages, a line each."""
    for start in range(0, ROWS, PAGE):
        rows = [_instance(n, name) for n in range(start, min(start + PAGE, ROWS))]
        yield json.dumps({"Response": {"TotalCount": ROWS, "InstanceSet": rows, "RequestId": "r"}}).encode() + b"\n"


def _instance(n: int, name: str) -> dict[str, Any]:
    return {
        "Placement": {"Zone": "ap-guangzhou-3", "HostId": None, "ProjectId": 0},
        "InstanceId": _name(n),
        "InstanceType": "S5.SMALL2",
        "CPU": 1,
        "Memory": 2,
        "InstanceName": f"{name}-{n}",
        "InstanceChargeType": "PREPAID",
        "PrivateIpAddresses": ["10.0.0.7"],
        "PublicIpAddresses": [_address(n)],
        "InternetAccessible": {"InternetMaxBandwidthOut": 5, "PublicIpAssigned": True},
        "CreatedTime": f"{BOUGHT:%Y-%m-%dT%H:%M:%SZ}",
        "ExpiredTime": f"{ENDS:%Y-%m-%dT%H:%M:%SZ}",
        "InstanceState": "RUNNING",
        "RestrictState": "NORMAL",
    }


def _name(n: int) -> str:
    return f"ins-{n * 2_654_435_761 % 2**32:08x}"  # in no order, as real ones are


def _address(n: int) -> str:
    return f"{11 + (n >> 24)}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


# Files


@contextmanager
def _file(parts: Iterator[bytes]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "inventory")
        with path.open("wb") as file:
            file.writelines(parts)
        yield str(path)
