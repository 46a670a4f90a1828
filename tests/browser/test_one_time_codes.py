"""One-time codes as an agent meets them: set up, asked for, a recovery code, the question before what matters most."""

from __future__ import annotations

import base64

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from codes.management.commands.load_demo import PASSWORD
from tests.browser.conftest import Browse
from tests.browser.looks import Look
from tests.browser.watching import flaws


def give_password(page: Page) -> None:
    page.goto("/admin/login/")
    page.locator("#id_username").fill("agent")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#login-form button").click()


def enter(page: Page, code: str) -> None:
    page.locator("#id_code").fill(code)
    page.locator("form.form-narrow button").click()


def code_of(secret: str) -> str:
    return f"{TOTP(base64.b32decode(secret.replace(' ', ''))).token():06d}"


@pytest.mark.parametrize("scripts", [True, False], ids=["", "no-js"])
def test_an_agent_sets_them_up_and_signs_in_with_them(look: Look, scripts: bool, browse: Browse) -> None:
    def whole(page: Page) -> None:
        assert not scripts or flaws(page) == []  # what looks is a script itself

    page = browse("agent", java_script_enabled=scripts, **look.browser)
    page.goto("/admin/one-time-codes/")
    whole(page)
    page.get_by_role("link", name=look.say("Set up one-time codes")).click()
    expect(page.get_by_role("img", name=look.say("The key as a QR code"))).to_be_visible()
    whole(page)
    enter(page, "12")
    expect(page.get_by_text(look.say("There is a problem"))).to_be_visible()
    enter(page, code_of(page.locator("#one-time-secret").inner_text()))
    expect(page.locator("#recovery-codes > div")).to_have_count(10)
    whole(page)
    recovery_code = page.locator("#recovery-codes > div").first.inner_text()
    page.goto("/admin/confirm/")
    expect(page.get_by_label(look.say("One-time code"))).to_be_visible()
    whole(page)
    again = browse(java_script_enabled=scripts, **look.browser)
    give_password(again)
    expect(again.get_by_role("heading", name=look.say("Enter your one-time code"))).to_be_visible()
    whole(again)
    enter(again, "12")
    expect(again.get_by_text(look.say("There is a problem"))).to_be_visible()
    whole(again)
    enter(again, recovery_code)
    again.wait_for_url("**/admin/")
