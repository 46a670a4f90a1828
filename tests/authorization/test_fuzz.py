"""Garbage at every page, list, form and action: 4xx or an answer that says what is wrong, never a 500.

The pages come from the matrix's table, the fields from the forms themselves, the parameters from the lists' filters: a
new page, field or filter is asked by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.authorization.table import DESK, PAGES, Row
from tests.authorization.test_matrix import asked, undone
from tests.authorization.world import World

pytestmark = pytest.mark.django_db
GARBAGE = {
    "nul": "a\0b",
    "huge": "9" * 400,
    "negative": "-1",
    "digits": "١٢٣",
    "date": "2026-13-45",
    "regex": "(a+)+$",
    "surrogate": "\ud800",
    "long": "x" * 70_000,
    "format": "%s %(x)s {0} {{x}}",
}
OF_THE_ADMIN = [
    "o",
    "p",
    "q",
    "all",
    "e",
    "_facets",
    "_popup",
    "_to_field",
    "view",
    "before",
    "cursor",
    "months",
    "tab",
]
LOOKUPS = ["name__regex", "digest__startswith", "sealed", "password", "user__password__startswith", "pk__in", "x__y"]
OF_EVERY_FORM = ["_selected_action", "action", "index", "select_across", "form-TOTAL_FORMS", "form-0-id", "next"]
IN_A_LIST = ("nul", "huge", "date", "regex", "surrogate")
PLACES = re.compile(r"\{[^}]*\}")
FORM = re.compile(r"<form[^>]*method=\"post\".*?</form>", re.S | re.I)
NAME = re.compile(r"<(?:input|select|textarea|button)[^>]*\bname=\"([^\"]+)\"")
SESSION_TABLES = {"sign_in_session"}


@pytest.fixture
def world(settings: Any) -> World:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    return World()


def quoted(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")


def readable(world: World) -> Iterator[tuple[str, Client, Row]]:
    """Each page with a browser of somebody who reaches it."""
    member, superuser = world.browser("member"), world.browser("superuser")
    for route, row in (PAGES | DESK).items():
        yield route, member if route in PAGES else superuser, row


def ask(browser: Client, path: str, body: str | None = None) -> int:
    """The status of the answer to a GET, or to a form."""
    if body is None:
        return int(undone(browser, "GET", path).status_code)
    return int(undone(browser, "POST", path, body, content_type="application/x-www-form-urlencoded").status_code)


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_in_an_address_is_never_a_500(garbage: str, world: World):
    found, value = {}, quoted(garbage[:1000])
    for route, browser, row in readable(world):
        if PLACES.search(row.address):
            path = "/" + PLACES.sub(lambda _: value, row.address)
            found[route] = (ask(browser, path), ask(browser, path, ""))
    assert {route: statuses for route, statuses in found.items() if max(statuses) >= 500} == {}


@pytest.mark.parametrize("model", [model._meta.label for model in admin.site._registry])
def test_garbage_in_a_lists_address_is_never_a_500(model: str, world: World):
    app_label, name = model.lower().split(".")
    model_admin = next(each for of, each in admin.site._registry.items() if of._meta.label == model)
    browser, base = world.browser("superuser"), reverse(f"admin:{app_label}_{name}_changelist")
    found = {}
    filters = [each.parameter_name for each in model_admin.list_filter]
    for parameter in [*filters, *OF_THE_ADMIN, *LOOKUPS]:
        for kind in IN_A_LIST:
            found[parameter, kind] = ask(browser, f"{base}?{parameter}={quoted(GARBAGE[kind])}")
    assert {asked: status for asked, status in found.items() if status >= 500} == {}
    assert {found[lookup, "regex"] for lookup in LOOKUPS} == {400}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_in_every_field_of_every_form_is_never_a_500(garbage: str, world: World):
    found, fields_seen = {}, set()
    for route, browser, row in readable(world):
        path = "/" + row.address.format(**world.own)
        page = undone(browser, "GET", path)
        forms = [] if page.streaming or page.status_code != 200 else FORM.findall(page.content.decode())
        names = {name for form in forms for name in NAME.findall(form)} - {"csrfmiddlewaretoken"}
        fields_seen |= names
        for chosen in (names | set(OF_EVERY_FORM), names):
            body = "&".join(f"{quoted(name)}={quoted(garbage)}" for name in sorted(chosen))
            found[route, len(chosen)] = ask(browser, path, body)
    assert {"remark", "text", "old_password", "scopes", "url"} - fields_seen == set()
    assert {asked: status for asked, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("garbage", ["\0", "x", "-1", "9" * 30, "", "1,2"])
def test_a_bulk_action_on_forged_rows_is_never_a_500(garbage: str, world: World):
    browser = world.browser("superuser")
    for model, model_admin in admin.site._registry.items():
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        actions = [*model_admin._get_base_actions(), (None, "delete_selected", ""), (None, "no_such", "")]
        for _function, name, _label in actions:
            for more in ("", "&select_across=1", "&index=99", "&index=x"):
                body = f"action={quoted(name)}&_selected_action={quoted(garbage)}&_selected_action=1{more}"
                assert ask(browser, path, body) < 500, (model, name, more)


def test_reading_writes_nothing(world: World):
    """But for sessions."""
    written: dict[str, str] = {}
    at, pages = "", list(readable(world))

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        wrote = re.match(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql)
        if wrote and wrote.group(1) not in SESSION_TABLES:
            written[at] = wrote.group(1)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        for at, browser, row in pages:  # noqa: B007 (read by watch)
            asked(browser, row, "GET", world)
    assert written == {}
