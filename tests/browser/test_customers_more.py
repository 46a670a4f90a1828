"""More of what customers do: asking customer service and asking again, notes on a code, notices, a lost password."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browse
from tests.browser.watching import findings

REFERENCE = "SR-[0-9A-Z]{4}-[0-9A-Z]{2}"
UNUSED = "/codes/1/"


def test_customer_service_is_asked_from_a_refused_server_and_asked_again(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/")
    card = page.get_by_role("article").filter(has_text="ins-7k2m9qpx")
    card.get_by_role("link", name="Contact customer service").click()
    page.get_by_label("Your message").fill("The server is renewed.")
    page.get_by_role("button", name="Send with the report").click()
    reference = page.get_by_role("main").get_by_text(re.compile(f"^{REFERENCE}$")).inner_text()
    assert findings(page) == []

    page.get_by_role("link", name="‹ My requests").click()
    row = page.get_by_role("listitem").filter(has_text=reference)
    expect(row).to_contain_text("ins-7k2m9qpx")
    row.get_by_role("link", name=reference).click()
    page.get_by_label("Your message").fill("Is there any news?")
    page.get_by_role("button", name="Send", exact=True).click()
    said = page.get_by_role("listitem")
    expect(said.filter(has_text="The server is renewed.")).to_be_visible()
    expect(said.filter(has_text="Is there any news?")).to_be_visible()


def test_remark_and_authorized_account_of_an_unused_code_are_edited(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto(UNUSED)
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Remark").fill("For the new shop")
    page.get_by_label("Authorized account").fill("100055512009")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(re.escape(UNUSED) + "$"))
    expect(page.get_by_text("Remark: For the new shop")).to_be_visible()
    expect(page.get_by_text("Account 100055512009 only")).to_be_visible()
    assert findings(page) == []


def test_notices_are_switched_off_and_their_language_is_kept(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/notices/")
    page.get_by_label("Send me notices by e-mail").uncheck()
    page.get_by_label("简体中文").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.goto("/notices/")
    expect(page.get_by_role("radio", name="简体中文")).to_be_checked()
    expect(page.get_by_role("checkbox").first).not_to_be_checked()
    assert findings(page) == []


@pytest.mark.parametrize("without", ["javascript", "nothing"])
def test_a_lost_password_gets_the_same_answer_for_every_address(without: str, browse: Browse) -> None:
    page, answers = browse(java_script_enabled=without != "javascript"), []
    for address in ("qingshan@example.com", "nobody@example.com"):
        page.goto("/password/reset/")
        page.get_by_label("Email").fill(address)
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
        answers.append((page.url, page.locator("body").inner_text()))
    assert answers[0] == answers[1]


def test_a_view_of_the_codes_is_saved_and_says_when_its_filters_differ(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/codes/authorizationcode/?state=unused")
    page.get_by_role("link", name="Save view…").click()
    page.get_by_label("Name", exact=True).fill("To be used")
    assert findings(page) == []
    page.get_by_role("button", name="Save view").click()
    pill = page.get_by_role("navigation", name="Views").get_by_role("link", name="To be used")
    expect(pill).to_have_attribute("aria-current", "true")
    expect(pill).not_to_contain_text("changed")
    page.get_by_role("navigation", name="state").get_by_role("link", name="In use").click()
    expect(pill).to_contain_text("changed")
    assert findings(page) == []
