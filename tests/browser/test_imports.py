"""A spreadsheet of servers on the desk, without a script: uploaded, judged, taken in."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Browse
from tests.browser.looks import CHINESE, DESKTOP, ENGLISH, PHONE
from tests.browser.watching import findings, overflow
from tests.servers.sheets import table

OWN_PAGE = re.compile(r"/import/[0-9]+/$")
SHEET = table(
    {"instance_id": "ins-new1", "account": "100012345678", "ips": "203.0.113.200 public"},
    {"instance_id": "ins-bad1", "account": "1.00012E+11", "state": "broken", "ips": "203.0.113.201"},
    {"instance_id": "ins-new2", "account": "nobody-here", "ips": ""},
)


@pytest.mark.parametrize(
    ("size", "scheme", "locale"), [(DESKTOP, "light", ENGLISH), (PHONE, "dark", CHINESE)], ids=["wide", "narrow"]
)
def test_a_sheet_is_judged_and_taken_in(size: dict[str, int], scheme: str, locale: str, browse: Browse) -> None:
    page = browse("supervisor", size=size, scheme=scheme, locale=locale, java_script_enabled=size is DESKTOP)
    page.goto("/admin/servers/server/import/")
    page.locator("input[type=file]").set_input_files(
        {"name": "servers.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    )
    _look(page, f"form-{scheme}")
    page.locator(".confirm-form .btn-primary").click()
    _wait(page, size)
    assert "1.00012E+11" in page.content() and "nobody-here" in page.content()
    _look(page, f"judged-{scheme}")
    if size is DESKTOP:
        assert findings(page) == []
    assert overflow(page) == 0
    page.locator("#answer .btn-primary").click()
    page.locator("#answer .verdict-ok").first.wait_for()
    _wait(page, size)
    _look(page, f"done-{scheme}")
    if size is DESKTOP:
        assert findings(page) == []


def _wait(page: Page, size: dict[str, int]) -> None:
    """Until the answer is whole; with a script its own page follows."""
    page.locator("#answer").wait_for()
    if size is DESKTOP:
        page.wait_for_url(OWN_PAGE)


def _look(page: object, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)  # type: ignore[attr-defined]
