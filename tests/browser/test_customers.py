"""What customers do to get a code, as they do it: by words and roles, never by a selector that they cannot see."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from codes.management.commands.load_demo import PASSWORD
from tests.browser.conftest import Browse
from tests.browser.looks import Look
from tests.browser.watching import findings, flaws

WEB, FULL, TWO_IPS, HONG_KONG = "ins-4h8t2wnc", "ins-7k2m9qpx", "ins-8v3c1xqt", "ins-5p1y7bsd"
VALUE = re.compile(r"ICP(-[0-9A-Z]{5}){5}")
MASKED = re.compile(r"ICP-…-[0-9A-Z]{5}")
METER = "%(generated)s of %(limit)s"


def sign_in(page: Page, look: Look, name: str, password: str = PASSWORD) -> None:
    page.get_by_label(look.say("User name or e-mail address")).fill(name)
    page.get_by_label(look.say("Password")).fill(password)
    page.get_by_role("button", name=look.say("Sign in")).click()


def generate_from(page: Page, look: Look, instance_id: str) -> str:
    """From the list to the code; returns its value."""
    page.get_by_role("link", name=f"{look.say('Generate a code')} ({instance_id})").click()
    expect(
        page.get_by_text(look.say("Codes are not for sale: they cost nothing, and nobody may buy or sell them."))
    ).to_be_visible()
    page.get_by_label(look.say("Remark")).fill("Our shop")
    page.get_by_role("button", name=look.say("Generate a code")).click()
    expect(page.get_by_role("heading", name=look.say("Your code is ready"))).to_be_visible()
    shown = page.get_by_text(VALUE)
    expect(shown).to_be_visible()
    return shown.inner_text()


def test_from_sign_in_to_a_copied_code_and_its_withdrawal(look: Look, browse: Browse) -> None:
    page = browse(permissions=["clipboard-read", "clipboard-write"], **look.browser)
    page.goto("/")
    sign_in(page, look, "qingshan")
    value = generate_from(page, look, WEB)
    page.get_by_role("button", name=look.say("Copy code")).click()
    expect(page.get_by_role("status").filter(has_text=look.say("Copied"))).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == value
    assert flaws(page) == []

    page.reload()
    expect(page.get_by_text(MASKED).first).to_be_visible()
    assert value not in page.content()
    page.get_by_role("button", name=look.say("Reveal")).click()
    expect(page.get_by_text(value)).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=look.say("Code generated"))).to_contain_text("Zhao Min")

    page.get_by_role("link", name=look.say("Withdraw"), exact=True).click()
    expect(page.get_by_text(look.say("The slot is not given back"), exact=True)).to_be_visible()
    page.get_by_role("button", name=look.say("Withdraw 1 code")).click()
    expect(page.get_by_role("definition").filter(has_text=look.say("Withdrawn"))).to_be_visible()
    assert value not in page.content()


def test_nothing_needs_javascript(look: Look, browse: Browse) -> None:
    page = browse(java_script_enabled=False, **look.browser)
    page.goto("/")
    sign_in(page, look, "qingshan")
    value = generate_from(page, look, WEB)
    expect(page.get_by_role("button", name=look.say("Copy code"))).to_be_hidden()
    page.reload()
    assert value not in page.content()
    page.get_by_role("button", name=look.say("Reveal")).click()
    expect(page.get_by_text(value)).to_be_visible()
    page.get_by_role("link", name=look.say("Edit"), exact=True).click()
    page.get_by_label(look.say("Remark")).fill("The new shop")
    page.get_by_role("button", name=look.say("Save")).click()
    expect(page.get_by_text("The new shop")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name=look.say("Contact customer service")).click()
    page.get_by_label(look.say("Your message")).fill("Which account may use it?")
    page.get_by_role("button", name=look.say("Send with the report")).click()
    expect(page.get_by_text("Which account may use it?")).to_be_visible()
    page.get_by_role("button", name=look.say("Sign out")).click()
    expect(page.get_by_role("heading", name=look.say("You are signed out"))).to_be_visible()


def test_an_ip_is_chosen_and_neither_a_second_click_nor_a_reload_generates_again(look: Look, browse: Browse) -> None:
    page = browse("qingshan", **look.browser)
    page.goto(f"/servers/{TWO_IPS}/generate/")
    barred = page.get_by_role("listitem").filter(has_text="203.0.113.33")
    expect(barred).to_contain_text(look.say("Elastic IP"))
    expect(page.get_by_label("203.0.113.33")).to_have_count(0)
    submit = page.get_by_role("button", name=look.say("Generate a code"))
    submit.click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert flaws(page) == []
    summary.get_by_role("link", name=look.say("Choose the public IP that the code is for.")).click()
    expect(page.get_by_label("203.0.113.31")).to_be_focused()

    page.get_by_label("203.0.113.32").check()
    submit.dblclick()
    expect(page.get_by_role("heading", name=look.say("Your code is ready"))).to_be_visible()
    expect(page.get_by_text("203.0.113.32").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=look.say("Authorization code"))).to_be_visible()
    expect(page.get_by_text(look.say(METER, generated=1, limit=5))).to_be_visible()


def test_a_refusal_says_what_to_do_and_customer_service_answers(look: Look, browse: Browse) -> None:
    page = browse("qingshan", **look.browser)
    page.goto("/")
    card = page.get_by_role("article").filter(has_text=FULL)
    remedy = look.say("Renew the server; any expired code comes back at once.")
    reason = card.get_by_role("listitem").filter(has_text=remedy)
    answer = reason.get_by_role("link", name=look.say("Read more"))
    expect(answer).to_be_hidden()
    reason.get_by_text("FAQ 6").click()
    expect(answer).to_be_visible()
    assert findings(page) == []
    answer.click()
    expect(page.locator("#faq-6")).to_be_in_viewport()

    page.goto(f"/servers/{FULL}/generate/")
    expect(page.get_by_role("heading", name=look.say("No code can be generated"))).to_be_visible()
    page.get_by_role("main").get_by_role("link", name=look.say("Contact customer service")).click()
    send = page.get_by_role("button", name=look.say("Send with the report"))
    send.click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_label(look.say("Your message")).fill("The server is renewed. Why is it refused?")
    send.click()
    reference = page.locator("#reference").inner_text()
    expect(page.get_by_text("Why is it refused?")).to_be_visible()
    assert flaws(page) == []

    desk = browse("agent", **look.browser)
    desk.goto(f"/admin/lookup/?q={reference}")
    desk.get_by_label(look.say("Answer")).fill("The renewal has arrived now.")
    desk.get_by_role("button", name=look.say("Answer"), exact=True).click()
    page.get_by_role("link", name=f"‹ {look.say('My requests')}").click()
    row = page.get_by_role("listitem").filter(has_text=reference)
    expect(row).to_contain_text(look.say("Answered"))
    row.get_by_role("link", name=reference).click()
    said = page.get_by_role("listitem").filter(has_text="The renewal has arrived now.")
    expect(said).to_contain_text(look.say("Customer service"))
    page.get_by_label(look.say("Your message")).fill("It works, thank you.")
    page.get_by_role("button", name=look.say("Send"), exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="It works, thank you.")).to_be_visible()


def test_hong_kong_is_neutral_and_offers_nothing_to_generate(look: Look, browse: Browse) -> None:
    page = browse("qingshan", **look.browser)
    page.goto("/")
    card = page.get_by_role("article").filter(has_text=HONG_KONG)
    expect(card).to_contain_text(look.say("No ICP filing is needed for this server"))
    expect(card.get_by_role("link")).to_have_count(1)  # to its own page
    page.goto(f"/servers/{HONG_KONG}/generate/")
    expect(page.get_by_text(look.say("No ICP filing is needed for this server"))).to_be_visible()
    expect(page.get_by_role("button", name=look.say("Generate a code"))).to_have_count(0)


def test_whoever_has_no_server_or_none_that_qualifies_is_told_what_to_do(look: Look, browse: Browse) -> None:
    page = browse("newcomer", **look.browser)
    page.goto("/")
    expect(page.get_by_text(look.say("This account has no server yet."))).to_be_visible()
    page.get_by_role("link", name=look.say("Which servers qualify")).click()
    expect(page.locator("#faq-4")).to_be_in_viewport()
    other = browse("lanye", **look.browser)
    other.goto("/")
    expect(other.get_by_text(look.say("No associated CVM"), exact=True)).to_be_visible()
    card = other.get_by_role("article").filter(has_text="ins-5t2d8hkw")
    card.get_by_role("link", name=look.say("How to renew")).click()
    expect(other.locator("#renew")).to_be_in_viewport()


def test_a_fleet_is_filtered_searched_and_paged(look: Look, browse: Browse) -> None:
    page = browse("fleet", **look.browser)
    page.goto("/")
    cards, tabs = page.get_by_role("article"), page.get_by_role("navigation", name=look.say("Show"))
    expect(cards).to_have_count(20)
    assert flaws(page) == []
    page.get_by_role("link", name=look.say("Next page")).click()
    expect(cards).to_have_count(3)
    page.get_by_role("link", name=look.say("First page")).click()
    expect(cards).to_have_count(20)
    for label, count in (("Can generate", 14), ("Cannot generate", 8), ("Hong Kong", 1)):
        tabs.get_by_role("link", name=f"{look.say(label)} {count}", exact=True).click()
        expect(cards).to_have_count(count)
    tabs.get_by_role("link", name=look.say("All")).first.click()
    search = page.get_by_label(look.say("Search by name, instance ID or IP"))
    assert search.evaluate("field => getComputedStyle(field).fontSize") == "16px"  # below it a phone zooms in
    search.fill("node-0")
    search.press("Enter")
    expect(cards).to_have_count(10)
    search.fill("nothing-has-this")
    page.get_by_role("button", name=look.say("Search")).click()
    expect(page.get_by_text(look.say("No server matches."))).to_be_visible()
    page.get_by_role("link", name=look.say("Show all servers")).click()
    expect(cards).to_have_count(20)
