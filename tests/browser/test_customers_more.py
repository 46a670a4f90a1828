"""What customers do besides: their codes, their accounts, their notices, the help, paper, a look of their own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browse
from tests.browser.looks import PHONE, Look
from tests.browser.serving import Desk
from tests.browser.test_customers import MASKED, VALUE
from tests.browser.watching import findings, flaws, overflow

HELD = "A filing holds it. Abandon that filing in the filing platform first, or ask customer service to reset the code."


def test_my_codes_by_state_and_an_unused_one_is_edited(look: Look, browse: Browse) -> None:
    page = browse("fleet", permissions=["clipboard-read", "clipboard-write"], **look.browser)
    page.goto("/codes/")
    tabs = page.get_by_role("navigation", name=look.say("States"))
    for label, shown in (
        ("No longer valid", look.say("Withdrawn")),
        ("Used", "done.example.cn"),
        ("In use", "held.example.cn"),
        ("Unused", "203.0."),
    ):
        tabs.get_by_role("link", name=f"{look.say(label)} 1", exact=True).click()
        expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
        expect(page.get_by_role("main").get_by_role("listitem")).to_contain_text(shown)
    assert not VALUE.search(page.content())
    page.get_by_role("link", name=MASKED).click()
    page.get_by_role("button", name=look.say("Reveal")).click()
    page.get_by_role("button", name=look.say("Copy code")).click()
    expect(page.get_by_role("status").filter(has_text=look.say("Copied"))).to_be_visible()
    assert VALUE.fullmatch(page.evaluate("navigator.clipboard.readText()"))

    page.get_by_role("link", name=look.say("Edit"), exact=True).click()
    page.get_by_label(look.say("Remark")).fill("For the new shop")
    account = page.get_by_label(look.say("Authorized account"))
    account.fill("not an account")
    page.get_by_role("button", name=look.say("Save")).click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert flaws(page) == []
    summary.get_by_role(
        "link",
        name=look.say("An account is up to 32 letters, digits, dots, hyphens and underscores, such as 100012345678."),
    ).click()
    expect(account).to_be_focused()
    account.fill("100055512009")
    page.get_by_role("button", name=look.say("Save")).click()
    expect(page.get_by_text("For the new shop")).to_be_visible()
    only = look.say('Account <span class="mono">%(account)s</span> only', account="100055512009")
    expect(page.get_by_role("definition").filter(has_text=re.compile(re.escape(only)))).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=look.say("Code revealed"))).to_be_visible()


def test_a_code_that_is_held_says_by_what_and_cannot_be_withdrawn(look: Look, browse: Browse) -> None:
    page = browse("fleet", **look.browser)
    page.goto("/codes/?tab=in_use")
    page.get_by_role("link", name=MASKED).click()
    expect(page.get_by_text("2026777001").first).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="held.example.cn")).to_contain_text(look.say("Filing platform"))
    expect(page.get_by_role("button", name=look.say("Withdraw"))).to_be_disabled()
    expect(page.get_by_text(look.say(HELD))).to_be_visible()
    page.get_by_role("link", name=look.say("Edit"), exact=True).click()
    expect(page.get_by_role("textbox", name=look.say("Authorized account"))).to_have_count(0)
    expect(page.get_by_text(look.say("A filing holds it: the authorized account is frozen."))).to_be_visible()


def test_the_account_is_switched(look: Look, browse: Browse) -> None:
    page = browse("both", **look.browser)
    page.goto("/")
    expect(page.get_by_role("link", name="web-prod-1")).to_be_visible()
    page.get_by_role("link", name="100012345678").click()
    page.get_by_role("button", name=f"{look.say('Switch to this account')} 100055512009").click()
    expect(page.get_by_role("link", name="100055512009")).to_be_visible()
    page.get_by_role("link", name=look.say("My servers")).click()
    expect(page.get_by_text(look.say("No associated CVM"), exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="web-prod-1")).to_have_count(0)


def test_the_help_is_open_to_everybody_and_leads_to_where_things_are_done(look: Look, browse: Browse) -> None:
    page = browse(**look.browser)
    page.goto("/help/")
    expect(page.get_by_role("heading", name=look.say("How codes work"))).to_be_visible()
    fewer = look.count(
        "It has generated fewer than %(limit)s code.", "It has generated fewer than %(limit)s codes.", 5, limit=5
    )
    expect(page.get_by_text(fewer)).to_be_visible()
    page.get_by_role("link", name=look.say("Why is my code invalid?")).click()
    expect(page.locator("#faq-6")).to_be_in_viewport()
    page.locator("#faq-6 ~ p a").first.click()
    expect(page.locator("#renew")).to_be_in_viewport()
    page.get_by_role("main").get_by_role("link", name=look.say("My servers")).first.click()
    expect(page.get_by_role("heading", name=look.say("Sign in"))).to_be_visible()


def test_notices_are_switched_off_by_choice_and_by_the_link_of_a_mail(look: Look, browse: Browse, desk: Desk) -> None:
    page = browse("newcomer", **look.browser)
    page.goto("/notices/")
    wanted = page.get_by_label(look.say("Send me notices by e-mail"))
    expect(wanted).to_be_checked()
    wanted.uncheck()
    page.get_by_label("English" if look.language == "en" else "简体中文").check()
    page.get_by_role("button", name=look.say("Save")).click()
    expect(page.get_by_text(look.say("Your choice is saved."))).to_be_visible()
    expect(wanted).not_to_be_checked()
    wanted.check()
    page.get_by_role("button", name=look.say("Save")).click()

    mailed = browse(**look.browser)
    mailed.goto(desk.world.paths["stop"])
    assert flaws(mailed) == []
    mailed.get_by_role("button", name=look.say("Stop the notices")).click()
    expect(mailed.get_by_role("heading", name=look.say("No more notices"))).to_be_visible()
    page.goto("/notices/")
    expect(wanted).not_to_be_checked()


def test_a_dark_page_prints_on_white_without_what_is_for_the_screen(look: Look, browse: Browse) -> None:
    page = browse("fleet", scheme="dark", **look.browser)
    page.emulate_media(media="print", color_scheme="dark")
    for path, heading in (("/", "My servers"), ("/codes/10/", "Authorization code")):
        page.goto(path)
        expect(page.get_by_role("heading", name=look.say(heading))).to_be_visible()
        for gone in (page.get_by_role("banner"), page.get_by_role("contentinfo")):
            expect(gone).to_be_hidden()
        assert page.locator(".btn:visible").count() == 0
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") in (
            "rgb(255, 255, 255)",
            "rgba(0, 0, 0, 0)",
        )
        assert findings(page) == []


def test_the_language_is_switched_where_one_stands(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/codes/?tab=used")
    page.get_by_role("button", name="简体中文").click()
    expect(page).to_have_url(re.compile(r"/codes/\?tab=used$"))
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My codes")).to_be_visible()


def test_the_first_key_leads_past_the_header_to_the_first_server(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    for name in ("shop-api", "How to renew (ins-9d3v6rkx)", "Generate a code (ins-9d3v6rkx)"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("main").get_by_role("link", name=name).first).to_be_focused()


def test_copying_again_is_said_again(browse: Browse) -> None:
    page = browse("fleet", permissions=["clipboard-read", "clipboard-write"])
    page.goto("/codes/10/")
    page.get_by_role("button", name="Reveal").click()
    said, button = page.get_by_role("status"), page.get_by_role("button", name="Copy code")
    button.click()
    expect(said).to_have_text("Copied")
    said.evaluate("place => new MutationObserver(() => place.dataset.news = 1).observe(place, {childList: true})")
    button.click()
    expect(said).to_have_attribute("data-news", "1")
    expect(said).to_have_text("Copied")


def test_the_mark_of_what_has_the_focus_lies_on_no_link_beside_it(browse: Browse) -> None:
    page = browse("qingshan", size={"width": 320, "height": 640})
    page.goto("/codes/")
    page.keyboard.press("Tab")
    for row in (page.get_by_role("navigation", name="Main"), page.get_by_role("navigation", name="States")):
        link = row.get_by_role("link").first
        link.focus()
        style = "getComputedStyle(document.activeElement)"
        assert page.evaluate(f"[{style}.outlineStyle, {style}.outlineOffset]") == ["solid", "-2px"]


def test_on_a_phone_quiet_steps_begin_where_the_text_of_their_card_does(browse: Browse) -> None:
    page = browse("qingshan", size=PHONE)
    page.goto("/")
    of_cards = "card => [card.querySelector('h2'), ...card.querySelectorAll('.btn-quiet')].map(each =>"
    starts = "Math.round(each.getBoundingClientRect().left + parseFloat(getComputedStyle(each).paddingLeft)"
    borders = " + parseFloat(getComputedStyle(each).borderLeftWidth)))"
    found = page.evaluate(f"[...document.querySelectorAll('.card')].map({of_cards} {starts}{borders})")
    assert max(len(lefts) for lefts in found) > 2
    assert {left for lefts in found for left in lefts} == {found[0][0]}


def test_on_a_phone_the_account_stands_apart_from_the_name_of_the_site(browse: Browse) -> None:
    page = browse("both", size=PHONE)
    page.goto("/")
    box = "document.querySelector('{}').getBoundingClientRect()"
    assert page.evaluate(f"{box.format('.site-tools')}.left - {box.format('.site-name')}.right") >= 8


def test_the_theme_is_kept(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/")
    page.get_by_role("button", name="Theme: as the system").click()
    page.get_by_role("button", name="Theme: light").click()
    page.goto("/codes/")
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert findings(page) == []


@pytest.mark.parametrize("width", [761, 901, 961, 1100])
def test_the_header_of_a_long_account_fits_every_window(width: int, browse: Browse) -> None:
    page = browse("long", size={"width": width, "height": 700})
    page.goto("/codes/")
    assert overflow(page) == 0
