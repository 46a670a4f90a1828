"""The chain of events: what each MAC covers, which place follows; no event, no change."""

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta, timezone
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from codes import chain, services
from codes.choices import Channel, EventType
from codes.errors import NotEligible, NotRecorded
from codes.models import AuthorizationCode, CodeEvent, EventHead, Filing
from codes.services.events import Act, event, record
from servers.models import Server
from tests.api.client import Api
from tests.codes.pages import FORM
from tests.factories import NOW, make_agent, make_code, make_filing, make_server, make_user

pytestmark = pytest.mark.django_db
ACT = Act(actor=None, channel=Channel.COMMAND, now=NOW)


def told() -> list[tuple[Any, ...]]:
    return list(CodeEvent.objects.order_by("pk").values_list("server_id", "place", "type"))


def test_every_column_but_the_number_and_the_mac_is_hashed() -> None:
    columns = {field.attname for field in CodeEvent._meta.concrete_fields}
    assert columns - set(chain.COLUMNS) == {"id", "mac"}


def test_what_an_empty_column_holds_is_what_the_model_says() -> None:
    fresh = CodeEvent(place=0)
    assert {name: getattr(fresh, name) for name in chain.COLUMNS} == dict(chain.COLUMNS)


def test_a_mac_is_what_the_words_above_it_say(settings: Any) -> None:
    """Worked out again here: HKDF (RFC 5869) by hand, JSON by hand."""
    code = make_code()
    stored = CodeEvent.objects.get()
    drawn = hmac.digest(bytes(32), settings.SECRET_KEY.encode(), "sha256")
    key = hmac.digest(drawn, b"icp audit chain\x01", "sha256")
    text = (
        f'{{"account_id":{stored.account_id},"at":"2026-11-23T04:00:00+00:00","channel":"command","code_id":{code.pk},'
        '"place":1,"policy":{"codes_per_server":5,"elastic_ip_allowed":false,"min_prepaid_months":3},'
        f'"server_id":{code.server_id},"type":"generated"}}'
    )
    assert bytes(stored.mac) == hmac.digest(key, bytes(32) + text.encode(), "sha256")


def test_each_event_is_chained_to_the_one_before_of_its_server() -> None:
    first, second = make_server(), make_server()
    record(*(event(EventType.SERVER_CHANGED, server, ACT) for server in (first, second, first)))
    record(event(EventType.SERVER_CHANGED, first, ACT))
    assert [(server, place) for server, place, _ in told()] == [
        (first.pk, 1),
        (second.pk, 1),
        (first.pk, 2),
        (first.pk, 3),
    ]
    before, key = bytes(32), chain.keys()[0]
    for row in CodeEvent.objects.filter(server=first).order_by("place").values_list("mac", *chain.COLUMNS):
        assert bytes(row[0]) == chain.mac(key, before, row[1:])
        before = bytes(row[0])
    assert bytes(EventHead.objects.get(server=first).mac) == before
    assert EventHead.objects.get(server=first).place == 3


def test_a_row_reads_back_as_it_was_hashed() -> None:
    """Texts, times of another zone, nested JSON: whichever way round the database keeps it."""
    code = make_code()
    told_by = Act(
        actor=make_user(), channel=Channel.ADMIN, now=NOW.astimezone(timezone(timedelta(hours=8))), ticket="T-1"
    )
    detail = {"z": ["青山", None], "aa": {"b": 1, "a": [True, 2.5]}, "name": ["é\u2028\\\"'\n", "\U0001f30a"]}
    texts: dict[str, Any] = {"order_number": "2026", "reason": " 驳回 \t", "failed": ["b", "a"], "detail": detail}
    record(event(EventType.EDITED, code.server, told_by, code=code, **texts))
    before, stored = CodeEvent.objects.order_by("place")
    assert stored.detail == detail
    assert bytes(stored.mac) == chain.link(bytes(before.mac), stored)


