"""What agents do, by words, roles and keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from codes.management.commands.load_demo import PASSWORD
from tests.browser.conftest import PHONE, Browse
from tests.browser.watching import findings, overflow

VALUE = re.compile(r"ICP(-[0-9A-Z]{5}){5}")
IN_USE = "/admin/codes/authorizationcode/7/change/"


def look_up(page: Page, term: str) -> None:
    page.keyboard.press("/")
    box = page.get_by_role("textbox", name="Look up")
    expect(box).to_be_focused()
    box.fill(term)
    box.press("Enter")


def test_an_ip_is_looked_up_and_the_refusal_copied_as_a_reply(browse: Browse) -> None:
    page = browse(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/admin/")
    page.get_by_label("Username").fill("agent")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="What needs you now")).to_be_visible()

    look_up(page, "  203.0.113.47 ")
    expect(page.get_by_role("heading", name="ins-7k2m9qpx")).to_be_visible()
    expect(page.get_by_text("No code can be generated: 3 of 12 conditions fail", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Generate codes…")).to_be_disabled()
    page.get_by_role("button", name="Copy reply").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    reply = page.evaluate("navigator.clipboard.readText()")
    assert "No code is left: 5 of 5 generated." in reply and "(FAQ 4.3)" in reply

    page.get_by_role("main").get_by_text("简体中文").click()
    page.get_by_role("button", name="Copy reply").click()
    expect(page.get_by_role("status").filter(has_text="Copied").last).to_be_visible()
    assert "ins-7k2m9qpx" in (reply_zh := page.evaluate("navigator.clipboard.readText()")) and reply_zh != reply


def test_a_code_is_revealed_with_a_reason_found_by_its_value_and_told_from_a_mistyped_one(browse: Browse) -> None:
    page = browse("agent")
    page.goto(IN_USE)
    page.get_by_role("link", name="Reveal…").click()
    page.get_by_label("Reason").fill("The customer lost it")
    page.get_by_role("button", name="Reveal").click()
    value = page.get_by_role("main").get_by_text(VALUE).inner_text()
    assert findings(page) == []

    look_up(page, value)
    expect(page).to_have_url(re.compile(re.escape(IN_USE)))
    expect(page.get_by_text("The customer lost it")).to_be_visible()
    assert value not in page.content()

    wrong = value[:-1] + ("2" if value[-1] == "3" else "3")
    look_up(page, wrong)
    expect(page.get_by_text("its check character is wrong")).to_be_visible()
    assert wrong not in page.url and findings(page) == []


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_codes_are_generated_for_a_server(size: dict[str, int] | None, browse: Browse) -> None:
    page = browse("agent", **({"size": size} if size else {}))
    page.goto("/admin/lookup/?q=ins-4h8t2wnc")
    page.get_by_role("link", name="Generate codes…").click()
    page.get_by_label("How many codes").select_option("2")
    page.get_by_label("Ticket number").fill("T-20261123-0412")
    assert findings(page) == []
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.get_by_text("5 of 5", exact=True).first).to_be_visible()
    expect(page.get_by_text("T-20261123-0412").first).to_be_visible()
    expect(page.get_by_role("button", name="Generate codes…")).to_be_disabled()
    assert not VALUE.search(page.content())


def test_a_filing_is_reset_with_reason_and_ticket(browse: Browse) -> None:
    page = browse("agent")
    page.goto(IN_USE)
    page.get_by_role("link", name="Reset the filing…").click()
    page.get_by_role("button", name="Reset the filing").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert findings(page) == []
    page.get_by_label("Reason").fill("The filing was given up")
    page.get_by_label("Ticket number").fill("T-20261123-0413")
    page.get_by_role("button", name="Reset the filing").click()
    expect(page.get_by_text("its filing is reset")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="The filing was given up")).to_contain_text("T-20261123-0413")
    expect(page.get_by_role("button", name="Reset the filing…")).to_be_disabled()


def test_a_bulk_reset_shows_first_whom_it_skips(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/codes/authorizationcode/")
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_role("button", name="Reset filings…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Reset the filing of 1 code?")
    expect(page.get_by_role("heading", level=1)).to_contain_text("8 of the 9 selected are skipped")
    headings = [text.lower() for text in page.get_by_role("main").get_by_role("heading", level=2).all_inner_texts()]
    assert headings.index(next(each for each in headings if "skipped" in each)) < headings.index(
        next(each for each in headings if "will be reset" in each)
    )
    assert findings(page) == []
    page.get_by_label("Reason").fill("Stalled for weeks")
    page.get_by_role("button", name="Reset 1 filing").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 filing reset, 8 not")
    assert findings(page) == []


def test_the_desk_is_walked_by_keys_and_they_can_be_switched_off(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/")
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Servers", level=1)).to_be_visible()
    page.keyboard.press("j")
    first = page.get_by_role("table").get_by_role("row").nth(1).get_by_role("link").first
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(first).not_to_be_focused()
    page.keyboard.press("k")
    expect(first).to_be_focused()

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    assert findings(page) == []
    dialog.get_by_label("Use these keys").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name="Look up")).not_to_be_focused()


def test_a_filter_is_a_chip_that_goes_by_itself(browse: Browse) -> None:
    page = browse("agent", size=PHONE)
    page.goto("/admin/servers/server/?eligible=false&billing_mode=prepaid")
    before = page.get_by_role("table").get_by_role("row").count()
    page.get_by_role("link", name="Remove the filter billing mode").click()
    expect(page).to_have_url(re.compile(r"\?eligible=false$"))
    assert page.get_by_role("table").get_by_role("row").count() > before
    assert overflow(page) == 0


def test_the_desk_speaks_chinese_from_one_click_on(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/servers/server/?eligible=true")
    page.get_by_role("banner").get_by_role("button", name="简体中文").click()
    expect(page).to_have_url(re.compile(r"\?eligible=true$"))
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Servers", level=1)).to_be_visible()
