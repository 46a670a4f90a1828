"""What holds for every test: fixed settings, no network beyond loopback, no missing template variable."""

import ipaddress
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.template.base import Node
from django.utils import translation

FIXED_SETTINGS: dict[str, Any] = {
    "DEBUG": False,
    "DEMO": False,
    "SECRET_KEY": settings.INSECURE_SECRET_KEY,
    "CODE_KEYS": [settings.INSECURE_CODE_KEY],
    "AUDIT_KEYS": [],
    "CODES_PER_SERVER": 5,
    "MIN_PREPAID_MONTHS": 3,
    "ELASTIC_IP_ALLOWED": False,
    "THROTTLE_RATES": {"calls": 6000, "unknown_codes": 60},
    "TRUSTED_PROXY": 0,
    "SITE_URL": "https://desk.example.com",
    "SECURE_SSL_REDIRECT": False,
    "SESSION_COOKIE_SECURE": False,
    "CSRF_COOKIE_SECURE": False,
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},  # counts do not hang on time
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],  # fast
}

NO_BROWSER = bool(os.environ.get("NO_BROWSER"))
collect_ignore = ["browser"] if NO_BROWSER else []


def pytest_report_header() -> list[str]:
    """Says so when tests are left out."""
    return ["browser tests: left out, as NO_BROWSER asks"] if NO_BROWSER else []


def pytest_configure() -> None:
    """The caller's environment chooses the database and nothing else."""
    for name, value in FIXED_SETTINGS.items():
        setattr(settings, name, value)
    # In the settings, and not on the engine: a test that changes DEBUG makes Django build its engines anew.
    settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = MissingVariable()
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _is_loopback(host):
        raise RuntimeError(f"A test reached for the network: {host!r}")


def _is_loopback(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host or "localhost"
    try:
        return ipaddress.ip_address(name).is_loopback or name == "0.0.0.0"
    except ValueError:
        return name == "localhost"


class MissingVariable(str):
    """Django's string_if_invalid: fails the test in a template of ours, is the usual empty text elsewhere."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Asked by Django for each missing variable, and by filters on the result."""
        self._fail_in_our_template()
        return False

    def __contains__(self, part: object) -> bool:
        """Asked by blocktranslate for each missing variable."""
        self._fail_in_our_template()
        return False

    @staticmethod
    def _fail_in_our_template() -> None:
        frame = sys._getframe(2)
        while frame.f_back:
            node = frame.f_locals.get("self")
            if isinstance(node, Node) and getattr(node, "origin", None):
                path = Path(node.origin.name)
                if path.is_relative_to(settings.BASE_DIR) and ".venv" not in path.parts:
                    pytest.fail(f"{path.relative_to(settings.BASE_DIR)}: a missing variable in {node!r}")
                return
            frame = frame.f_back


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Keeps a pristine copy of the migrated database beside the one that tests write to; gives its name."""
    with django_db_blocker.unblock():
        usual = connections[DEFAULT_DB_ALIAS]
        if usual.vendor == "sqlite":
            with closing(sqlite3.connect("file:pristine?mode=memory&cache=shared", uri=True)) as pristine:
                usual.ensure_connection()
                usual.connection.backup(pristine)
                with django_db_blocker.block():
                    yield "file:pristine?mode=memory&cache=shared"
        else:
            name = usual.settings_dict["NAME"]
            usual.close()  # a database is copied while nobody is connected to it
            with copied_database(usual, name, f"{name}_pristine"), django_db_blocker.block():
                yield f"{name}_pristine"


@pytest.fixture
def own_database(django_db_setup: str, db: None, tmp_path: Path) -> Iterator[None]:
    """A database that threads can share, migrated and empty, and that is thrown away afterwards.

    Commits are real, constraints may be dropped, and no other test sees any of it.
    """
    usual, config = connections[DEFAULT_DB_ALIAS], connections.settings[DEFAULT_DB_ALIAS]
    name = config["NAME"]
    own = str(tmp_path / "own.sqlite3") if usual.vendor == "sqlite" else f"{name}_own"
    with copied_database(usual, django_db_setup, own):
        config["NAME"] = own
        connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS].close()
            config["NAME"] = name
            connections[DEFAULT_DB_ALIAS] = usual


@contextmanager
def copied_database(usual: Any, source: str, copy: str) -> Iterator[None]:
    """Copy the database `source`, to which nobody is connected, beside the `usual` one; drop the copy in the end."""
    if usual.vendor == "sqlite":
        with closing(sqlite3.connect(source, uri=True)) as origin, closing(sqlite3.connect(copy)) as target:
            origin.backup(target)
        yield
        return
    with usual._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{source}"')
    try:
        yield
    finally:
        with usual._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A transactional test empties every table after it: what migrations seed comes back, and events can go."""
    for item in items:
        names: list[str] = getattr(item, "fixturenames", [])
        marker = item.get_closest_marker("django_db")
        if {"transactional_db", "live_server"} & set(names) or (marker and marker.kwargs.get("transaction")):
            again = pytest.mark.django_db(transaction=True, serialized_rollback=True)
            item.add_marker(again, append=False)
            if "_events_can_go" not in names:
                names.insert(0, "_triggers_come_back")
                names.append("_events_can_go")


def _final_tables() -> list[str]:
    """Those whose rows are never changed, but for the events."""
    from codes.models import StaffChange
    from icpportal.sign_in.models import OneTimeChange

    return [StaffChange._meta.db_table, OneTimeChange._meta.db_table]


@pytest.fixture
def _events_can_go(transactional_db: None) -> Iterator[None]:
    from codes import append_only
    from icpportal import final_rows

    yield
    for table in _final_tables():
        final_rows.remove(connection, table)
    append_only.remove_chain(connection)
    append_only.remove(connection)
    with connection.cursor() as cursor:
        for table in (*_final_tables(), append_only.HEADS, append_only.TABLE):
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture
def _triggers_come_back(django_db_setup: str, django_db_blocker: Any) -> Iterator[None]:
    """Set up before the database of a transactional test, so that it ends after the tables were emptied."""
    from codes import append_only
    from icpportal import final_rows

    yield
    with django_db_blocker.unblock():
        for table in _final_tables():
            final_rows.install(connection, table)
        append_only.install(connection)
        append_only.install_chain(connection)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A request leaves its language active in the thread: no test inherits another's."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk finds and counts to the end what it has to judge, however busy the machine is."""
    monkeypatch.setattr("codes.admin.changelist.PAGE_SECONDS", 60)
    monkeypatch.setattr("codes.admin.changelist.COUNT_MS", 60_000)
