"""The role that the README lets the desk serve as: it can do everything but undo what is recorded."""

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from codes import services
from codes.choices import Channel
from codes.models import CodeEvent
from tests.api.client import Api
from tests.codes.test_dump import day_of_use
from tests.factories import NOW, make_agent, make_server

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles"),
]


@pytest.fixture
def desk() -> Iterator[Any]:
    """A cursor, in a transaction that goes on as the README's role."""
    readme = (Path(settings.BASE_DIR) / "README.md").read_text()
    (statements,) = re.findall(r"```sql\n(CREATE ROLE icp_desk .*?)```", readme, re.S)
    role = f"icp_desk_{connection.settings_dict['NAME']}"  # roles are shared by the databases of a server
    owner = f"icp_owner_{connection.settings_dict['NAME']}"
    statements = statements.replace("icp_desk", role).replace("FOR ROLE icp ", f"FOR ROLE {owner} ")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {owner}; GRANT CREATE ON SCHEMA public TO {owner}; {statements}")
        cursor.execute(f"SET LOCAL ROLE {owner}; CREATE TABLE of_a_later_release (id serial); RESET ROLE")
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield cursor
        cursor.execute("RESET ROLE")


def test_it_serves_every_verb_the_api_and_the_pages(desk: Any) -> None:
    day_of_use()
    changes = [(make_server(), {"name": ["a", "b"]}) for _ in range(60)]
    services.record_server_changes(changes, actor=None, channel=Channel.COMMAND, now=NOW)
    assert Api().get("events/").status == 200
    client = Client()
    client.force_login(make_agent())
    assert client.get("/admin/").status_code == 200
    call_command("verify_audit", stdout=StringIO(), stderr=StringIO())


def test_it_uses_what_the_owner_makes_later_whoever_granted(desk: Any) -> None:
    desk.execute("INSERT INTO of_a_later_release DEFAULT VALUES")
    desk.execute("SELECT id FROM of_a_later_release")
    assert desk.fetchall() == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE codes_codeevent SET reason = 'x'",
        "DELETE FROM codes_codeevent",
        "TRUNCATE codes_codeevent, codes_eventhead CASCADE",
        "ALTER TABLE codes_codeevent DISABLE TRIGGER ALL",
        "DROP TRIGGER codes_event_is_final ON codes_codeevent",
        "CREATE OR REPLACE FUNCTION codes_event_is_final() RETURNS trigger LANGUAGE sql AS ''",
        "SET session_replication_role = replica",
        "DROP TABLE codes_eventhead",
    ],
)
def test_it_cannot_undo_what_is_recorded(desk: Any, statement: str) -> None:
    services.record_server_changes(
        [(make_server(), {"name": ["a", "b"]})], actor=None, channel=Channel.COMMAND, now=NOW
    )
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        desk.execute(statement)
    assert CodeEvent.objects.get().reason == ""
