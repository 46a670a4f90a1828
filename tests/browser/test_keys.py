"""The desk by its keys: j and k on every list, on look-up results and on pages, Enter, ?, and the switch."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse

LISTS = [
    "codes/supportrequest",
    "servers/server",
    "codes/authorizationcode",
    "codes/filing",
    "servers/account",
    "servers/ipaddress",
    "servers/region",
    "codes/codeevent",
    "servers/feedrun",
]


def focused(page: Page) -> str:
    """The address that the focused link leads to; "" while none is focused."""
    href: str = page.evaluate('document.activeElement.getAttribute("href") ?? ""')
    return href


@pytest.mark.parametrize("path", [*(f"/admin/{name}/" for name in LISTS), "/admin/lookup/?q=203.0.113.47"])
def test_j_and_k_walk_the_rows_and_enter_opens(browse: Browse, path: str) -> None:
    page = browse("supervisor")
    page.goto(path)
    page.keyboard.press("j")
    first = focused(page)
    assert "/change/" in first, first
    if page.locator("#result_list tbody tr, [data-rows] > *").count() > 1:
        page.keyboard.press("j")
        assert focused(page) != first
        page.keyboard.press("k")
    assert focused(page) == first
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(first.split("?")[0])))


def test_a_ticked_box_does_not_stop_the_keys(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/servers/server/")
    page.locator(".action-select").first.check()
    page.keyboard.press("j")
    assert "/change/" in focused(page)


def test_the_help_lists_what_exists_and_the_switch_turns_the_keys_off(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/servers/server/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    named = {tuple(row.split("\n")) for row in dialog.locator("dl > div").all_inner_texts()}
    links = page.locator("nav a[data-keys]")
    listed = {
        (link.get_attribute("data-keys"), link.evaluate("each => each.firstChild.data.trim()")) for link in links.all()
    }
    assert listed <= named, (listed, named)
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("?")
    assert "/change/" not in focused(page)
    expect(dialog).to_be_hidden()


def test_escape_leaves_the_look_up_for_the_rows_and_closes_the_filters(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/codes/codeevent/")
    page.keyboard.press("/")
    composing = "new KeyboardEvent('keydown', {key: 'Escape', isComposing: true, bubbles: true})"
    page.evaluate(f"document.activeElement.dispatchEvent({composing})")  # it ends a word in Chinese
    assert page.evaluate("document.activeElement.dataset.keys") == "/"
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert "/change/" in focused(page)
    filters = page.locator("details.filters")
    filters.locator("summary").press("Enter")
    filters.get_by_role("link", name="Filing reset").focus()
    page.keyboard.press("Escape")
    expect(filters).not_to_have_attribute("open", "")
    expect(filters.locator("summary")).to_be_focused()


def test_g_and_a_letter_lead_to_a_list(browse: Browse) -> None:
    page = browse("agent")
    page.goto("/admin/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/admin/codes/authorizationcode/$"))
