"""Values from the environment: what is taken, and how a malformed one is refused."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from icpportal import databases, env, local_env

ROOT = Path(__file__).parent.parent
RATES = {"calls": 6000, "unknown_codes": 60}
ENVIRONMENT = {
    "ALLOWED_HOSTS": "desk.example.com",
    "AUDIT_KEYS": "new,old",
    "CODES_PER_SERVER": "4",
    "CODE_KEYS": "newest,older",
    "CONN_MAX_AGE": "30",
    "CSRF_TRUSTED_ORIGINS": "https://forms.example.com",
    "DATABASE_URL": "postgres://desk@db.example.com/codes",
    "DEBUG": "no",
    "DEMO": "1",
    "ELASTIC_IP_ALLOWED": "1",
    "EMAIL_FROM": "Codes <codes@example.com>",
    "EMAIL_URL": "smtps://mail.example.com",
    "FEED_LATE_AFTER": "90",
    "LOG_LEVEL": "warning",
    "MIN_PREPAID_MONTHS": "6",
    "PREPARE_STATEMENTS": "0",
    "REVEALS_BEFORE_CONFIRMING": "3",
    "SECRET_KEY": "the deployment's own",
    "SECURE_SSL_REDIRECT": "0",
    "SITE_URL": "https://desk.example.com/",
    "STAFF_ONE_TIME_CODES": "1",
    "TENCENTCLOUD_ENDPOINT": "https://proxy.example.com:8443",
    "THROTTLE_RATES": "unknown_codes=5",
    "TRUSTED_PROXY": "1",
    "WEBHOOK_ALLOW_PRIVATE": "1",
}
MEANS = {
    "ALLOWED_HOSTS": ["desk.example.com"],
    "AUDIT_KEYS": ["new", "old"],
    "CODES_PER_SERVER": 4,
    "CODE_KEYS": ["newest", "older"],
    "CSRF_TRUSTED_ORIGINS": ["https://forms.example.com"],
    "DEBUG": False,
    "DEMO": True,
    "ELASTIC_IP_ALLOWED": True,
    "DEFAULT_FROM_EMAIL": "Codes <codes@example.com>",
    "SERVER_EMAIL": "Codes <codes@example.com>",
    "EMAIL_HOST": "mail.example.com",
    "EMAIL_USE_SSL": True,
    "FEED_LATE_AFTER": 90,
    "LOG_LEVEL": "WARNING",
    "MIN_PREPAID_MONTHS": 6,
    "REVEALS_BEFORE_CONFIRMING": 3,
    "SECRET_KEY": "the deployment's own",
    "SECURE_SSL_REDIRECT": False,
    "SECURE_HSTS_SECONDS": 0,
    "SESSION_COOKIE_NAME": "sessionid",
    "SITE_URL": "https://desk.example.com",
    "STAFF_ONE_TIME_CODES": True,
    "TENCENTCLOUD_ENDPOINT": "https://proxy.example.com:8443",
    "THROTTLE_RATES": {"calls": 6000, "unknown_codes": 5},
    "TRUSTED_PROXY": 1,
    "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
    "WEBHOOK_ALLOW_PRIVATE": True,
}
PRINT = "import json; from icpportal import settings; print(json.dumps(vars(settings), default=str, skipkeys=True))"


def settings_under(environment: dict[str, str]) -> dict[str, object]:
    """What a process that is started so has for settings; of the names above nothing else is set."""
    others = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    command = [sys.executable, "-c", PRINT]
    printed = subprocess.run(command, cwd=ROOT, env=others | environment, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(printed.stdout)
    return found


def test_every_setting_is_what_the_environment_says() -> None:
    source = (ROOT / "icpportal" / "settings.py").read_text()
    assert set(re.findall(r'\benv\.\w+\("([A-Z_]+)"', source)) == ENVIRONMENT.keys()
    found: dict[str, object] = settings_under(ENVIRONMENT)
    assert {name: found[name] for name in MEANS} == MEANS
    database = found["DATABASES"]["default"]  # type: ignore[index]
    assert (database["HOST"], database["NAME"], database["CONN_MAX_AGE"]) == ("db.example.com", "codes", 30)
    assert database["OPTIONS"]["prepare_threshold"] is None


def test_without_an_environment_everything_is_strict() -> None:
    found = settings_under({})
    strict = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "STAFF_ONE_TIME_CODES")
    assert [found[name] for name in strict] == [True] * 4
    assert [found[name] for name in ("DEBUG", "DEMO", "SECRET_KEY", "CODE_KEYS", "ALLOWED_HOSTS")] == [
        *(False, False),
        *("", [], []),
    ]
    assert found["SESSION_COOKIE_NAME"] == "__Host-sessionid"


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("true", True), ("TRUE", True), ("0", False), ("false", False)]
)
def test_a_flag_is_1_true_0_or_false(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("DEMO", value)
    assert env.flag("DEMO", default=not expected) is expected


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DEMO", value)
    assert env.flag("DEMO", default=True) is True
    assert env.number("DEMO", default=7) == 7
    assert env.words("DEMO") == []
    assert env.rates("DEMO", default=RATES) == RATES


def test_a_malformed_flag_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "maybe")
    with pytest.raises(ImproperlyConfigured, match="DEMO must be 1, true, 0 or false, not 'maybe'"):
        env.flag("DEMO", default=False)


@pytest.mark.parametrize("value", ["five", "-1", "1.5", "٣"])
def test_a_malformed_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CODES_PER_SERVER", value)
    with pytest.raises(ImproperlyConfigured, match="CODES_PER_SERVER must be a whole number"):
        env.number("CODES_PER_SERVER", default=5)


def test_words_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", " localhost, 127.0.0.1,,[::1] ")
    assert env.words("ALLOWED_HOSTS") == ["localhost", "127.0.0.1", "[::1]"]


def test_rates_are_read_and_the_rest_keeps_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROTTLE_RATES", "calls=10")
    assert env.rates("THROTTLE_RATES", default=RATES) == {"calls": 10, "unknown_codes": 60}


@pytest.mark.parametrize("value", ["calls", "calls=", "calls=0", "calls=-5", "calls=many", "other=5", "10"])
def test_malformed_rates_are_refused_with_an_example(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THROTTLE_RATES", value)
    with pytest.raises(ImproperlyConfigured, match="THROTTLE_RATES must look like calls=6000,unknown_codes=60"):
        env.rates("THROTTLE_RATES", default=RATES)


def test_an_unknown_log_level_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL must be one of INFO, ERROR"):
        env.choice("LOG_LEVEL", default="INFO", choices=("INFO", "ERROR"))


def test_no_database_url_means_embedded_sqlite_in_a_folder_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "var" / "db.sqlite3"
    database = databases.from_url("", embedded=file, conn_max_age=600)
    assert (database["ENGINE"], database["NAME"]) == ("django.db.backends.sqlite3", file)
    assert file.parent.is_dir()


@pytest.mark.parametrize("url", ["", "sqlite:////srv/desk.sqlite3", "sqlite://:memory:"])
def test_sqlite_begins_immediate_and_waits(url: str, tmp_path: Path) -> None:
    database = databases.from_url(url, embedded=tmp_path / "db.sqlite3", conn_max_age=600)
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_postgresql_bounds_its_waits_and_keeps_its_connections(tmp_path: Path) -> None:
    url = "postgres://desk:s3cret@db:5432/desk?options=-c%20statement_timeout%3D9000"
    database = databases.from_url(url, embedded=tmp_path / "x", conn_max_age=30)
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (30, False)
    assert "lock_timeout=3000" in database["OPTIONS"]["options"]
    assert "statement_timeout=9000" in database["OPTIONS"]["options"]
    assert all(f"-c {name}=off" in database["OPTIONS"]["options"] for name in ("enable_memoize", "jit"))
    assert database["OPTIONS"]["server_side_binding"] is True
    assert (database["OPTIONS"]["tcp_user_timeout"], database["OPTIONS"]["keepalives_idle"]) == (15_000, 10)
    assert database["OPTIONS"]["prepare_threshold"] == 5


def test_statements_are_not_prepared_behind_a_pooler_that_cannot(tmp_path: Path) -> None:
    url = "postgres://desk:s3cret@db:5432/desk"
    database = databases.from_url(url, embedded=tmp_path / "x", conn_max_age=30, prepares=False)
    assert database["OPTIONS"]["prepare_threshold"] is None


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "postgres://u:s3cret@db",
        "mysql://u:s3cret@db/x",
        "postgres://u:s3cret@db:p/x",
    ],
)
def test_a_malformed_database_url_is_refused_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like") as caught:
        databases.from_url(url, embedded=tmp_path / "x", conn_max_age=600)
    assert "s3cret" not in str(caught.value)


def test_local_secrets_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "var" / "env"
    local_env.make(file)
    first = file.read_text()
    local_env.make(file)
    assert file.read_text() == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_local_secrets_give_way_to_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "the caller's")
    monkeypatch.delenv("CODE_KEYS", raising=False)
    local_env.make(tmp_path / "env")
    (line,) = local_env.exports(tmp_path / "env").splitlines()
    assert line.startswith("export CODE_KEYS=")
