"""The Idempotency-Key: once, the same answer, and nothing readable kept."""

import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from codes.models import AuthorizationCode, CodeEvent, Filing
from icpportal import sealing
from icpportal.api.models import KeptAnswer
from servers.models import Server
from tests.api.client import Answer, Api
from tests.factories import make_account, make_code, make_issued, make_server
from tests.threads import at_once

KEY = {"idempotency_key": "k-1"}


def generate(api: Api, server: Server, body: Any = None, **headers: Any) -> Answer:
    return api.post(f"servers/{server.instance_id}/codes/", body, **(KEY | headers))


def same(first: Answer, second: Answer) -> bool:
    kept = ("Content-Type", "Location", "Content-Language")
    assert [first.headers.get(name) for name in kept] == [second.headers.get(name) for name in kept]
    return (first.status, first.raw) == (second.status, second.raw)


def test_a_repeated_request_is_carried_out_once(api: Api) -> None:
    server = make_server()
    first, again = generate(api, server), generate(api, server)
    assert first.status == 201
    assert same(first, again)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json["value"] == first.json["value"]
    assert AuthorizationCode.objects.count() == 1
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_nothing_kept_is_readable(api: Api) -> None:
    value = generate(api, make_server()).json["value"]
    kept = KeptAnswer.objects.get()
    assert value.encode() not in bytes(kept.sealed)
    assert value in sealing.unseal(kept.sealed)


def test_a_key_that_is_a_value_is_not_kept_readable(api: Api) -> None:
    value = generate(api, make_server()).json["value"]
    begin = {"code": value, "order_number": "o-1", "domain": "shop.example.cn"}
    first, again = (api.post("filings/", begin, idempotency_key=f"begin {value}") for _ in range(2))
    assert (first.status, again.headers["Idempotency-Replayed"], same(first, again)) == (201, "true", True)
    assert not KeptAnswer.objects.filter(key__contains=value).exists()
    assert api.post("codes/verify/", {"code": value}, idempotency_key=f"begin {value}").status == 422
    assert api.post("codes/verify/", {"code": value}, idempotency_key=f"verify {value}").status == 200


def test_the_meaning_of_the_json_counts_and_not_its_spelling(api: Api) -> None:
    server = make_server()
    path = f"servers/{server.instance_id}/codes/"
    first = api.call("POST", path, raw=b'{"remark": "\\u5907", "authorized_account": "1"}', **KEY)
    again = api.call("POST", path, raw='{"authorized_account":"1",\n"remark":"备"}'.encode(), **KEY)
    assert same(first, again)


def test_another_request_under_the_key_is_422(api: Api) -> None:
    server = make_server()
    generate(api, server)
    for other in (
        generate(api, server, {"remark": "x"}),
        generate(api, server, {"remark": ""}),
        generate(api, make_server()),
        api.post("codes/verify/", {"code": "x"}, **KEY),
    ):
        assert other.refused == (422, "idempotency_key_reused")
    assert AuthorizationCode.objects.count() == 1


def test_keys_of_different_clients_never_meet(api: Api) -> None:
    server, other = make_server(), Api()
    first, second = generate(api, server), generate(other, server)
    assert first.json["id"] != second.json["id"]
    assert same(first, generate(api, server)) and same(second, generate(other, server))


def test_each_key_has_its_own_answer(api: Api) -> None:
    server = make_server()
    first = generate(api, server)
    other = generate(api, server, idempotency_key="k-2")
    assert same(first, generate(api, server)) and same(other, generate(api, server, idempotency_key="k-2"))
    assert AuthorizationCode.objects.count() == 2


def test_a_refusal_is_kept_with_its_event(api: Api) -> None:
    server = make_server(prepaid_months=2)
    first = generate(api, server)
    Server.objects.update(prepaid_months=12)
    again = generate(api, server)
    assert first.refused == (409, "not_eligible")
    assert same(first, again)
    assert again.json["request_id"] == first.headers["X-Request-ID"]
    assert list(CodeEvent.objects.values_list("type", flat=True)) == ["generation_refused"]


def test_the_language_of_the_first_is_kept(api: Api) -> None:
    server = make_server(prepaid_months=2)
    assert same(generate(api, server, accept_language="zh-hans"), generate(api, server, accept_language="en"))


@pytest.mark.parametrize("body", [{"remark": 5}, {"ip": "198.51.100.9"}])
def test_other_answers_are_not_kept(api: Api, body: dict[str, Any]) -> None:
    server = make_server()
    assert generate(api, server, body).status == 400
    assert generate(api, server).status == 201


def test_not_found_is_not_kept(api: Api) -> None:
    issued = make_issued()
    body = {"code": "x", "order_number": "o", "domain": "a.cn"}
    assert api.post("filings/", body, **KEY).refused[0] == 404
    assert not KeptAnswer.objects.exists()
    assert api.post("filings/", body | {"code": issued.value}, **KEY).status == 201
    again = api.post("filings/", body | {"code": issued.value}, **KEY)
    assert (again.status, again.headers["Location"], Filing.objects.count()) == (201, "/api/v1/filings/o/", 1)


