"""A spreadsheet taken in: a verdict a row, by the rules of a server that a feed puts."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from servers.inventory.batches import BATCH
from servers.inventory.cells import COLUMNS
from servers.inventory.facts import computed_months
from servers.inventory.sheet_export import export, template
from servers.models import Account, FeedRun, IPAddress, Region, Server
from tests.factories import NOW, make_account, make_ip, make_server
from tests.servers.feeding import Heard, addresses, put, stored
from tests.servers.sheets import results, rows_of, table, take_sheet

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def account() -> Account:
    return make_account(uid="100000000001")


def test_rows_are_created_updated_and_left_alone(account: Account) -> None:
    heard = Heard()
    assert results(table({}), heard=heard) == ["created"]
    assert heard == [("ins-a", account.uid, {"created": [None, "ins-a"]})]
    assert addresses() == ["203.0.113.7"]
    heard.clear()
    assert results(table({}), heard=heard, now=LATER) == ["unchanged"]
    assert heard == [] and stored().facts_at == LATER
    assert results(table({"name": "web-2"}), heard=heard) == ["updated"]
    assert heard == [("ins-a", account.uid, {"name": ["web-1", "web-2"]})]


def test_an_empty_version_keeps_the_stored_one(account: Account) -> None:
    put(account, version=17)
    assert results(table({"name": "web-2"})) == ["updated"]
    assert (stored().version, stored().name) == (17, "web-2")


def test_a_version_decides_as_it_does_for_a_feed(account: Account) -> None:
    results(table({"version": "17"}))
    verdicts, _work = take_sheet(table({"version": "16"}))
    assert [(verdict.result, verdict.wrong[0][0]) for verdict in verdicts] == [("rejected", "version")]
    assert "Version 17 is known already" in str(verdicts[0].wrong[0][1])
    assert results(table({"version": "17"})) == ["unchanged"]
    verdicts, _work = take_sheet(table({"version": "17", "name": "web-2"}))
    assert "known with another name: raise the version" in str(verdicts[0].wrong[0][1])
    heard = Heard()
    assert results(table({"version": "18"}), heard=heard) == ["unchanged"]
    assert heard == [] and stored().version == 18


def test_a_refused_row_takes_no_address_and_hinders_no_other(account: Account) -> None:
    put(account, version=17, ips=())
    holder = make_server(instance_id="ins-h", account=account, with_ip=False)
    make_ip(server=holder, address="203.0.113.7")
    data = table({"version": "17", "name": "x"}, {"instance_id": "ins-b", "ips": "203.0.113.8 public"})
    assert results(data) == ["rejected", "created"]
    assert (addresses("ins-a"), addresses("ins-h"), addresses("ins-b")) == ([], ["203.0.113.7"], ["203.0.113.8"])


def test_a_terminated_server_changes_no_more(account: Account) -> None:
    results(table({"state": "terminated"}))
    assert results(table({"state": "terminated"})) == ["unchanged"]
    verdicts, _work = take_sheet(table({}))
    assert [(column, str(detail)) for column, detail in verdicts[0].wrong] == [
        ("state", "The server is terminated here, and that is final.")
    ]


def test_an_unknown_account_rejects_the_row_alone(account: Account) -> None:
    verdicts, work = take_sheet(table({"account": "nobody"}, {"instance_id": "ins-b", "ips": ""}))
    assert [verdict.result for verdict in verdicts] == ["rejected", "created"]
    assert str(verdicts[0].wrong[0][1]) == "There is no account nobody."
    assert work.counts == {account: {"created": 1}}


def test_all_that_is_wrong_with_a_row_is_said_its_unknown_account_too(account: Account) -> None:
    verdicts, work = take_sheet(
        table({"account": "nobody", "state": "asleep"}, {"state": "asleep"}, {"account": "", "state": "asleep"})
    )
    assert [[column for column, _detail in verdict.wrong] for verdict in verdicts] == [
        ["state", "account"], ["state", "instance_id"], ["account", "state", "instance_id"],
    ]  # fmt: skip
    assert work.counts == {account: {"rejected": 1}}


def test_another_account_gets_the_server(account: Account) -> None:
    put(make_account(uid="u-2"), version=3)
    heard = Heard()
    assert results(table({"expires_at": "2027-04-30 16:00"}), heard=heard) == ["updated"]
    assert [(uid, detail["account"]) for _name, uid, detail in heard] == [
        ("u-2", ["u-2", None]), (account.uid, ["u-2", account.uid]),
    ]  # fmt: skip


def test_who_loses_an_address_to_an_earlier_row_is_updated(account: Account) -> None:
    results(table({}, {"instance_id": "ins-b", "ips": ""}))
    assert results(table({"instance_id": "ins-b"}, {"ips": ""})) == ["updated", "updated"]
    assert (addresses("ins-a"), addresses("ins-b")) == ([], ["203.0.113.7"])


def test_a_dry_run_says_the_same_and_does_nothing(account: Account) -> None:
    results(table({}))
    heard = Heard()
    data = table({"name": "other"}, {"instance_id": "ins-b", "ips": "", "region": "mars-1"}, {"instance_id": "?"})
    assert results(data, is_dry=True, heard=heard) == ["updated", "created", "rejected"]
    assert heard == [] and stored().name == "web-1"
    assert Server.objects.count() == 1 and not Region.objects.filter(code="mars-1").exists()
    assert results(data) == ["updated", "created", "rejected"]


def test_many_rows_need_few_statements(account: Account, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    rows = [{"instance_id": f"ins-{n}", "ips": f"198.51.{n // 250}.{n % 250} public"} for n in range(BATCH + 500)]
    with django_assert_max_num_queries(2 * 16):
        assert set(results(table(*rows))) == {"created"}
    with django_assert_max_num_queries(2 * 12):
        assert set(results(table(*rows))) == {"unchanged"}


def test_of_many_servers_each_gets_what_changed_of_it(account: Account) -> None:
    rows = [{"instance_id": f"ins-{n}", "ips": f"203.0.113.{n} public", "version": "1"} for n in range(60)]
    take_sheet(table(*rows))
    rows[7] |= {"name": "other", "version": "2"}
    rows[8] |= {"state": "stopped", "version": "2"}
    rows[9] |= {"expires_at": "2027-03-31 16:00:00", "prepaid_months": "13", "version": "2"}
    rows = [row | {"version": "3"} if n > 9 else row for n, row in enumerate(rows)]
    assert results(table(*rows), now=LATER) == ["unchanged"] * 7 + ["updated"] * 3 + ["unchanged"] * 50
    told = {
        server.instance_id: (server.name, server.state, server.prepaid_months, server.prepaid_months_stated)
        for server in Server.objects.all()
    }
    assert told.pop("ins-7") == ("other", "running", 12, False)
    assert told.pop("ins-8") == ("web-1", "stopped", 12, False)
    assert told.pop("ins-9") == ("web-1", "running", 13, True)
    assert set(told.values()) == {("web-1", "running", 12, False)}
    assert [stored(f"ins-{n}").version for n in (0, 7, 10, 59)] == [1, 2, 3, 3]
    assert (stored("ins-8").state_since, stored("ins-9").state_since) == (LATER, NOW)
    assert set(Server.objects.values_list("facts_at", flat=True)) == {LATER}


# The commands


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    call_command(*arguments)
    return capsys.readouterr().out


def test_the_command_names_line_and_column_and_records_a_run(account: Account, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "servers.csv"
    path.write_text(table({}, {"instance_id": "ins-b", "state": "x", "ips": ""}))
    out = run("import_inventory", "--csv", str(path), "--dry-run", capsys=capsys)
    assert "Nothing was done. It would be: 1 created, 0 updated, 0 unchanged, 1 rejected." in out
    assert not Server.objects.exists() and not FeedRun.objects.exists()
    out = run("import_inventory", "--csv", str(path), capsys=capsys)
    assert "rejected ins-b (line 3, state): “x” is unknown: write one of running" in out
    assert "\n1 created, 0 updated, 0 unchanged, 1 rejected.\n" in out
    (record,) = FeedRun.objects.all()
    assert (record.account, record.created, record.rejected, record.actor) == (account, 1, 1, "system")
    assert stored().events.get().channel == "command"


@pytest.mark.parametrize(
    "arguments",
    [["--csv", "x.csv", "--account", "u-1"], ["--csv", "x.csv", "y.json"], ["--dry-run", "y.json"], ["y.json"], []],
)
def test_the_command_refuses_mixtures(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("import_inventory", *arguments)
    assert refused.value.returncode == 2


def test_the_command_says_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_inventory", "--csv", str(tmp_path / "none.csv"))


NASTY = [
    'a "quoted" name, with commas; and more', "=1+1", "'=1+1", "+86", "-x", "@x", "line\nbreak\r\nand\ttab", "青山 🏔",
    " spaced ", "", "'plain'", "''",
]  # fmt: skip


def make_fleet() -> None:
    for n, name in enumerate(NASTY):
        server = make_server(instance_id=f"ins-{n}", name=name, with_ip=False)
        make_ip(server=server, address=f"203.0.113.{n}")
    make_ip(server=server, address="2001:db8::1", kind="elastic", expires_at=NOW + timedelta(days=3, microseconds=1))
    make_server(instance_id="ins-paid", billing_mode="pay_as_you_go", expires_at=None, prepaid_months=0)
    make_server(instance_id="ins-stated", prepaid_months=7, prepaid_months_stated=True, version=2**63 - 1)
    put(make_account(uid="u-gone"), instance_id="ins-gone", state="terminated", ips=())


def facts_of_all() -> list[object]:
    servers = Server.objects.order_by("pk").values_list()
    ips = IPAddress.objects.order_by("pk").values_list()
    return [[row[:-1] for row in servers], list(ips)]  # all but facts_at


def test_a_round_trip_loses_nothing_and_changes_nothing() -> None:
    make_fleet()
    for server in Server.objects.filter(prepaid_months_stated=False):
        server.prepaid_months = computed_months(server.purchased_at, server.expires_at)
        server.save()
    before = facts_of_all()
    data = b"".join(export(Server.objects.order_by("pk")))
    heard = Heard()
    verdicts, _work = take_sheet(data, now=LATER, heard=heard)
    assert {(verdict.result, verdict.wrong) for verdict in verdicts} == {("unchanged", ())}
    assert len(verdicts) == len(NASTY) + 3 and heard == []
    assert facts_of_all() == before
    names = [row.facts.name for row in rows_of(data) if row.facts][: len(NASTY)]
    assert names == NASTY


def test_no_exported_cell_runs_in_a_spreadsheet() -> None:
    make_fleet()
    text = b"".join(export(Server.objects.order_by("pk"))).decode("utf-8-sig")
    assert "'=1+1" in text and ",=1+1" not in text and ",+86" not in text


def test_an_export_may_be_of_one_account(capsys) -> None:  # type: ignore[no-untyped-def]
    make_fleet()
    out = run("export_inventory", "--csv", "--account", "u-gone", capsys=capsys)
    assert out.lstrip("\ufeff").splitlines()[0] == ",".join(COLUMNS)
    assert [row.instance_id for row in rows_of(out)] == ["ins-gone"]
    with pytest.raises(CommandError, match="There is no account u-none"):
        call_command("export_inventory", "--csv", "--account", "u-none")


def test_an_export_reads_a_chunk_by_one_statement(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_fleet()
    with django_assert_max_num_queries(2):
        assert len(rows_of(b"".join(export(Server.objects.order_by("pk"))))) == len(NASTY) + 3


def test_the_template_can_be_taken_in(account: Account) -> None:
    (row,) = rows_of(template())
    assert row.wrong == ()