def test_five_thousand_events_of_many_servers_are_chained_at_once() -> None:
    servers = [make_server(with_ip=False) for _ in range(20)]
    with transaction.atomic():
        record(*(event(EventType.SERVER_CHANGED, servers[n % 20], ACT) for n in range(5000)))
    assert set(EventHead.objects.values_list("place", flat=True)) == {250}
    last = CodeEvent.objects.order_by("pk").last()
    assert last is not None and last.place == 250
    assert bytes(last.mac) == bytes(EventHead.objects.get(server=servers[-1]).mac)


@pytest.mark.parametrize("number", [2, 120])
def test_changes_of_facts_are_chained_as_any_event(number: int) -> None:
    first, second = make_server(with_ip=False), make_server(with_ip=False)
    detail = {
        "name": ["100 %s", "é\u2028\\\"'\n青山"],
        "ips": [[], ["203.0.113.7"]],
        "public_ip_assigned": [False, True],
    }
    actor = make_user()
    for _ in range(2):
        changes = [((first, second)[n % 2], detail) for n in range(number)]
        services.record_server_changes(changes, actor=actor, channel=Channel.ADMIN, now=NOW)
    for server in (first, second):
        events, before = list(CodeEvent.objects.filter(server=server).order_by("pk")), bytes(32)
        assert [each.place for each in events] == list(range(1, number + 1))
        for each in events:
            assert (each.detail, each.at, each.user_id, each.account_id) == (detail, NOW, actor.pk, server.account_id)
            assert (each.failed, each.policy, each.code, each.client) == ([], {}, None, None)
            assert bytes(each.mac) == chain.link(before, each)
            before = bytes(each.mac)


def test_a_server_of_which_nothing_changed_gets_no_event() -> None:
    server = make_server(with_ip=False)
    services.record_server_changes([(server, {})], actor=None, channel=Channel.ADMIN, now=NOW)
    assert not CodeEvent.objects.exists()


@pytest.mark.parametrize("place", [-1, 0, 1, 3, 9])
def test_the_database_takes_no_event_out_of_place(place: int) -> None:
    server = make_code().server
    stray = event(EventType.REVEALED, server, ACT)
    stray.place, stray.mac = place, bytes(32)
    with pytest.raises(DatabaseError, match="does not follow"), transaction.atomic():
        CodeEvent.objects.bulk_create([stray])
    stray.place = 2
    CodeEvent.objects.bulk_create([stray])
    assert EventHead.objects.get().place == 2


def test_keys_that_seal_codes_do_not_touch_the_chain(settings: Any) -> None:
    before = chain.keys()
    settings.CODE_KEYS = ["bmV3ZXIgY29kZSBrZXksIDMyIGJ5dGVzIGluIGFsbC4="]
    assert chain.keys() == before


def test_keys_of_its_own_replace_the_secret_key(settings: Any) -> None:
    derived = chain.keys()
    settings.AUDIT_KEYS = ["x" * 40, settings.SECRET_KEY]
    assert chain.keys()[1:] == derived
    assert chain.keys()[0] != derived[0]
    assert chain.signing_keys() != chain.keys()


# No event, no change


@contextmanager
def events_fail() -> Iterator[None]:
    """The table of events takes nothing."""
    function = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'full'; END $$"
    trigger = {
        "postgresql": "FOR EACH ROW EXECUTE FUNCTION full_disk()",
        "sqlite": "BEGIN SELECT RAISE(ABORT, 'full'); END",
    }
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(function)
        cursor.execute(f"CREATE TRIGGER full_disk BEFORE INSERT ON codes_codeevent {trigger[connection.vendor]}")
        yield
        if connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION full_disk CASCADE")
        else:
            cursor.execute("DROP TRIGGER full_disk")


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Server, AuthorizationCode, Filing, CodeEvent)]


