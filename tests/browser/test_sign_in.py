"""Signing in, out and what belongs to it, as people do it in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from icpportal.sign_in.throttle import PER_NAME
from tests.browser.conftest import Browse
from tests.browser.looks import Look
from tests.browser.serving import Desk
from tests.browser.test_customers import sign_in
from tests.browser.watching import flaws

NEW = "green-harbour-lamp-42"


def change_password(page: Page, look: Look) -> None:
    for label in ("New password", "New password again"):
        page.get_by_label(look.say(label), exact=True).fill(NEW)
    page.get_by_role("button", name=look.say("Change password")).click()
    expect(page.get_by_role("heading", name=look.say("Your password is changed"))).to_be_visible()


def test_too_many_attempts_end_on_a_page_of_ours(look: Look, browse: Browse) -> None:
    page = browse(**look.browser)
    page.goto("/login/")
    sign_in(page, look, "qingshan", "wrong")
    expect(page.get_by_role("alert")).to_be_focused()
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    wrong = {"csrfmiddlewaretoken": token, "username": "qingshan", "password": "wrong"}
    for _ in range(PER_NAME - 2):
        page.request.post("/login/", form=wrong)
    sign_in(page, look, "qingshan", "wrong")
    expect(page.get_by_role("heading", name=look.say("Too many attempts"))).to_be_visible()
    assert flaws(page) == []
    page.goto("/login/")
    sign_in(page, look, "qingshan")
    expect(page.get_by_role("heading", name=look.say("Too many attempts"))).to_be_visible()


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(look: Look, browse: Browse) -> None:
    page, answers = browse(**look.browser), []
    for name in ("qingshan", "nobody-has-this-name"):
        page.goto("/login/")
        sign_in(page, look, name, "wrong")
        expect(page.get_by_role("alert")).to_be_focused()
        answers.append(page.get_by_role("main").inner_text())
    assert answers[0] == answers[1]


def test_signing_out_elsewhere_ends_the_other_session_alone(look: Look, browse: Browse) -> None:
    elsewhere, here = browse(**look.browser), browse("lanye", java_script_enabled=False, **look.browser)
    elsewhere.goto("/login/")
    sign_in(elsewhere, look, "lanye")
    expect(elsewhere.get_by_role("heading", name=look.say("My servers"))).to_be_visible()
    here.goto("/sign-ins/")
    expect(here.get_by_text(look.say("This browser"))).to_be_visible()
    here.get_by_role("button", name=look.say("Sign out elsewhere")).click()
    expect(here.get_by_text(look.say("You are signed out everywhere else."))).to_be_visible()
    expect(here.get_by_text(look.say("You are signed in nowhere else."))).to_be_visible()
    elsewhere.goto("/sign-ins/")
    expect(elsewhere.get_by_role("heading", name=look.say("Sign in"))).to_be_visible()


def test_a_password_is_changed(look: Look, browse: Browse) -> None:
    page = browse("newcomer", **look.browser)
    page.goto("/")
    page.get_by_role("link", name=look.say("Change password")).click()
    page.get_by_label(look.say("Old password")).fill("not this one")
    for label in ("New password", "New password again"):
        page.get_by_label(look.say(label), exact=True).fill(NEW)
    page.get_by_role("button", name=look.say("Change password")).click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert flaws(page) == []
    page.get_by_label(look.say("Old password")).fill("pw")
    change_password(page, look)


def test_a_forgotten_password_is_replaced_by_the_link_of_the_mail(look: Look, browse: Browse, desk: Desk) -> None:
    page = browse(**look.browser)
    page.goto(desk.world.paths["reset"])
    change_password(page, look)
    page.get_by_role("main").get_by_role("link", name=look.say("Sign in")).click()
    sign_in(page, look, "newcomer", NEW)
    expect(page.get_by_role("heading", name=look.say("My servers"))).to_be_visible()
    page.goto(desk.world.paths["reset"])
    expect(page.get_by_role("heading", name=look.say("This link no longer works"))).to_be_visible()
    assert flaws(page) == []


@pytest.mark.parametrize("without", ["javascript", "nothing"])
def test_a_lost_password_gets_the_same_answer_for_every_address(without: str, look: Look, browse: Browse) -> None:
    page, answers = browse(java_script_enabled=without != "javascript", **look.browser), []
    for address in ("", "qingshan@example.com", "nobody@example.com"):
        page.goto("/password/reset/")
        page.get_by_label(look.say("E-mail address")).fill(address)
        page.get_by_role("button", name=look.say("Send the link")).click()
        if address:
            expect(page.get_by_role("heading", name=look.say("Check your mailbox"))).to_be_visible()
            answers.append((page.url, page.locator("body").inner_text()))
        else:
            expect(page.get_by_text(look.say("There is a problem"))).to_be_visible()
    assert answers[0] == answers[1]


def test_the_language_of_notices_turns_the_page(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/notices/")
    page.get_by_label("简体中文").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/notices/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_role("radio", name="简体中文")).to_be_checked()
