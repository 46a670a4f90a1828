"""System checks: each finds its fault, and a server does not start with one."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.checks import CheckMessage, run_checks

from icpportal import checks, local_env
from icpportal.loading import load_texts

GOOD_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def ids(check: Callable[..., list[CheckMessage]]) -> list[str | None]:
    return [message.id for message in check()]


@pytest.fixture
def production(settings: Any) -> Any:
    settings.SECRET_KEY = "x" * 50
    settings.CODE_KEYS = [GOOD_KEY]
    settings.ALLOWED_HOSTS = ["desk.example.com"]
    return settings


def test_production_settings_pass(production: Any) -> None:
    assert [message for check in checks.ALL for message in check()] == []
    checks.refuse_start_on_errors()


def test_sqlite_must_begin_immediate(monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "DEFERRED"}}
    monkeypatch.setitem(project.DATABASES, "default", sqlite)
    assert ids(checks.sqlite_is_immediate) == ["icpportal.E001"]
    monkeypatch.setitem(project.DATABASES, "default", {"ENGINE": "django.db.backends.postgresql"})
    assert ids(checks.sqlite_is_immediate) == []


@pytest.mark.parametrize("key", ["", project.INSECURE_SECRET_KEY])
def test_a_secret_key_is_needed(production: Any, key: str) -> None:
    production.SECRET_KEY = key
    assert ids(checks.secret_key_is_set) == ["icpportal.E002"]
    production.DEBUG = True
    assert ids(checks.secret_key_is_set) == []


@pytest.mark.parametrize("keys", [[], [project.INSECURE_CODE_KEY], [GOOD_KEY, project.INSECURE_CODE_KEY]])
def test_code_keys_are_needed(production: Any, keys: list[str]) -> None:
    production.CODE_KEYS = keys
    assert ids(checks.code_keys_are_set) == ["icpportal.E003"]


def test_an_audit_key_that_is_short_is_named_by_place_and_not_shown(production: Any) -> None:
    production.AUDIT_KEYS = ["x" * 32, "y" * 31]
    (error,) = checks.audit_keys_are_long()
    assert (error.id, "Key 2 of AUDIT_KEYS" in error.msg, "yyy" in error.msg) == ("icpportal.E020", True, False)


@pytest.mark.parametrize("key", ["short", "é", GOOD_KEY[:-1], GOOD_KEY[:-5] + "ZQ==", "*" + GOOD_KEY[1:]])
def test_a_malformed_code_key_is_named_by_place_and_not_shown(production: Any, key: str) -> None:
    production.CODE_KEYS = [GOOD_KEY, key]
    (message,) = checks.code_keys_are_set()
    assert message.id == "icpportal.E004"
    assert "Key 2 of CODE_KEYS" in message.msg
    assert key not in str(message)


@pytest.mark.parametrize("host", ["desk.example.com", "*", "192.0.2.7"])
def test_debug_beyond_this_machine_is_warned_of(settings: Any, host: str) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", host]
    assert ids(checks.debug_is_local) == ["icpportal.W005"]
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert ids(checks.debug_is_local) == []


def test_another_time_zone_is_refused(settings: Any) -> None:
    settings.TIME_ZONE = "America/Chicago"
    assert ids(checks.time_zone_is_china) == ["icpportal.E006"]


@pytest.mark.parametrize(("limit", "expected"), [(0, ["icpportal.E007"]), (1, []), (5, []), (6, ["icpportal.E007"])])
def test_the_limit_of_codes_is_1_to_5(settings: Any, limit: int, expected: list[str]) -> None:
    settings.CODES_PER_SERVER = limit
    assert ids(checks.policy_is_possible) == expected


def test_a_limit_above_5_names_the_migration(settings: Any) -> None:
    settings.CODES_PER_SERVER = 6
    (message,) = checks.policy_is_possible()
    assert message.hint is not None
    assert "migration in codes" in message.hint


@pytest.mark.parametrize(("months", "expected"), [(0, ["icpportal.E008"]), (1, [])])
def test_the_prepaid_term_is_a_month_or_more(settings: Any, months: int, expected: list[str]) -> None:
    settings.MIN_PREPAID_MONTHS = months
    assert ids(checks.policy_is_possible) == expected


def run_command(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    local_env.make(folder / "env")
    secrets = dict(line.split("=", 1) for line in (folder / "env").read_text().splitlines())
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=project.BASE_DIR,
        env={"PATH": os.environ["PATH"]} | environment | secrets,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("command", ["list_api_clients", "check_invariants"])
def test_a_command_before_migrate_says_so_without_a_traceback(tmp_path: Path, command: str) -> None:
    done = run_command(tmp_path, command, DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3")
    assert done.returncode == 1
    assert done.stderr == "The database lacks tables or columns of this release. Run manage.py migrate first.\n"


def start_server(then: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import icpportal.wsgi; {then}"],
        cwd=project.BASE_DIR,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "sqlite://:memory:"} | environment,
        capture_output=True,
        text=True,
    )


def test_a_server_without_secrets_does_not_start() -> None:
    server = start_server()
    assert server.returncode == 1
    assert "icpportal.E002" in server.stderr
    assert "icpportal.E003" in server.stderr


def test_a_server_with_local_secrets_starts(tmp_path: Path) -> None:
    local_env.make(tmp_path / "env")
    secrets = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    server = start_server(**secrets)
    assert (server.returncode, server.stderr) == (0, "")


def test_a_server_has_loaded_what_it_serves_before_its_processes_part(tmp_path: Path) -> None:
    local_env.make(tmp_path / "env")
    secrets = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    server = start_server(
        "import sys; print('codes.api.codes' in sys.modules, 'codes.views.codes' in sys.modules)", **secrets
    )
    assert server.stdout == "True True\n"


READS_NO_TEXT = """
import builtins, django.utils.translation
from django.template.loader import get_template
builtins.open = None
with django.utils.translation.override("zh-hans"):
    print(ascii(django.utils.translation.gettext("Unused")), get_template("codes/servers.html").origin.template_name)
