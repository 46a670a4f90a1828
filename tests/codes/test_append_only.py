"""Events are never changed or deleted: not by the models, not by raw SQL on either database."""

from contextlib import suppress
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from codes import append_only, services
from codes.choices import Channel
from codes.models import CodeEvent, EventHead, StaffChange
from icpportal import final_rows
from icpportal.final_rows import AppendOnly
from icpportal.sign_in.models import OneTimeChange
from servers.models import Server
from tests.factories import NOW, make_code, make_server

pytestmark = pytest.mark.django_db
FINAL = (StaffChange._meta.db_table, OneTimeChange._meta.db_table)


@pytest.fixture
def event() -> CodeEvent:
    make_code()
    return CodeEvent.objects.get()


def stands(event: CodeEvent) -> bool:
    stored = CodeEvent.objects.get()
    return (stored.pk, stored.reason) == (event.pk, "")


def test_a_saved_event_is_not_saved_again(event: CodeEvent) -> None:
    event.reason = "changed"
    for fields in ({}, {"update_fields": ["reason"]}, {"force_update": True}):
        with pytest.raises(AppendOnly):
            event.save(**fields)
    assert stands(event)


def test_an_event_is_not_deleted(event: CodeEvent) -> None:
    with pytest.raises(AppendOnly):
        event.delete()
    assert stands(event)


def test_a_queryset_neither_updates_nor_deletes(event: CodeEvent) -> None:
    with pytest.raises(AppendOnly):
        CodeEvent.objects.update(reason="changed")
    with pytest.raises(AppendOnly):
        CodeEvent.objects.filter(pk=event.pk).delete()
    with pytest.raises(AppendOnly):
        event.code.events.all().delete()  # type: ignore[union-attr]
    assert stands(event)


def test_a_bulk_update_is_refused(event: CodeEvent) -> None:
    event.reason = "changed"
    with pytest.raises((AppendOnly, DatabaseError)), transaction.atomic():
        CodeEvent.objects.bulk_update([event], ["reason"])
    assert stands(event)


def test_a_bulk_insert_does_not_overwrite(event: CodeEvent) -> None:
    changed = CodeEvent.objects.get()
    changed.reason = "changed"
    with suppress(DatabaseError), transaction.atomic():
        CodeEvent.objects.bulk_create([changed], update_conflicts=True, update_fields=["reason"], unique_fields=["id"])
    assert CodeEvent.objects.get(pk=event.pk).reason == ""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE codes_codeevent SET reason = 'changed'",
        "UPDATE codes_codeevent SET id = id + 1000",
        "DELETE FROM codes_codeevent",
    ],
)
def test_the_database_itself_refuses(event: CodeEvent, statement: str) -> None:
    refusal = "append-only|id.*can only be updated to DEFAULT"
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert stands(event)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer: its numbers are final")
def test_the_database_alone_numbers_events(event: CodeEvent) -> None:
    columns = (
        "type, at, account_id, server_id, order_number, channel, reason, ticket, failed, policy, detail, request_id"
    )
    with pytest.raises(DatabaseError, match="cannot insert a non-DEFAULT value"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO codes_codeevent (id, place, mac, {columns}) "
                f"SELECT id + 1000, place + 1, mac, {columns} FROM codes_codeevent"
            )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE codes_eventhead SET place = place - 1",
        "UPDATE codes_eventhead SET mac = mac",
        "UPDATE codes_eventhead SET server_id = server_id + 1, place = place + 1",
        "DELETE FROM codes_eventhead",
    ],
)
def test_a_head_only_moves_on(event: CodeEvent, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(EventHead.objects.values_list("server_id", "place")) == [(event.server_id, 1)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("table", [append_only.TABLE, append_only.HEADS])
def test_the_tables_are_not_emptied_at_once(event: CodeEvent, table: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {table} CASCADE")
    assert stands(event)


def test_what_an_event_is_about_is_not_deleted(event: CodeEvent) -> None:
    for subject in (event.code, event.server, event.account):
        assert subject is not None
        with pytest.raises(DatabaseError), transaction.atomic():
            type(subject).objects.filter(pk=subject.pk)._raw_delete(using="default")  # type: ignore[attr-defined]
            connection.check_constraints()
    assert stands(event)


def test_a_server_without_codes_stays_for_its_events_and_none_is_about_nobody() -> None:
    server, act = make_server(with_ip=False), {"actor": None, "channel": Channel.COMMAND, "now": NOW}
    services.record_server_changes([(server, {"name": ["a", "b"]})], **act)
    with pytest.raises(DatabaseError), transaction.atomic():
        Server.objects.filter(pk=server.pk)._raw_delete(using="default")  # type: ignore[attr-defined]
        connection.check_constraints()
    server.pk = 999_999
    with pytest.raises(DatabaseError), transaction.atomic():
        services.record_server_changes([(server, {"name": ["a", "b"]})], **act)
        connection.check_constraints()


def triggers() -> set[str]:
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(catalogue[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


def test_the_triggers_come_off_and_on_again(event: CodeEvent) -> None:
    installed = triggers()
    append_only.remove_chain(connection)
    append_only.remove(connection)
    for table in FINAL:
        final_rows.remove(connection, table)
    assert triggers() == set()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE codes_codeevent SET reason = 'changed'")
        cursor.execute("UPDATE codes_codeevent SET reason = ''")
    append_only.install(connection)
    append_only.install_chain(connection)
    for table in FINAL:
        final_rows.install(connection, table)
    assert triggers() == installed
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM codes_codeevent")


def test_the_migration_reverses(own_database: None) -> None:
    installed = triggers()
    call_command("migrate", "codes", "0001", verbosity=0)
    call_command("migrate", "sign_in", "0002", verbosity=0)
    assert triggers() == set()
    call_command("migrate", verbosity=0)
    assert triggers() == installed
    make_code()
    assert CodeEvent.objects.count() == 1


def test_events_are_numbered_in_the_order_in_which_they_are_recorded() -> None:
    make_code(make_server(), count=5)
    slots: list[Any] = list(CodeEvent.objects.order_by("pk").values_list("code__slot", flat=True))
    assert slots == [1, 2, 3, 4, 5]
    assert set(CodeEvent.objects.values_list("at", flat=True)) == {NOW}
