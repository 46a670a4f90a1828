"""Every person and every API client at every address by every verb: the tables, held against the product."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.authorization.api_table import API, CALLERS, SCOPES, VERBS
from tests.authorization.routes import declared
from tests.authorization.table import DESK, PAGES, PEOPLE, Row
from tests.authorization.world import World
from tests.factories import make_client, make_token

V1, UNKNOWN = "api/v1/", "^api/"
TABLE = PAGES | DESK
pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any) -> World:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    return World()


def reached(response: Any) -> str:
    """The table's sign for an answer; what is none of them is the status itself."""
    status = response.status_code
    if status in (301, 302) and "/login/?next=" in response["Location"]:
        return "L"
    if status >= 500:
        return str(status)
    return {401: "U", 403: "-", 404: "0", 405: "m"}.get(status, "+")


def undone(browser: Client, verb: str, address: str, body: str | bytes = "", **more: Any) -> Any:
    """The answer, without what it changed in the database or in the browser."""
    kept = browser.cookies.output(header="", sep=";")
    with transaction.atomic():
        response = browser.generic(verb, address, body, **more)
        b"".join(response)  # a streamed answer reads its rows here
        transaction.set_rollback(True)
    browser.cookies.clear()
    browser.cookies.load(kept)
    return response


def asked(browser: Client, row: Row, verb: str, world: World) -> Any:
    """The answer to this person about the member's objects."""
    return undone(browser, verb, "/" + row.address.format(**world.own))


def test_every_address_has_a_row():
    routes = set(declared())
    api = {route.removeprefix(V1) for route in routes if route.startswith(V1)}
    assert api == set(API)
    assert {route for route in routes if not route.startswith(V1)} == set(TABLE) | {UNKNOWN}


@pytest.mark.parametrize("who", PEOPLE)
def test_each_person_reaches_what_the_table_says(who: str, world: World):
    place, browser, differences = PEOPLE.index(who), world.browser(who), []
    for route, row in TABLE.items():
        for verb, expected in (("GET", row.get[place]), ("POST", row.post[place])):
            found = reached(asked(browser, row, verb, world))
            if found != expected:
                differences.append(f"{verb} {route}: {found} instead of {expected}")
    assert differences == []


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "ODD"])
def test_no_page_takes_another_verb(verb: str, world: World):
    browser = world.browser("superuser")
    found = {route: reached(asked(browser, row, verb, world)) for route, row in TABLE.items()}
    assert {route: sign for route, sign in found.items() if sign != "m"} == {}


def test_no_page_takes_a_form_without_its_token(world: World):
    """But for the way out of notices: mail programs post to its signed address by themselves."""
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(world.people["superuser"], backend="icpportal.sign_in.people.PeopleBackend")
    found = {route: asked(browser, row, "POST", world).status_code for route, row in TABLE.items()}
    assert {route for route, status in found.items() if status not in (403, 404, 405)} == {"notices/stop/<str:ticket>/"}


@pytest.mark.parametrize("caller", CALLERS)
def test_each_client_reaches_what_the_table_says(caller: str, world: World):
    place, differences = CALLERS.index(caller), []
    call = _caller(caller, world)
    for route, row in API.items():
        for verb in VERBS:
            expected, body = row.expected(verb)[place], _filled(row.bodies.get(verb), world.own)
            address = f"/{V1}" + row.address.format(**world.own)
            response = call(verb, address, body)
            found = "b" if response.status_code == 400 else reached(response)
            if found != expected:
                differences.append(f"{verb} {route}: {found} instead of {expected}")
    assert differences == []


def _caller(caller: str, world: World) -> Any:
    """Calls as this client: without a token, with a superuser's session, or with a token of one scope."""
    client, headers = Client(raise_request_exception=False), {}
    if caller == "session":
        client = world.browser("superuser")
    elif caller != "nobody":
        whose, scope = caller.split()
        assert scope in SCOPES
        account = {"all": None, "own": world.account, "other": world.foreign}[whose]
        begins = caller == "all filings:write"  # the filings of this world are its own
        api_client = world.platform if begins else make_client(scopes=(scope,), account=account)
        headers["authorization"] = f"Bearer {make_token(api_client)}"

    def call(verb: str, address: str, body: dict[str, Any] | None) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        kind = "application/json" if content else ""
        return undone(client, verb, address, content, content_type=kind, headers=headers)

    return call


def _filled(body: Any, values: dict[str, Any]) -> Any:
    """The body with the world's values in the places of their names."""
    match body:
        case str():
            return body.format(**values)
        case dict():
            return {name: _filled(value, values) for name, value in body.items()}
        case list():
            return [_filled(value, values) for value in body]
    return body
