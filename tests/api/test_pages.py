"""Cursor pages: complete, stable, refusing what was cut."""

import pytest

from tests.api.client import Api
from tests.factories import make_account, make_code, make_server


@pytest.fixture
def codes(db: None) -> list[int]:
    """Seven codes' ids, newest first."""
    return [make_code().pk for _ in range(7)][::-1]


def walk(api: Api, path: str, towards: str = "next") -> list[list[int]]:
    pages = []
    while path:
        answer = api.get(path)
        assert answer.status == 200, answer.raw
        pages.append([code["id"] for code in answer.json["results"]])
        path = answer.json[towards]
    return pages


def test_pages_hold_everything_once(api: Api, codes: list[int]) -> None:
    assert walk(api, "codes/?limit=3") == [codes[:3], codes[3:6], codes[6:]]
    assert walk(api, "codes/?limit=7") == [codes]


def test_pages_lead_back(api: Api, codes: list[int]) -> None:
    second = api.get(api.get("codes/?limit=3").json["next"]).json
    third = api.get(second["next"]).json
    assert (third["next"], [code["id"] for code in third["results"]]) == (None, codes[6:])
    assert walk(api, third["previous"], "previous") == [codes[3:6], codes[:3]]
    first = api.get(second["previous"]).json
    assert (first["previous"], walk(api, first["next"])) == (None, [codes[3:6], codes[6:]])


def test_pages_are_stable_while_codes_are_added(api: Api, codes: list[int]) -> None:
    first = api.get("codes/?limit=3").json
    make_code()
    assert walk(api, first["next"]) == [codes[3:6], codes[6:]]


def test_pages_keep_their_filters(api: Api, codes: list[int]) -> None:
    server = make_server()
    own = [make_code(server).pk for _ in range(3)][::-1]
    pages = walk(api, f"codes/?server={server.instance_id}&limit=2&count=true")
    assert pages == [own[:2], own[2:]]


def test_the_addresses_are_whole(api: Api, codes: list[int]) -> None:
    assert api.get("codes/?limit=3&state=unused").json["next"].startswith("http://testserver/api/v1/codes/?")


def test_a_count_is_given_when_asked_for(api: Api, codes: list[int]) -> None:
    assert api.get("codes/?count=true&limit=1").json["count"] == 7
    assert api.get("codes/?count=true&state=used").json["count"] == 0
    assert "count" not in api.get("codes/?count=false").json


def test_a_cut_or_changed_cursor_is_400(api: Api, codes: list[int]) -> None:
    address = api.get("codes/?limit=3").json["next"]
    for changed in (address[:-1], address[:-10], address + "x", address.replace("cursor=o", "cursor=n")):
        assert api.get(changed).wrong == [("cursor", "invalid")]


def test_a_cursor_opens_nothing_to_another_client(db: None) -> None:
    account = make_account()
    own = [make_code(make_server(account=account)).pk for _ in range(2)]
    for _ in range(3):
        make_code()
    limited = Api(account=account)
    address = Api().get("codes/?limit=2").json["next"]
    assert [pk for page in walk(limited, address) for pk in page] == own[::-1]


def test_the_default_is_50_and_the_most_200(api: Api) -> None:
    for _ in range(11):
        server = make_server()
        for _ in range(5):
            make_code(server)
    assert len(api.get("codes/").json["results"]) == 50
    assert len(api.get("codes/?limit=200").json["results"]) == 55
