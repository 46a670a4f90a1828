"""What somebody typed is there again after the language was switched or a session ended, and for nobody else."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from codes.management.commands.load_demo import PASSWORD
from tests.browser.conftest import Browse
from tests.browser.looks import Look
from tests.browser.serving import Desk
from tests.browser.test_customers import sign_in
from tests.browser.test_pages import IN_USE

GENERATE, CONTACT = "/servers/ins-8v3c1xqt/generate/", "/servers/ins-7k2m9qpx/contact/"
MESSAGE = "Generating failed twice 😀"


def switch_language(page: Page, look: Look) -> None:
    page.get_by_role("button", name="简体中文" if look.language == "en" else "English").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans" if look.language == "en" else "en")


def end_session(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def test_a_language_is_switched_in_the_middle_of_a_form(look: Look, browse: Browse) -> None:
    page = browse("qingshan", **look.browser)
    page.goto(GENERATE)
    page.get_by_label("203.0.113.32").check()
    page.get_by_label(look.say("Remark")).fill("Our shop")
    page.get_by_label(look.say("Authorized account")).fill("not an account")
    switch_language(page, look)
    expect(page.locator("[name=remark]")).to_have_value("Our shop")
    expect(page.get_by_label("203.0.113.32")).to_be_checked()
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("button", name="English" if look.language == "en" else "简体中文").click()
    expect(page.get_by_label(look.say("Authorized account"))).to_have_value("not an account")
    page.reload()
    expect(page.get_by_label(look.say("Remark"))).to_have_value("")


def test_the_place_on_a_long_page_is_kept_over_a_switch_of_the_language(browse: Browse) -> None:
    page = browse()
    page.goto("/help/#faq-6")
    page.get_by_role("button", name="简体中文").click()
    expect(page).to_have_url(re.compile(r"/help/#faq-6$"))
    expect(page.locator("#faq-6")).to_be_in_viewport()


def test_a_session_ends_before_a_form_is_sent(look: Look, browse: Browse) -> None:
    page = browse("qingshan", **look.browser)
    page.goto(CONTACT)
    page.get_by_label(look.say("Your message")).fill(MESSAGE)
    end_session(page)
    page.get_by_role("button", name=look.say("Send with the report")).click()
    expect(
        page.get_by_text(look.say("Your session has ended, so nothing was changed. Sign in and send the form again."))
    ).to_be_visible()
    sign_in(page, look, "qingshan", "wrong")
    sign_in(page, look, "qingshan")
    expect(page.get_by_label(look.say("Your message"))).to_have_value(MESSAGE)
    page.get_by_role("button", name=look.say("Send with the report")).click()
    expect(page.get_by_role("listitem").filter(has_text=MESSAGE)).to_be_visible()
    page.goto(CONTACT)
    expect(page.get_by_label(look.say("Your message"))).to_have_value("")


def test_what_one_person_typed_is_not_there_for_another(browse: Browse, desk: Desk) -> None:
    page = browse("qingshan")
    page.goto("/contact/")
    page.get_by_label("Your message").fill(MESSAGE)
    end_session(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.context.add_cookies([{"name": "sessionid", "value": desk.world.sessions["both"], "url": desk.address}])
    page.goto("/contact/")
    expect(page.get_by_label("Your message")).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0


def refuse(page: Page) -> None:
    """Send the message with a token that is none."""
    page.goto("/contact/")
    page.get_by_label("Your message").fill(MESSAGE)
    page.locator("main [name=csrfmiddlewaretoken]").evaluate("field => { field.value = 'x'.repeat(64) }")
    page.get_by_role("button", name="Send").click()


def test_what_was_refused_is_there_when_the_page_is_loaded_again(browse: Browse) -> None:
    page = browse("qingshan")
    refuse(page)
    page.get_by_role("link", name="Load the page again").click()
    expect(page.get_by_label("Your message")).to_have_value(MESSAGE)


def test_what_the_network_lost_is_there_when_the_page_is_opened_again(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/")
    page.goto("/contact/")
    page.get_by_label("Your message").fill(MESSAGE)
    page.route("**/contact/", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("chrome-error://**")
    page.unroute("**/contact/")
    page.go_back()
    expect(page.get_by_role("heading", name="My servers")).to_be_visible()
    page.goto("/contact/")
    expect(page.get_by_label("Your message")).to_have_value(MESSAGE)


def test_signing_out_leaves_nothing_of_what_was_typed(browse: Browse) -> None:
    page = browse("qingshan")
    refuse(page)
    expect(page.get_by_role("heading", name="The page was open for too long")).to_be_visible()
    page.goto("/")
    assert page.evaluate("sessionStorage.length") == 1
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_password_is_kept_nowhere(browse: Browse) -> None:
    page = browse()
    page.goto("/login/")
    page.get_by_label("User name or e-mail address").fill("qingshan")
    page.get_by_label("Password").fill("secret-of-mine")
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("[name=username]")).to_have_value("qingshan")
    expect(page.locator("[name=password]")).to_have_value("")


def test_a_session_ends_before_an_agent_sends_a_reason(browse: Browse) -> None:
    page = browse("agent")
    page.goto(f"/admin/codes/authorizationcode/{IN_USE}/act/reset/")
    page.get_by_label("Reason").fill("Ordered twice")
    page.get_by_role("button", name="简体中文").click()
    expect(page.get_by_label("原因")).to_have_value("Ordered twice")
    page.get_by_role("button", name="English").click()
    end_session(page)
    page.get_by_role("button", name="Reset the filing").click()
    expect(page.get_by_role("heading", name="You were signed out meanwhile")).to_be_visible()
    expect(page.get_by_text("Ordered twice")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    page.locator("[name=username]").fill("agent")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Reason")).to_have_value("Ordered twice")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
