"""What customers do, as they do it: by words and roles, never by a selector that they cannot see."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from codes.management.commands.load_demo import PASSWORD
from tests.browser.conftest import PHONE, Browse
from tests.browser.watching import findings

VALUE = re.compile(r"ICP(-[0-9A-Z]{5}){5}")
MASKED = re.compile(r"ICP-…-[0-9A-Z]{5}")


def generate_from(page: Page, instance_id: str) -> str:
    """From the list to the code; returns its value."""
    page.get_by_role("link", name=f"Generate a code ({instance_id})").click()
    page.get_by_label("Remark").fill("Our shop")
    page.get_by_role("button", name="Generate a code").click()
    expect(page.get_by_role("heading", name="Your code is ready")).to_be_visible()
    shown = page.get_by_text(VALUE)
    expect(shown).to_be_visible()
    return shown.inner_text()


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_from_sign_in_to_a_copied_code_and_its_withdrawal(size: dict[str, int] | None, browse: Browse) -> None:
    more = {"size": size} if size else {}
    page = browse(permissions=["clipboard-read", "clipboard-write"], **more)
    page.goto("/")
    page.get_by_label("User name").fill("qingshan")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    value = generate_from(page, "ins-4h8t2wnc")
    page.get_by_role("button", name="Copy code").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == value
    assert findings(page) == []

    page.reload()
    expect(page.get_by_text(MASKED).first).to_be_visible()
    assert value not in page.content()
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_text(value)).to_be_visible()

    page.get_by_role("link", name="Withdraw").click()
    expect(page.get_by_text("The slot is not given back")).to_be_visible()
    page.get_by_role("button", name="Withdraw 1 code").click()
    expect(page.get_by_role("definition").filter(has_text="Withdrawn")).to_be_visible()
    assert value not in page.content()


def test_generating_needs_no_javascript(browse: Browse) -> None:
    page = browse("qingshan", java_script_enabled=False)
    page.goto("/")
    value = generate_from(page, "ins-4h8t2wnc")
    expect(page.get_by_role("button", name="Copy code")).to_be_hidden()
    page.reload()
    assert value not in page.content()
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_text(value)).to_be_visible()


def test_a_second_click_generates_nothing_more(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/servers/ins-8v3c1xqt/generate/")
    page.get_by_label("203.0.113.32").check()
    page.get_by_role("button", name="Generate a code").dblclick()
    expect(page.get_by_role("heading", name="Your code is ready")).to_be_visible()
    expect(page.get_by_text("1 of 5")).to_be_visible()
    expect(page.get_by_text("203.0.113.32").first).to_be_visible()


def test_a_refusal_says_what_to_do_and_leads_to_customer_service(browse: Browse) -> None:
    page = browse("qingshan", size=PHONE)
    page.goto("/servers/ins-7k2m9qpx/generate/")
    expect(page.get_by_role("heading", name="No code can be generated")).to_be_visible()
    reason = page.get_by_role("listitem").filter(has_text="The server expired")
    answer = reason.get_by_role("link", name="Read more")
    expect(answer).to_be_hidden()
    reason.get_by_text("FAQ 6").click()
    expect(answer).to_be_visible()
    assert findings(page) == []

    page.get_by_role("main").get_by_role("link", name="Contact customer service").click()
    page.get_by_label("Your message").fill("The server is renewed. Why is it refused?")
    page.get_by_role("button", name="Send with the report").click()
    expect(page.get_by_text(re.compile(r"SR-[0-9A-Z]{4}-[0-9A-Z]{2}")).first).to_be_visible()
    expect(page.get_by_text("Why is it refused?")).to_be_visible()


def test_a_refused_form_takes_the_focus_to_what_is_wrong(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/servers/ins-4h8t2wnc/generate/")
    page.get_by_label("Authorized account").fill("not an account")
    page.get_by_role("button", name="Generate a code").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert findings(page) == []
    summary.get_by_role("link").click()
    expect(page.get_by_label("Authorized account")).to_be_focused()


def test_the_account_is_switched(browse: Browse) -> None:
    page = browse("both")
    page.goto("/")
    expect(page.get_by_role("link", name="web-prod-1")).to_be_visible()
    page.get_by_role("link", name="Account 100012345678").click()
    page.get_by_role("button", name="Switch to this account 100055512009").click()
    expect(page.get_by_role("link", name="Account 100055512009")).to_be_visible()
    page.get_by_role("link", name="My servers").click()
    expect(page.get_by_text("No associated CVM")).to_be_visible()
    expect(page.get_by_role("link", name="web-prod-1")).to_have_count(0)


def test_the_language_is_switched_where_one_stands(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/codes/?tab=used")
    page.get_by_role("button", name="简体中文").click()
    expect(page).to_have_url(re.compile(r"/codes/\?tab=used$"))
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My codes")).to_be_visible()


def test_the_theme_is_kept(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/")
    page.get_by_role("button", name="Theme: as the system").click()
    page.get_by_role("button", name="Theme: light").click()
    page.goto("/codes/")
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert findings(page) == []


def test_the_faq_is_open_to_everybody(browse: Browse) -> None:
    page = browse()
    page.goto("/help/#faq-6")
    expect(page.get_by_role("heading", name="How codes work")).to_be_visible()
    expect(page.locator("#faq-6")).to_be_in_viewport()
