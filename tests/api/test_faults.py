"""A full disk, a database that takes no writes, a clock that was set back. Kills and cuts: `python -m bench faults`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from codes.models import AuthorizationCode, CodeEvent
from tests.api.client import Api
from tests.factories import NOW, make_agent, make_server, make_user


def generate_path(server: Any) -> str:
    return f"servers/{server.instance_id}/codes/"


def execute(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


@contextmanager
def read_only() -> Iterator[None]:
    """The database takes no writes, as a standby or a full disk's last resort."""
    postgresql = connection.vendor == "postgresql"
    execute("SET default_transaction_read_only = on" if postgresql else "PRAGMA query_only = on")
    try:
        yield
    finally:
        execute("SET default_transaction_read_only = off" if postgresql else "PRAGMA query_only = off")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's disk is filled by `python -m bench faults`")
def test_a_full_disk_is_503_and_leaves_nothing_half_done(own_database: None) -> None:
    api, servers = Api(), [make_server() for _ in range(100)]
    execute(f"PRAGMA max_page_count = {execute('PRAGMA page_count')[0] + 3}")
    body = {"remark": "x" * 200}
    answers = [api.post(generate_path(server), body, idempotency_key=server.instance_id) for server in servers]
    assert {answer.status for answer in answers} == {201, 503}
    assert answers[-1].refused == (503, "unavailable")
    done = AuthorizationCode.objects.count()
    assert done == sum(answer.status == 201 for answer in answers)
    assert CodeEvent.objects.filter(type="generated").count() == done
    execute("PRAGMA max_page_count = 1000000")
    assert api.post(generate_path(servers[-1]), body, idempotency_key=servers[-1].instance_id).status == 201
    assert AuthorizationCode.objects.count() == done + 1


def test_a_read_only_database_is_503_until_it_takes_writes_again(own_database: None) -> None:
    api, server, person = Api(), make_server(), make_user()
    server.account.members.add(person)
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    with read_only():
        answer = api.post(generate_path(server), idempotency_key="k")
        assert answer.refused == (503, "unavailable") and "Retry-After" in answer.headers
        assert browser.post(f"/servers/{server.instance_id}/generate/", {"form_id": "x" * 22}).status_code == 503
        assert browser.get("/").status_code == 200
    assert not AuthorizationCode.objects.exists() and not CodeEvent.objects.exists()
    assert api.post(generate_path(server), idempotency_key="k").status == 201


def test_a_clock_that_was_set_back_loses_nothing_and_repeats_nothing(db: None, time_travel: Any) -> None:
    api, server = Api(), make_server()
    first = api.post(generate_path(server), idempotency_key="k")
    order = {"code": first.json["value"], "order_number": "1", "domain": "a.example.cn"}
    assert api.post("filings/", order).status == 201
    time_travel.move_to(NOW - timedelta(hours=2))
    again = api.post(generate_path(server), idempotency_key="k")
    assert again.raw == first.raw and again.headers["Idempotency-Replayed"] == "true"
    assert api.post("filings/", order).status == 200
    assert api.post("filings/1/complete/", {"icp_number": "粤ICP备2026018842号"}).status == 200
    second = api.post(generate_path(server))
    assert second.status == 201 and second.json["slot"] == 2
    assert 1 <= int(second.headers["RateLimit-Reset"]) <= 60
    types = [event["type"] for event in api.get("events/").json["results"]]
    assert types == ["generated", "begun", "completed", "generated"]  # in the order in which they happened
    assert api.get(f"codes/{first.json['id']}/").json["state"] == "used"


def test_a_session_lives_on_when_the_clock_was_set_back(db: None, time_travel: Any) -> None:
    browser = Client()
    browser.force_login(make_agent())
    assert browser.get("/admin/").status_code == 200
    time_travel.move_to(NOW - timedelta(hours=2))
    assert browser.get("/admin/").status_code == 200
