"""verify_audit finds what was done to events behind the application's back, and names the first that does not fit."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from codes import chain, services
from codes.audit import CHUNK
from codes.choices import Channel, EventType
from codes.errors import NotEligible
from codes.models import CodeEvent, EventHead
from codes.services.changes import lock
from codes.services.events import Act, event, record
from servers.models import Server
from tests.codes.tampering import behind_its_back, run
from tests.factories import NOW, make_code, make_server
from tests.threads import at_once

pytestmark = pytest.mark.django_db
ACT = Act(actor=None, channel=Channel.COMMAND, now=NOW)


def verify(*options: str) -> tuple[int, list[str]]:
    """Exit code and lines."""
    out = StringIO()
    try:
        call_command("verify_audit", *options, stdout=out, stderr=StringIO())
    except SystemExit as exit:
        return int(str(exit.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


def make_chain(length: int = 4) -> list[CodeEvent]:
    server = make_server(with_ip=False)
    record(*(event(EventType.SERVER_CHANGED, server, ACT, reason=f"r{n}") for n in range(length)))
    return list(CodeEvent.objects.filter(server=server).order_by("pk"))


def test_a_whole_chain_passes() -> None:
    make_chain()
    make_code()
    assert verify() == (0, ["5 events of 2 servers; 0 chains are broken."])


def test_without_events_all_is_whole() -> None:
    assert verify() == (0, ["0 events of 0 servers; 0 chains are broken."])


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'other'",
        "at = '2026-11-23 04:00:00.000001+00:00'",
        "channel = 'api'",
        "type = 'revealed'",
        "ticket = 'T-1'",
        "failed = '[\"not_prepaid\"]'",
        "failed = '{{}}'",
        "detail = '[]'",
        "policy = '{{\"codes_per_server\": 6}}'",
        "request_id = 'x'",
        "order_number = '2026'",
    ],
)
def test_an_edited_event_is_named(change: str) -> None:
    _first, second, *_rest = make_chain()
    run(f"UPDATE codes_codeevent SET {change} WHERE id = {second.pk}")
    code, (line, last) = verify()
    assert code == 1
    assert line == (
        f"server {second.server_id} ({second.server.instance_id}): event {second.pk}: edited: "
        "it does not hold what was recorded"
    )
    assert last == "4 events of 1 servers; 1 chains are broken."


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps no such values")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("at = '2026-13-01 00:00:00'", "it cannot be read, and nothing after it was"),
        ("at = 'soon'", "it does not hold what was recorded"),
        ("mac = 'text'", "it does not hold what was recorded"),
        ("place = 'first'", "its place is no number"),
    ],
)
@pytest.mark.parametrize("which", [0, 3])
def test_an_event_that_is_no_event_is_named(change: str, said: str, which: int) -> None:
    event = make_chain()[which]
    make_chain()
    run("UPDATE codes_codeevent SET {change} WHERE id = {a}", change=change, a=event.pk)
    assert f"event {event.pk}: edited: {said}" in verify()[1][0]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps no such values")
@pytest.mark.parametrize("change", ["place = 'x'", "mac = 'text'"])
def test_a_head_that_is_no_head_is_named(change: str) -> None:
    make_chain()
    run("UPDATE codes_eventhead SET {change}", change=change)
    assert ": head: the head of the chain does not fit it" in verify()[1][0]


def test_an_edited_event_with_the_mac_of_another_is_named() -> None:
    first, second, *_rest = make_chain()
    run(
        "UPDATE codes_codeevent SET mac = (SELECT mac FROM codes_codeevent WHERE id = {b}) WHERE id = {a}",
        a=first.pk,
        b=second.pk,
    )
    assert f"event {first.pk}: edited" in verify()[1][0]


def test_a_deleted_event_is_named() -> None:
    _first, second, third, fourth = make_chain()
    run("DELETE FROM codes_codeevent WHERE id = {a}", a=second.pk)
    assert f"event {third.pk}: missing: before it, event 2 of the server are gone" in verify()[1][0]
    run("DELETE FROM codes_codeevent WHERE id = {a}", a=third.pk)
    assert f"event {fourth.pk}: missing: before it, events 2 to 3 of the server are gone" in verify()[1][0]


def test_a_deletion_hidden_by_new_places_is_named() -> None:
    _first, second, third, _fourth = make_chain()
    run(
        "DELETE FROM codes_codeevent WHERE id = {a}",
        "UPDATE codes_codeevent SET place = place - 1 WHERE id > {a}",
        "UPDATE codes_eventhead SET place = place - 1",
        a=second.pk,
    )
    assert f"event {third.pk}: edited" in verify()[1][0]


@pytest.mark.parametrize("columns", [["reason"], ["place", "mac", "reason"], ["place"], ["mac"]])
def test_swapped_events_are_named(columns: list[str]) -> None:
    _first, second, third, _fourth = make_chain()
    names, rows = ", ".join(columns), {}
    with behind_its_back() as cursor:
        for each in (second, third):
            cursor.execute(f"SELECT {names} FROM codes_codeevent WHERE id = {each.pk}")
            rows[each.pk] = cursor.fetchone()
        for each, other in ((second, third), (third, second)):
            sets = ", ".join(f"{name} = %s" for name in columns)
            cursor.execute(f"UPDATE codes_codeevent SET {sets} WHERE id = {each.pk}", rows[other.pk])
    wrong = "swapped: it stands at place 2 and says 3" if "place" in columns else "edited"
    assert f"event {second.pk}: {wrong}" in verify()[1][0]


def test_an_event_moved_to_another_server_is_named() -> None:
    (mine, *_rest), (theirs, *_others) = make_chain(2), make_chain(2)
    run("UPDATE codes_codeevent SET server_id = {s} WHERE id = {a}", s=theirs.server_id, a=mine.pk)
    lines = verify()[1]
    assert "missing" in lines[0] and f"event {mine.pk}: edited" in lines[1]


def test_a_forged_event_at_the_end_is_named() -> None:
    *_rest, last = make_chain()
    forged = event(EventType.SERVER_CHANGED, last.server, ACT)
    forged.place = 5
    forged.mac = chain.mac(b"a guess", bytes(last.mac), [getattr(forged, name) for name in chain.COLUMNS])
    CodeEvent.objects.bulk_create([forged])
    assert "edited" in verify()[1][0]


def test_a_cut_tail_is_named() -> None:
    first, second, *_rest = make_chain()
    run("DELETE FROM codes_codeevent WHERE id > {a}", a=second.pk)
    assert f"event {second.pk}: cut: after it, 2 of 4 events are gone" in verify()[1][0]
    run("DELETE FROM codes_codeevent")
    assert f"server {first.server_id} ({first.server.instance_id}): no event: cut" in verify()[1][0]


def test_a_head_that_is_gone_or_does_not_fit_is_named() -> None:
    *_rest, last = make_chain()
    other = make_chain()[-1]
    run(
        "UPDATE codes_eventhead SET mac = {m} WHERE server_id = {s}",
        m="'\\x01'" if connection.vendor == "postgresql" else "x'01'",
        s=last.server_id,
    )
    run("DELETE FROM codes_eventhead WHERE server_id = {s}", s=other.server_id)
    code, lines = verify()
    assert code == 1
    assert f"event {last.pk}: head: the head of the chain does not fit it" in lines[0]
    assert f"event {other.pk}: head: the head of the chain is gone" in lines[1]


def test_the_first_fault_of_each_server_is_named_and_many_are_counted() -> None:
    chains = [make_chain(3) for _ in range(102)]
    run("UPDATE codes_codeevent SET reason = 'other' WHERE place > 1")
    code, lines = verify()
    assert code == 1
    assert [f"event {events[1].pk}: edited" in line for events, line in zip(chains[:100], lines, strict=False)] == [
        True
    ] * 100
    assert lines[100:] == ["and 2 servers more", "306 events of 102 servers; 102 chains are broken."]


def test_more_events_than_are_read_at_a_time() -> None:
    events = make_chain(CHUNK + 5)
    assert verify()[0] == 0
    run("UPDATE codes_codeevent SET reason = 'other' WHERE id = {a}", a=events[-1].pk)
    assert f"event {events[-1].pk}: edited" in verify()[1][0]


# Keys


def test_a_new_key_leaves_what_was_recorded_under_the_old_one(settings: Any) -> None:
    server = make_code().server
    settings.AUDIT_KEYS = ["n" * 40, settings.SECRET_KEY]
    assert verify()[0] == 0
    record(event(EventType.SERVER_CHANGED, server, ACT))
    assert verify()[0] == 0
    settings.AUDIT_KEYS = ["n" * 40]
    assert "edited" in verify()[1][0]


def test_after_a_new_key_nothing_is_taken_under_the_old_one(settings: Any) -> None:
    """Whoever stole the old key cannot go on with it."""
    server = make_code().server
    settings.AUDIT_KEYS = ["n" * 40, settings.SECRET_KEY]
    record(event(EventType.SERVER_CHANGED, server, ACT))
    settings.AUDIT_KEYS = []
    record(event(EventType.SERVER_CHANGED, server, ACT))
    settings.AUDIT_KEYS = ["n" * 40, settings.SECRET_KEY]
    last = CodeEvent.objects.latest("pk")
    assert f"event {last.pk}: edited" in verify()[1][0]


def test_new_keys_for_codes_change_nothing(settings: Any) -> None:
    make_code()
    settings.CODE_KEYS = ["bmV3ZXIgY29kZSBrZXksIDMyIGJ5dGVzIGluIGFsbC4="]
    assert verify()[0] == 0


# Heads that are kept elsewhere


@pytest.fixture
def head(tmp_path: Path) -> str:
    return str(tmp_path / "head.json")


def test_what_a_head_knew_of_is_still_there_after_more_happened(head: str) -> None:
    server = make_chain()[0].server
    assert verify("--export-head", head)[0] == 0
    record(event(EventType.SERVER_CHANGED, server, ACT))
    make_code()
    assert verify("--check-head", head) == (0, ["6 events of 2 servers; 0 chains are broken."])


def test_a_tail_cut_together_with_the_head_is_found(head: str) -> None:
    first, second, *_rest = make_chain()
    make_code()
    verify("--export-head", head)
    run(
        "DELETE FROM codes_codeevent WHERE server_id = {s} AND id > {b}",
        "UPDATE codes_eventhead SET place = 2 WHERE server_id = {s}",
        "UPDATE codes_eventhead SET mac = (SELECT mac FROM codes_codeevent WHERE id = {b}) WHERE server_id = {s}",
        s=first.server_id,
        b=second.pk,
    )
    record(event(EventType.SERVER_CHANGED, first.server, ACT))
    assert verify()[0] == 0
    code, lines = verify("--check-head", head)
    assert code == 1
    assert "of 5 events of 2 servers, 3 of 2 are there" in lines[0]
    block = first.server_id // 1000 * 1000
    assert f"servers {block} to {block + 999}: their events are not those of then" in lines[1]


def test_a_server_whose_whole_story_was_taken_out_is_found(head: str) -> None:
    first, *_rest = make_chain()
    verify("--export-head", head)
    run("DELETE FROM codes_codeevent", "DELETE FROM codes_eventhead", s=first.server_id)
    assert verify()[0] == 0
    assert "of 4 events of 1 servers, 0 of 0 are there" in verify("--check-head", head)[1][0]


def test_a_head_that_was_changed_or_signed_by_others_is_refused(head: str, settings: Any) -> None:
    make_chain()
    verify("--export-head", head)
    said = json.loads(Path(head).read_text())
    settings.AUDIT_KEYS = ["o" * 40]
    with pytest.raises(CommandError, match="no head that was signed"):
        verify("--check-head", head)
    settings.AUDIT_KEYS = []
    for change in ({"events": 3}, {"at": "2020"}, {"blocks": {}}, {"mac": "00"}, {"mac": None}, {"more": 1}):
        Path(head).write_text(json.dumps(said | change))
        with pytest.raises(CommandError, match="no head that was signed"):
            verify("--check-head", head)
    for text in ("", "[]", "{}", "null", "\x00"):
        Path(head).write_text(text)
        with pytest.raises(CommandError, match="no head that was signed"):
            verify("--check-head", head)


def test_a_head_outlives_a_change_of_keys(head: str, settings: Any) -> None:
    make_chain()
    verify("--export-head", head)
    settings.AUDIT_KEYS = ["n" * 40, settings.SECRET_KEY]
    assert verify("--check-head", head)[0] == 0


def test_a_broken_chain_is_not_signed(head: str) -> None:
    make_chain()
    run("UPDATE codes_codeevent SET reason = 'other'")
    assert verify("--export-head", head)[0] == 1
    assert not Path(head).exists()


def test_one_head_is_checked_and_the_next_written(head: str, tmp_path: Path) -> None:
    make_chain()
    verify("--export-head", head)
    make_code()
    newer = str(tmp_path / "newer.json")
    assert verify("--check-head", head, "--export-head", newer)[0] == 0
    assert json.loads(Path(newer).read_text())["events"] == 5
    assert verify("--check-head", newer)[0] == 0


@pytest.mark.parametrize("option", ["--check-head", "--export-head"])
def test_a_file_that_cannot_be_used_is_named(option: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be"):
        verify(option, str(tmp_path / "absent" / "head.json"))


# Beside writers


def test_rivals_on_one_server_leave_a_whole_chain(own_database: None) -> None:
    """Generated and refused at once, from the server's very first event on."""
    server, other = make_server(), make_server()

    def write(one: Server) -> None:
        for _ in range(3):
            try:
                services.generate(one, actor=None, channel=Channel.COMMAND, now=NOW)
            except NotEligible:
                continue

    at_once(*[lambda one=one: write(one) for one in (server, other) * 4])  # type: ignore[misc]
    assert set(EventHead.objects.values_list("place", flat=True)) == {12}
    assert verify() == (0, ["24 events of 2 servers; 0 chains are broken."])


def test_events_recorded_meanwhile_are_no_fault(own_database: None) -> None:
    server = make_server()
    make_code(server)
    done: list[bool] = []

    def write() -> None:
        for _ in range(60):
            with transaction.atomic():
                lock(server.pk)
                record(event(EventType.SERVER_CHANGED, server, ACT))
        done.append(True)

    def read() -> list[int]:
        return [verify()[0] for _ in iter(lambda: bool(done), True)]

    assert set(at_once(write, read)[1]) <= {0}
    assert verify()[0] == 0
