"""What agents do, by words, roles and keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from codes.management.commands.load_demo import PASSWORD
from tests.browser.conftest import Browse
from tests.browser.looks import CHINESE, LOOKS, PHONE, Look
from tests.browser.watching import findings, flaws, overflow
from tests.browser.world import WORDY_ORDER

VALUE = re.compile(r"ICP(-[0-9A-Z]{5}){5}")
IN_USE = "/admin/codes/authorizationcode/7/change/"
CODES = "/admin/codes/authorizationcode/"
ENGLISH = LOOKS["en-desktop"]


def look_up(page: Page, term: str, look: Look = ENGLISH) -> None:
    page.keyboard.press("/")
    box = page.get_by_role("textbox", name=look.say("Look up"))
    expect(box).to_be_focused()
    box.fill(term)
    box.press("Enter")


def test_an_ip_is_looked_up_and_the_refusal_copied_as_a_reply(look: Look, browse: Browse) -> None:
    page = browse(permissions=["clipboard-read", "clipboard-write"], **look.browser)
    page.goto("/admin/")
    page.get_by_label(look.say("User name or e-mail address")).fill("agent")
    page.get_by_label(look.say("Password")).fill(PASSWORD)
    page.get_by_role("button", name=look.say("Sign in")).click()
    expect(page.get_by_role("heading", name=look.say("What needs you now"))).to_be_visible()

    look_up(page, "  203.0.113.47 ", look)
    expect(page.get_by_role("heading", name="ins-7k2m9qpx")).to_be_visible()
    one = "No code can be generated: %(failed)d of %(all)d conditions fails"
    many = "No code can be generated: %(failed)d of %(all)d conditions fail"
    expect(page.get_by_text(look.count(one, many, 3, failed=3, all=12), exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=look.say("Generate codes…"))).to_be_disabled()
    replies = {}
    for other in (LOOKS["zh-phone"], LOOKS["en-desktop"]):
        page.get_by_role("radiogroup").get_by_text("简体中文" if other.language == "zh-hans" else "English").click()
        page.get_by_role("button", name=look.say("Copy reply")).click()
        expect(page.get_by_role("status").filter(has_text=look.say("Copied"), visible=True)).to_be_visible()
        replies[other.language] = page.evaluate("navigator.clipboard.readText()")
        assert other.say("No code is left: %(found)s.", found="").rstrip(" .。") in replies[other.language]
    assert "FAQ 4.3" in replies["en"] and "ins-7k2m9qpx" in replies["zh-hans"]
    assert flaws(page) == []


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


def test_codes_are_generated_for_a_server(look: Look, browse: Browse) -> None:
    page = browse("agent", **look.browser)
    page.goto("/admin/lookup/?q=ins-4h8t2wnc")
    page.get_by_role("link", name=look.say("Generate codes…")).click()
    page.get_by_label(look.say("How many codes")).select_option("2")
    page.get_by_label(look.say("Ticket number")).fill("T-20261123-0412")
    assert flaws(page) == []
    page.get_by_role("button", name=look.say("Generate"), exact=True).click()
    expect(
        page.get_by_text(look.say("%(generated)s of %(limit)s", generated=5, limit=5), exact=True).first
    ).to_be_visible()
    expect(page.get_by_text("T-20261123-0412").first).to_be_visible()
    expect(page.get_by_role("button", name=look.say("Generate codes…"))).to_be_disabled()
    assert not VALUE.search(page.content())


def test_a_filing_is_reset_with_reason_and_ticket(look: Look, browse: Browse) -> None:
    page, action = browse("agent", **look.browser), look.say("Reset the filing")
    page.goto(IN_USE)
    page.get_by_role("link", name=f"{action}…").click()
    page.get_by_role("button", name=action).click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert flaws(page) == []
    page.get_by_label(look.say("Reason")).fill("The filing was given up")
    page.get_by_label(look.say("Ticket number")).fill("T-20261123-0413")
    page.get_by_role("button", name=action).click()
    expect(page.get_by_text(look.say("%(code)s: its filing is reset.", code="").strip(" :："))).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="The filing was given up")).to_contain_text("T-20261123-0413")
    expect(page.get_by_role("button", name=f"{action}…")).to_be_disabled()


def test_a_bulk_reset_shows_first_whom_it_skips(look: Look, browse: Browse) -> None:
    page = browse("agent", **look.browser)
    page.goto(CODES)
    for number in (5, 6, 7):
        page.locator(f'.action-select[value="{number}"]').check()
    page.get_by_role("button", name=look.say("Reset filings")).click()
    title = page.get_by_role("heading", level=1)
    one, many = "Reset the filing of %(count)d code?", "Reset the filings of %(count)d codes?"
    expect(title).to_contain_text(look.count(one, many, 1, count=1))
    one, many = (f"%(skipped)d of the %(chosen)d selected {verb} skipped" for verb in ("is", "are"))
    expect(title).to_contain_text(look.count(one, many, 2, skipped=2, chosen=3))
    headings = page.get_by_role("main").get_by_role("heading", level=2)
    expect(headings).to_contain_text([look.say("Skipped: %(count)s", count=2), look.say("Will be reset")])
    assert flaws(page) == []
    page.get_by_label(look.say("Reason")).fill("Stalled for weeks")
    page.get_by_role("button", name=look.count("Reset %(count)d filing", "Reset %(count)d filings", 1, count=1)).click()
    done = look.count("%(count)d filing reset", "%(count)d filings reset", 1, count=1)
    expect(title).to_contain_text(look.say("%(done)s, %(refused)d not", done=done, refused=2))
    assert flaws(page) == []


def test_a_view_of_the_codes_is_saved_and_says_when_its_filters_differ(look: Look, browse: Browse) -> None:
    page = browse("agent", **look.browser)
    page.goto(f"{CODES}?state=unused")
    page.get_by_role("link", name=f"{look.say('Save view')}…").click()
    page.get_by_label(look.say("Name"), exact=True).fill("To be used")
    assert flaws(page) == []
    page.get_by_role("button", name=look.say("Save view")).click()
    pill = page.get_by_role("navigation", name=look.say("Views")).get_by_role("link", name="To be used")
    expect(pill).to_have_attribute("aria-current", "true")
    expect(pill).not_to_contain_text(look.say("changed"))
    page.locator("nav.tabs").get_by_role("link", name=look.say("In use")).click()
    expect(pill).to_contain_text(look.say("changed"))
    assert flaws(page) == []


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
    rows = page.get_by_role("table").get_by_role("row")
    before = rows.count()
    page.get_by_role("link", name="Remove the filter billing mode").click()
    page.wait_for_url(re.compile(r"\?eligible=false$"))
    assert rows.count() > before
    assert overflow(page) == 0


def test_all_rows_of_a_list_are_chosen_at_once_on_a_phone(browse: Browse) -> None:
    page = browse("agent", size=PHONE)
    page.goto("/admin/servers/server/?q=100012345678")
    page.locator("#action-toggle").check()
    expect(page.locator(".action-select:not(:checked)")).to_have_count(0)


def test_the_button_that_takes_the_selection_along_counts_what_is_selected_beyond_the_page_too(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/servers/account/")
    taken = page.locator("[data-selected-count]")
    page.locator("#action-toggle").check()
    expect(taken).to_have_text("50")
    beyond = page.get_by_role("button", name=re.compile("Select all"))
    whole = beyond.inner_text().split()[-1]
    beyond.click()
    expect(taken).to_have_text(whole)
    page.get_by_role("button", name="Clear selection").click()
    expect(taken).to_have_text("")
    page.locator(".action-select").first.check()
    page.get_by_role("link", name="Start", exact=True).click()
    page.wait_for_url("**/admin/")
    page.go_back()
    expect(taken).to_have_text("1")


def test_a_region_in_chinese_stands_in_one_line_beside_long_names(browse: Browse) -> None:
    page = browse("agent", locale=CHINESE)
    page.goto("/admin/servers/server/")
    lines = "cells => cells.map(cell => { const text = document.createRange(); text.selectNodeContents(cell); "
    lines += "return text.getClientRects().length; })"
    assert set(page.locator("#result_list .field-place").evaluate_all(lines)) == {1}


def test_without_scripts_a_list_counts_no_selection_and_offers_no_box_for_all(browse: Browse) -> None:
    page = browse("agent", java_script_enabled=False)
    page.goto(CODES)
    expect(page.locator(".action-select").first).to_be_visible()
    expect(page.locator(".action-counter")).to_be_hidden()
    expect(page.locator("#action-toggle")).to_be_hidden()


def test_the_desk_speaks_chinese_from_one_click_on(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/servers/server/?eligible=true")
    page.get_by_role("banner").get_by_role("button", name="简体中文").click()
    expect(page).to_have_url(re.compile(r"\?eligible=true$"))
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Servers", level=1)).to_be_visible()


# Text that ends beyond the panel that clips it, or beyond its fact.
CUT = """() => [...document.querySelectorAll("#content :is(td, th, dd, li, p, a, bdi, div, span)")].filter((each) => {
  if (each.children.length || !each.textContent.trim() || each.closest(".visually-hidden")) return false;
  const box = each.closest("dd, td, .panel, .module, #content").getBoundingClientRect();
  return each.getClientRects().length && each.getBoundingClientRect().right > box.right + 1;
}).map((each) => each.textContent.trim())"""


@pytest.mark.parametrize(
    "address",
    [
        "/admin/servers/server/",
        "/admin/codes/authorizationcode/",
        "/admin/codes/filing/",
        "/admin/servers/account/1/change/",
        "/admin/servers/server/5/change/",
    ],
)
def test_no_text_of_a_row_is_cut_on_the_narrowest_phone(address: str, browse: Browse) -> None:
    page = browse("agent", size={"width": 320, "height": 640})
    page.goto(address)
    assert page.evaluate(CUT) == []
    assert overflow(page) == 0


def test_on_a_tablet_the_look_up_and_what_happened_have_room(browse: Browse) -> None:
    page = browse("agent", size={"width": 768, "height": 1024})
    page.goto("/admin/codes/authorizationcode/1/change/")
    box, what = (page.locator(place).first.bounding_box() for place in ("input[name=q]", ".timeline .what"))
    assert box and box["width"] >= 230
    assert what and what["width"] >= 280
    assert overflow(page) == 0


def test_fields_side_by_side_are_level_whatever_is_said_above_them(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/codes/authorizationcode/1/act/withdraw/")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    reason, ticket = (page.locator(f"[name={name}]").bounding_box() for name in ("reason", "ticket"))
    assert reason and ticket and reason["y"] == ticket["y"]


def test_a_reason_and_names_without_a_space_are_not_cut(browse: Browse) -> None:
    page, cut = browse("agent"), {}
    page.goto(f"/admin/lookup/?q={WORDY_ORDER}")
    addresses = [page.url, *(page.locator("dd a").nth(number).get_attribute("href") for number in range(3))]
    for address in [*addresses, "/admin/codes/codeevent/"]:
        page.goto(address or "")
        cut[address] = page.evaluate(CUT) or overflow(page)
    assert {address: texts for address, texts in cut.items() if texts} == {}
