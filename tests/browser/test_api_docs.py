"""The API's documentation: everything from here, and its try-it-out makes real calls."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browse
from tests.browser.looks import LOOKS
from tests.browser.serving import Desk
from tests.browser.watching import findings, overflow

LIST = re.compile(r"^GET \/api\/v1\/servers\/ ")
PUT = re.compile(r"^PUT \/api\/v1\/servers\/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_call_is_tried_out(scheme: str, browse: Browse, desk: Desk) -> None:
    page = browse(scheme=scheme)
    page.goto("/api/v1/docs/")
    expect(page.locator("html.dark-mode")).to_have_count(int(scheme == "dark"))
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("auth-bearer-value").fill(desk.world.token)
    assert findings(page) == []
    page.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close", exact=True).last.click()
    page.get_by_role("button", name=LIST).click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_role("heading", name="Request URL")).to_be_visible()
    expect(page.get_by_text("curl -X 'GET'").first).to_be_visible()
    expect(page.get_by_text('"ins-4h8t2wnc"').first).to_be_visible()
    page.get_by_role("button", name=PUT).click()
    expect(page.get_by_label("Request body")).to_be_visible()
    assert findings(page) == []


def test_an_operation_fits_a_phone(browse: Browse) -> None:
    page = browse(**LOOKS["zh-phone"].browser)
    page.goto("/api/v1/docs/")
    page.get_by_role("button", name=LIST).click()
    expect(page.get_by_role("table").first).to_be_visible()
    assert overflow(page) == 0


def test_the_list_of_calls_speaks_chinese(browse: Browse) -> None:
    page = browse(**LOOKS["zh-phone"].browser)
    page.goto("/api/v1/docs/")
    page.get_by_role("button", name=re.compile("查看完整的授权码$")).click()
    page.get_by_role("button", name="执行").click()
    expect(page.get_by_text("id: 缺少必填项")).to_be_visible()
    expect(page.get_by_text("参数", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Execute")).to_have_count(0)


def test_it_follows_the_theme_button(browse: Browse) -> None:
    page = browse()
    page.goto("/api/v1/docs/")
    theme = page.get_by_role("button", name=re.compile("^Theme"))
    expect(page.locator("html.dark-mode")).to_have_count(0)
    theme.click()
    theme.click()
    expect(theme).to_have_accessible_name("Theme: dark")
    expect(page.locator("html.dark-mode")).to_have_count(1)
