"""How many statements a call costs the database: the look-up of the token and the count of calls are one of them."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from icpportal.api.models import Scope
from tests.api.client import Answer, Api
from tests.factories import make_account, make_issued, make_server

CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
WHO_CALLS = ("api_apitoken", "api_callcount")  # one statement on PostgreSQL


def statements(call: Callable[[], Answer], status: int) -> int:
    """Those of one call, the look-up of its token counted as one; asked twice, for the first compiles."""
    call()
    with CaptureQueriesContext(connection) as captured:
        assert call().status == status
    asked = [one["sql"] for one in captured.captured_queries if not one["sql"].startswith(CONTROL)]
    others = [sql for sql in asked if not any(table in sql for table in WHO_CALLS)]
    if connection.vendor == "postgresql":
        assert len(asked) - len(others) == 1
    return 1 + len(others)


# SQLite takes the code and its event in two statements, which cost it no round trip.
ONE_MORE = int(connection.vendor == "sqlite")


def test_generate_is_four_statements(api: Api) -> None:
    path = f"servers/{make_server().instance_id}/codes/"
    assert statements(lambda: api.post(path, {"remark": "Web shop"}), 201) == 4 + ONE_MORE


def test_generate_refused_is_four_statements(api: Api) -> None:
    path = f"servers/{make_server(with_ip=False).instance_id}/codes/"
    assert statements(lambda: api.post(path), 409) == 4


def test_an_idempotency_key_adds_two_statements(api: Api) -> None:
    path, keys = f"servers/{make_server().instance_id}/codes/", iter("abc")
    assert statements(lambda: api.post(path, idempotency_key=next(keys)), 201) == 6 + ONE_MORE


@pytest.mark.parametrize("account", [{}, {"account": "100087654321"}])
def test_verify_is_two_statements(api: Api, account: dict[str, str]) -> None:
    body = {"code": make_issued().value, **account}
    assert statements(lambda: api.post("codes/verify/", body), 200) == 2


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("codes/", 2),
        ("codes/?limit=200", 2),
        ("servers/", 3),
        ("codes/?state=unused", 2),
        ("servers/?eligible=true", 3),
    ],
)
def test_a_list_is_as_many_statements_for_any_page(path: str, number: int, db: None) -> None:
    api = Api(Scope.CODES_READ)
    for _ in range(3):
        make_issued()
    assert statements(lambda: api.get(path), 200) == number


@pytest.mark.parametrize(
    "query", ["codes/?server=%s", "codes/?account=%s", "servers/?account=%s", "codes/?count=true&server=%s"]
)
def test_a_filter_by_what_is_anothers_costs_what_nothing_costs(db: None, query: str) -> None:
    others, api = make_issued().code.server, Api(account=make_account())
    named = others.account.uid if "account" in query else others.instance_id
    paths = query % named, query % "nothing"
    costs = [statements(lambda path=path: api.get(path), 200) for path in paths]  # type: ignore[misc]
    assert costs[0] == costs[1]
    assert [api.get(path).json["results"] for path in paths] == [[], []]