"""


def test_a_server_reads_no_template_or_catalogue_of_a_release_laid_over_it(tmp_path: Path) -> None:
    local_env.make(tmp_path / "env")
    secrets = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    server = start_server(f"exec({READS_NO_TEXT!r})", **secrets)
    assert (server.stdout, server.stderr) == (ascii("未使用") + " codes/servers.html\n", "")


def test_what_is_no_template_keeps_no_server_from_starting(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "templates/old.d").mkdir(parents=True)
    (tmp_path / "templates/._base.html").write_bytes(b"\0\5\x16\7\xa3")
    settings.BASE_DIR = tmp_path
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path / "templates"]}]
    load_texts()


def test_a_command_is_silent_about_mail_that_is_not_set_and_a_deployment_is_not(production: Any) -> None:
    production.DEBUG, production.SITE_URL = False, ""
    said = [message.id for message in run_checks()]
    assert "icpportal.W009" not in said
    assert "icpportal.W009" in [message.id for message in run_checks(include_deployment_checks=True)]


def test_a_command_without_a_database_says_so_in_one_line(tmp_path: Path) -> None:
    for url in ("postgres://nobody@127.0.0.1:1/none", f"sqlite:///{tmp_path}/nowhere/x.sqlite3"):
        done = run_command(tmp_path, "list_api_clients", DATABASE_URL=url)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert done.stderr.startswith("The database is not available: ")


@pytest.mark.parametrize(("arguments", "shown"), [([], "Interrupted.\n"), (["--traceback"], "KeyboardInterrupt\n")])
def test_a_command_that_is_interrupted_says_so(tmp_path: Path, arguments: list[str], shown: str) -> None:
    url = f"sqlite:///{tmp_path}/x.sqlite3"
    done = run_command(tmp_path, "shell", "-c", "raise KeyboardInterrupt", *arguments, DATABASE_URL=url)
    assert done.returncode == (130 if not arguments else -signal.SIGINT)
    assert done.stderr.startswith("Traceback") == bool(arguments) and done.stderr.endswith(shown)


BREAKS_A_CONSTRAINT = """
from django.db import connection
cursor = connection.cursor()
cursor.execute("CREATE TABLE a (id integer PRIMARY KEY)")
cursor.execute("CREATE TABLE b (a integer REFERENCES a (id))")
cursor.execute("INSERT INTO b VALUES (1)")
"""
USES_A_CLOSED_CURSOR = "from django.db import InterfaceError; raise InterfaceError('the cursor is closed')"


@pytest.mark.parametrize("code", [BREAKS_A_CONSTRAINT, USES_A_CLOSED_CURSOR])
def test_a_command_that_errs_does_not_blame_the_database(tmp_path: Path, code: str) -> None:
    done = run_command(tmp_path, "shell", "-c", code, DATABASE_URL=f"sqlite:///{tmp_path}/x.sqlite3")
    assert done.returncode == 1 and "is not available" not in done.stderr


def test_a_command_shows_where_it_lost_the_database_if_asked(tmp_path: Path) -> None:
    url = "postgres://nobody@127.0.0.1:1/none"
    done = run_command(tmp_path, "list_api_clients", "--traceback", DATABASE_URL=url)
    assert done.returncode == 1 and done.stderr.startswith("Traceback") and "OperationalError" in done.stderr