def test_an_event_that_fails_fails_the_act() -> None:
    server, code, filing = make_server(), make_code(), make_filing()
    before = everything()
    act: dict[str, Any] = {"actor": None, "channel": Channel.COMMAND, "now": NOW}
    acts = [
        lambda: services.generate(server, **act),
        lambda: services.generate(make_server(with_ip=False), **act),
        lambda: services.annotate(code, remark="x", **act),
        lambda: services.reveal(code, reason="x", **act),
        lambda: services.rotate(code, reason="x", **act),
        lambda: services.withdraw(code, reason="x", **act),
        lambda: services.reject_filing(filing, reason="x", **act),
        lambda: services.complete_filing(filing, icp_number="粤ICP备12345678号", **act),
        lambda: services.abandon_filing(filing, **act),
        lambda: services.reset(filing.code, reason="x", **act),
    ]
    with events_fail():
        for do in acts:
            with pytest.raises(NotRecorded), transaction.atomic():
                do()
    assert everything() == before


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
@time_machine.travel(NOW, tick=False)
def test_through_the_api_that_is_503_and_nothing_is_done(own_database: None, key: dict[str, str]) -> None:
    api = Api()
    server, refused, filing = make_server(), make_server(with_ip=False), make_filing()
    facts = api.get(f"servers/{server.instance_id}/").json
    facts.pop("instance_id")
    before = everything()
    with events_fail():
        for answer in (
            api.post(f"servers/{server.instance_id}/codes/", **key),
            api.post(f"servers/{refused.instance_id}/codes/", **key),
            api.post(f"codes/{filing.code_id}/reveal/"),
            api.call("PUT", f"servers/{server.instance_id}/", facts | {"name": "other", "version": 9}),
        ):
            assert answer.refused == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
    assert everything() == before
    assert api.post(f"servers/{server.instance_id}/codes/", **key).status == 201


def test_on_the_desk_that_is_503_and_nothing_is_done() -> None:
    filing = make_filing()
    before, client = everything(), Client(raise_request_exception=False)
    client.force_login(make_agent())
    form = {"reason": "The customer began it twice."} | FORM
    with events_fail():
        answer = client.post(reverse("admin:codes_authorizationcode_act", args=[filing.code_id, "reset"]), form)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert everything() == before


# What was there before


def test_events_of_before_are_chained_by_the_migration(own_database: None) -> None:
    call_command("migrate", "codes", "0007", verbosity=0)
    with connection.cursor() as cursor:
        facts = {"account_id": 1, "channel": "command", "failed": "[]", "policy": json.dumps({"b": 1, "a": 2})}
        empty = dict.fromkeys(("order_number", "reason", "ticket", "request_id"), "") | {"detail": "{}"}
        first, second = (make_server(with_ip=False) for _ in range(2))
        for server in (first, second, first):
            row = {"type": "server_changed", "at": NOW, "server_id": server.pk, **facts, **empty}
            row["account_id"] = server.account_id
            marks = ", ".join(["%s"] * len(row))
            cursor.execute(f"INSERT INTO codes_codeevent ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    call_command("migrate", "codes", verbosity=0)
    assert [(server, place) for server, place, _ in told()] == [(first.pk, 1), (second.pk, 1), (first.pk, 2)]
    before = chain.BEGINNING[1]
    for each in CodeEvent.objects.filter(server=first).order_by("pk"):
        assert bytes(each.mac) == chain.link(before, each)
        before = bytes(each.mac)
    assert bytes(EventHead.objects.get(server=first).mac) == before
    with pytest.raises(NotEligible):
        services.generate(first, actor=None, channel=Channel.COMMAND, now=NOW)
    assert told()[-1] == (first.pk, 3, "generation_refused")
    call_command("migrate", "codes", "0007", verbosity=0)
    call_command("migrate", "codes", verbosity=0)
    assert [place for server, place, _ in told() if server == first.pk] == [1, 2, 3]
