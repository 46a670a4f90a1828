"""Database away, a lock held, connections exhausted: 503 with Retry-After, and recovery without a restart."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from codes.models import AuthorizationCode
from icpportal.api.models import ApiClient, ApiToken, CallCount, KeptAnswer
from servers.models import Server
from tests.api.client import BASE, Answer, Api
from tests.factories import make_server
from tests.threads import at_once


@contextmanager
def database_away() -> Iterator[None]:
    """No new connection can be made."""
    usual = connections["default"]
    usual.close()
    config = dict(usual.settings_dict)
    broken: dict[str, Any] = {"NAME": "/nowhere/none.sqlite3"} if usual.vendor == "sqlite" else {"HOST": "/nowhere"}
    usual.settings_dict.update(broken)
    try:
        yield
    finally:
        usual.close()
        usual.settings_dict.update(config)


def test_without_a_database_the_answer_is_503_until_it_is_back(own_database: None) -> None:
    api, server = Api(), make_server()
    path = f"servers/{server.instance_id}/codes/"
    with database_away():
        for answer in (
            api.get("codes/"),
            api.post(path),
            api.get("health/ready/"),
            api.post(path, idempotency_key="k"),
        ):
            assert answer.refused == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            assert "under the same Idempotency-Key" in answer.json["detail"]  # it may have been done
        assert api.get("health/live/").status == 200
    assert api.post(path).status == 201
    assert api.get("health/ready/").status == 200


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lose")
def test_a_connection_that_the_server_ended_is_made_anew(own_database: None) -> None:
    api = Api()
    assert api.get("codes/").status == 200
    ended = connection.connection.info.backend_pid
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            # Waits until it is gone, for as many milliseconds at most.
            cursor.execute("SELECT pg_terminate_backend(%s, 20000)", [ended])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()
    assert api.get("codes/").status == 200
    assert connection.connection.info.backend_pid != ended


@pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "k"}])
def test_a_client_that_is_deleted_while_it_calls_has_done_nothing(own_database: None, key: dict[str, str]) -> None:
    api, server = Api(), make_server()

    class Body:
        """A body that is read once the client has been found, and not before."""

        def read(self, size: int = -1) -> bytes:
            CallCount.objects.all().delete()
            ApiToken.objects.all().delete()
            ApiClient.objects.all().delete()
            return b""

        readline = read

    sent = {"wsgi.input": Body(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"} | key
    headers = {"authorization": f"Bearer {api.token}", "content-type": "application/json"}
    path = f"{BASE}servers/{server.instance_id}/codes/"
    answer = Answer(Client(raise_request_exception=False).generic("POST", path, headers=headers, **sent))  # type: ignore[arg-type]
    assert answer.refused == (503, "unavailable")
    assert not AuthorizationCode.objects.exists()
    assert not KeptAnswer.objects.exists()
    assert api.post(path).refused == (401, "not_authenticated")


def test_a_missing_migration_is_not_ready(api: Api) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'codes' AND name LIKE '0001%%'")
    assert api.get("health/ready/").refused == (503, "unavailable")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite waits for its one writer")
@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
def test_a_lock_that_is_held_too_long_is_503(own_database: None, key: dict[str, str]) -> None:
    api, server = Api(), make_server()
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Server.objects.select_for_update().get(pk=server.pk)
            locked.set()
            release.wait(20)

    def call() -> list[Answer]:
        locked.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 200")
        try:
            path = f"servers/{server.instance_id}/codes/"
            items = {"items": [{"instance_id": server.instance_id}] * 50}
            return [api.post(path, **key), api.post("codes/generate/", items)]
        finally:
            release.set()

    one, many = at_once(hold, call)[1]
    assert one.refused == (503, "unavailable")
    assert "Retry-After" in one.headers
    assert {result["status"] for result in many.json["results"]} == {503}
    assert not KeptAnswer.objects.exists()
    assert api.post(f"servers/{server.instance_id}/codes/", **key).status == 201