def test_bulk_generation_is_carried_out_once(api: Api) -> None:
    items = {"items": [{"instance_id": make_server().instance_id, "count": 2} for _ in range(3)]}
    first, again = api.post("codes/generate/", items, **KEY), api.post("codes/generate/", items, **KEY)
    assert same(first, again)
    assert AuthorizationCode.objects.count() == 6


def test_after_24_hours_the_key_is_free(api: Api, time_travel: Any) -> None:
    server = make_server()
    first = generate(api, server)
    time_travel.shift(24 * 3600 - 1)
    assert same(first, generate(api, server))
    time_travel.shift(1)
    later = generate(api, server, {"remark": "x"})
    assert later.json["slot"] == 2
    time_travel.shift(24 * 3600 - 1)
    assert same(later, generate(api, server, {"remark": "x"}))
    assert generate(api, server).status == 422
    assert KeptAnswer.objects.count() == 1


def test_clear_kept_answers_deletes_those_whose_24_hours_are_over(api: Api, time_travel: Any) -> None:
    server, out = make_server(), StringIO()
    generate(api, server, idempotency_key="old")
    time_travel.shift(24 * 3600)
    generate(api, server, idempotency_key="new")
    call_command("clear_kept_answers", stdout=out)
    assert out.getvalue() == "1 deleted.\n"
    assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["new"]


@pytest.mark.parametrize("key", ["", "é", "a\tb", "x" * 256, "\x7f", "\x1f", "a\x00"])
def test_a_key_is_1_to_255_printable_characters(api: Api, key: str) -> None:
    assert generate(api, make_server(), idempotency_key=key).wrong == [("Idempotency-Key", "invalid")]
    assert not AuthorizationCode.objects.exists()


def test_a_key_of_255_characters_is_taken(api: Api) -> None:
    assert generate(api, make_server(), idempotency_key=" ~" * 127 + "x").status == 201


def test_a_key_is_for_posts_alone(api: Api) -> None:
    code = make_code()
    for remark in ("a", "b"):
        assert api.patch(f"codes/{code.pk}/", {"remark": remark}, **KEY).json["remark"] == remark


def test_a_key_costs_two_statements_and_a_savepoint(api: Api) -> None:
    server = make_server()
    api.post(f"servers/{server.instance_id}/codes/")
    counts = []
    for headers in ({}, KEY):
        with _Counted() as counted:
            api.post(f"servers/{server.instance_id}/codes/", **headers)
        counts.append(counted.statements)
    assert counts[1] - counts[0] == 2


class _Counted:
    """How many statements that are no savepoints."""

    def __enter__(self) -> "_Counted":
        self.statements = 0
        self._context = connection.execute_wrapper(self._count)
        self._context.__enter__()
        return self

    def _count(self, execute: Any, sql: str, *rest: Any) -> Any:
        self.statements += "SAVEPOINT" not in sql
        return execute(sql, *rest)

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)


def test_eight_at_once_under_one_key_are_carried_out_once(own_database: None) -> None:
    api, server = Api(), make_server()
    answers = at_once(*[lambda: generate(api, server)] * 8)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.raw for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7
    assert AuthorizationCode.objects.count() == 1


def test_bulk_requests_in_opposite_order_do_not_deadlock(own_database: None) -> None:
    api = Api()
    names = [make_server().instance_id for _ in range(6)]

    def run(order: list[str], key: str) -> Answer:
        return api.post("codes/generate/", {"items": [{"instance_id": name} for name in order]}, idempotency_key=key)

    works = [lambda n=n: run(names if n % 2 else names[::-1], f"k{n}") for n in range(4)]
    answers = at_once(*works)
    assert [answer.status for answer in answers] == [200] * 4
    assert AuthorizationCode.objects.count() == 24


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite makes the second wait at BEGIN")
@pytest.mark.parametrize(
    ("limit", "refusal"), [("lock_timeout", (409, "request_in_progress")), ("statement_timeout", (503, "unavailable"))]
)
def test_while_the_first_runs_the_second_is_in_progress(
    own_database: None, limit: str, refusal: tuple[int, str]
) -> None:
    api, server = Api(), make_server()
    inserted, release = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            fields = {"key": "k-1", "fingerprint": b"", "created_at": server.facts_at}
            KeptAnswer.objects.create(client=api.client, **fields)
            inserted.set()
            release.wait(20)

    def second() -> Answer:
        inserted.wait(20)
        with connection.cursor() as cursor:
            cursor.execute(f"SET {limit} = 300")  # milliseconds
        try:
            return generate(api, server)
        finally:
            release.set()

    answers = at_once(first, second)
    assert answers[1].refused == refusal


def test_another_accounts_answer_is_never_replayed(db: None) -> None:
    server = make_server(account=make_account())
    limited = Api(account=make_account())
    generate(Api(), server)
    assert generate(limited, server).refused == (404, "not_found")
