"""Signing in, out and what belongs to it, as people do it in a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from codes.management.commands.load_demo import PASSWORD
from icpportal.sign_in.throttle import PER_NAME
from tests.browser.conftest import Browse
from tests.browser.watching import findings, overflow


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_too_many_attempts_end_on_a_page_of_ours(browse: Browse) -> None:
    page = browse()
    for _ in range(PER_NAME):
        sign_in(page, "qingshan", "wrong")
    expect(page.get_by_role("heading", name="Too many attempts")).to_be_visible()
    assert findings(page) == []
    assert overflow(page) == 0
    sign_in(page, "qingshan")
    expect(page.get_by_text("Wait 15 minutes")).to_be_visible()


def test_signing_out_elsewhere(browse: Browse) -> None:
    elsewhere, here = browse(), browse(java_script_enabled=False)
    sign_in(elsewhere, "lanye")
    sign_in(here, "lanye")
    here.goto("/sign-ins/")
    expect(here.get_by_text("This browser")).to_be_visible()
    here.get_by_role("button", name="Sign out elsewhere").click()
    expect(here.get_by_text("You are signed out everywhere else.")).to_be_visible()
    expect(here.get_by_text("You are signed in nowhere else.")).to_be_visible()
    elsewhere.goto("/sign-ins/")
    expect(elsewhere.get_by_role("heading", name="Log in")).to_be_visible()


def test_the_language_of_notices_turns_the_page(browse: Browse) -> None:
    page = browse("qingshan")
    page.goto("/notices/")
    page.get_by_label("简体中文").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/notices/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    again = browse()
    sign_in(again, "qingshan")
    expect(again.locator("html")).to_have_attribute("lang", "zh-hans")


def test_a_forgotten_password_is_asked_for_without_javascript(browse: Browse) -> None:
    page = browse(java_script_enabled=False)
    page.goto("/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()


def test_a_dark_page_prints_on_white_without_what_is_for_the_screen(browse: Browse) -> None:
    page = browse("qingshan", scheme="dark")
    page.goto("/")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("heading", name="My servers")).to_be_visible()
    for gone in (page.get_by_role("banner"), page.get_by_role("contentinfo")):
        expect(gone).to_be_hidden()
    assert [button for button in page.locator(".btn").all() if button.is_visible()] == []
    assert findings(page) == []
