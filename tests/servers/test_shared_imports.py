"""Imports that processes share end as one process would have ended them."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from codes import services
from codes.audit import Audit, Fault
from codes.choices import Channel
from codes.models import CodeEvent
from servers.inventory import batches, sheet_import
from servers.models import FeedRun, Server
from tests.factories import make_account
from tests.servers.feeding import address, address_list, addresses, counts, instance, instances, put, take
from tests.servers.sheets import table, take_sheet

pytestmark = [
    pytest.mark.usefixtures("own_database"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)


def responses() -> list[dict[str, Any]]:
    """Twelve rows: two bad ones, one instance twice, an address that three claim and one that moves."""
    ips = [[f"203.0.113.{n}"] for n in range(12)]
    ips[2] = ips[9] = ips[11] = ["203.0.113.99"]
    ips[0], ips[10] = [], ["203.0.113.50"]  # what ins-0 had
    rows = [instance(f"ins-{n}", InstanceName=f"new-{n}", PublicIpAddresses=held) for n, held in enumerate(ips)]
    rows[4]["InstanceState"], rows[7] = "?", {}
    rows[8] = instance("ins-1", InstanceName="last", PublicIpAddresses=["203.0.113.8"])
    elastic = address("203.0.113.77", AddressType="EIP", InstanceId="ins-5")
    return [instances(*rows[:5], total=12), address_list(elastic), instances(*rows[5:], total=12)]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_responses_that_processes_share_become_the_same(processes: int) -> None:
    account = make_account()
    put(account, instance_id="ins-0")
    put(account, instance_id="ins-10", ips=())
    take(account, instances(instance("ins-0", PublicIpAddresses=["203.0.113.50"])))
    tally = take(account, *responses(), processes=processes)
    assert counts(tally) == (7, 2, 0, 2)
    assert sorted(row.id or "" for row in tally.rejected) == ["", "ins-4"]
    assert Server.objects.get(instance_id="ins-1").name == "last" and addresses("ins-1") == ["203.0.113.8"]
    assert addresses("ins-11") == ["203.0.113.99"] and addresses("ins-2") == addresses("ins-9") == []
    assert addresses("ins-10") == ["203.0.113.50"] and addresses("ins-0") == []
    assert addresses("ins-5") == ["203.0.113.5", "203.0.113.77"]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_a_sheet_that_processes_share_gets_the_same_verdicts(processes: int) -> None:
    make_account(uid="100000000001")
    before = [{"instance_id": f"ins-{n}", "ips": f"203.0.113.{n} public"} for n in range(9)]
    take_sheet(table(*before))
    rows = [row | {"name": "other"} for row in before]
    rows[1] |= {"name": "web-1", "ips": ""}  # loses its address to a later row, or before that
    rows[8] |= {"ips": "203.0.113.1 public"}
    rows[6] |= {"ips": "203.0.113.3 public"}  # in line 5 already
    rows += [{"instance_id": "ins-2"}, {"instance_id": "ins-x", "account": "u-none", "ips": ""}]
    verdicts, work = take_sheet(table(*rows), processes=processes)
    told = [(verdict.line, str(verdict.wrong[0][1])) for verdict in verdicts if verdict.wrong]
    assert told == [
        (8, "203.0.113.3 is in line 5 already."),
        (11, "ins-2 is in line 4 already."),
        (12, "There is no account u-none."),
    ]
    assert work.total == {"updated": 8, "rejected": 3}
    assert addresses("ins-8") == ["203.0.113.1"] and addresses("ins-1") == [] and addresses("ins-6") == ["203.0.113.6"]


def audited() -> Iterator[Fault]:
    return Audit(until=CodeEvent.objects.latest("pk").pk).faults()


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> str:
    call_command("import_inventory", *map(str, arguments), "--processes", "2")
    return capsys.readouterr().out


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1})


@pytest.mark.usefixtures("two_processors")
def test_the_command_shares_responses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account = make_account()
    put(account, instance_id="ins-gone", ips=())
    rows = [instance(f"ins-{n}", PublicIpAddresses=[f"203.0.113.{n}"]) for n in range(7)]
    path = tmp_path / "responses.json"
    path.write_text("\n".join(json.dumps(instances(row, total=7)) for row in rows))
    out = run(path, "--account", account.uid, "--complete", capsys=capsys)
    assert out.endswith("7 created, 1 updated, 0 unchanged, 0 rejected.\n")
    events = CodeEvent.objects.filter(channel=Channel.COMMAND)
    assert sorted(events.values_list("server__instance_id", flat=True)) == [f"ins-{n}" for n in range(7)] + ["ins-gone"]
    assert not list(audited())
    assert (FeedRun.objects.get().created, FeedRun.objects.get().updated) == (7, 1)


@pytest.mark.usefixtures("two_processors")
def test_the_command_shares_a_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account = make_account(uid="100000000001")
    rows = [{"instance_id": f"ins-{n}", "ips": f"203.0.113.{n} public"} for n in range(7)]
    rows[4]["state"] = "x"
    path = tmp_path / "servers.csv"
    path.write_text(table(*rows))
    for arguments, said in ([["--dry-run"], "Nothing was done. It would be: "], [[], ""]):
        out = run("--csv", path, *arguments, capsys=capsys).splitlines()
        assert out[-1] == f"{said}6 created, 0 updated, 0 unchanged, 1 rejected."
        assert [line.partition(":")[0] for line in out if "rejected ins" in line] == ["rejected ins-4 (line 6, state)"]
        assert Server.objects.count() == (0 if said else 6)
    assert FeedRun.objects.get(account=account).created == 6


@pytest.mark.usefixtures("two_processors")
def test_a_killed_process_is_told_and_what_was_taken_in_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = services.record_server_changes

    def kill_at_the_fifth(changes: list[tuple[Server, Any]], **said: Any) -> None:
        record(changes, **said)
        if any(server.instance_id == "ins-5" for server, _detail in changes):
            os.kill(os.getpid(), signal.SIGKILL)

    account = make_account()
    path = tmp_path / "responses.json"
    path.write_text(json.dumps(instances(*(instance(f"ins-{n}", PublicIpAddresses=[]) for n in range(8)))))
    with monkeypatch.context() as meanwhile, pytest.raises(CommandError, match="killed"):
        meanwhile.setattr(services, "record_server_changes", kill_at_the_fifth)
        run(path, "--account", account.uid, capsys=capsys)
    there = set(Server.objects.values_list("instance_id", flat=True))
    assert {"ins-0", "ins-1"} <= there and not there & {"ins-4", "ins-5"}
    run(path, "--account", account.uid, capsys=capsys)
    assert Server.objects.count() == 8 and not list(audited())


@pytest.mark.usefixtures("two_processors")
def test_a_killed_process_of_a_dry_run_has_done_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account(uid="100000000001")
    path = tmp_path / "servers.csv"
    path.write_text(table(*({"instance_id": f"ins-{n}", "ips": ""} for n in range(4))))
    monkeypatch.setattr(sheet_import, "write_stated", lambda *given, **said: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(CommandError, match=r"^A process was killed; nothing was done\.$"):
        run("--csv", path, "--dry-run", capsys=capsys)


@pytest.mark.usefixtures("two_processors")
def test_a_process_that_loses_its_connection_says_what_the_database_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(changes: list[tuple[Server, Any]], **said: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(services, "record_server_changes", cut)
    path = tmp_path / "responses.json"
    path.write_text(json.dumps(instances(*(instance(f"ins-{n}", PublicIpAddresses=[]) for n in range(8)))))
    with pytest.raises(OperationalError, match="terminating connection") as raised:
        run(path, "--account", make_account().uid, capsys=capsys)
    assert getattr(raised.value.__cause__, "sqlstate", "") == "57P01"
    assert not Server.objects.exists()
