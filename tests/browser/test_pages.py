"""Every main page, wide and narrow, light and dark, in both languages: 0 axe findings at WCAG 2.2 AA, no page wider
than its window, and what `browse` watches over besides."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import FLAGS, Browse
from tests.browser.looks import CHINESE, DESKTOP, ENGLISH, PHONE
from tests.browser.serving import Desk
from tests.browser.watching import findings, overflow, spilled
from tests.browser.world import LONG, LONG_ORDER

WEB, FULL, TWO_IPS = "ins-4h8t2wnc", "ins-7k2m9qpx", "ins-8v3c1xqt"  # eligible; refused for three reasons; eligible
UNUSED, IN_USE, WITHDRAWN = 1, 7, 8  # codes of the demonstration
PLANNED, STOPPED = 1, 2  # bulk runs of the supervisor
PAGES = {
    "": ["/login/", "/help/", "/password/reset/", "/nothing-here/", "/logout/", "/admin/login/"],
    "newcomer": ["/"],
    "both": ["/accounts/"],
    "lanye": ["/", "/requests/", "/requests/{request}/"],
    "qingshan": [
        "/",
        "/?q=no-such-server",
        f"/servers/{FULL}/",
        f"/servers/{FULL}/generate/",
        f"/servers/{TWO_IPS}/generate/",
        f"/servers/{FULL}/contact/",
        "/codes/",
        "/codes/?tab=over",
        f"/codes/{UNUSED}/",
        f"/codes/{IN_USE}/",
        f"/codes/{UNUSED}/withdraw/",
        f"/codes/{UNUSED}/edit/",
        "/contact/",
        "/notices/",
        "/sign-ins/",
        "/password/",
    ],
    "long": [
        "/",
        f"/servers/{LONG}/",
        f"/servers/{LONG}/generate/",
        f"/servers/{LONG}/contact/",
        "/codes/",
        "/accounts/",
        "{code}",
        "{code}edit/",
    ],
    "agent": [
        "/admin/",
        "/admin/lookup/?q=shop.example.cn",
        "/admin/lookup/?q=nothing-has-this",
        "/admin/servers/server/",
        "/admin/servers/server/?eligible=false",
        f"/admin/lookup/?q={FULL}",
        f"/admin/lookup/?q={WEB}",
        "/admin/codes/authorizationcode/",
        f"/admin/codes/authorizationcode/{IN_USE}/change/",
        f"/admin/codes/authorizationcode/{IN_USE}/act/reset/",
        f"/admin/codes/authorizationcode/{WITHDRAWN}/change/",
        f"/admin/codes/authorizationcode/{UNUSED}/reveal/",
        "/admin/codes/supportrequest/",
        "/admin/lookup/?q={request}",
        "/admin/codes/filing/",
        "/admin/codes/codeevent/",
        "/admin/lookup/?q=100012345678",
        f"/admin/lookup/?q={LONG_ORDER}",
    ],
    "supervisor": [
        "/admin/servers/server/import/",
        "/admin/servers/region/",
        "/admin/api/apiclient/",
        "/admin/api/apiclient/add/",
        "/admin/api/apiclient/1/change/",
        "/admin/api/apiclient/1/rotate/",
        "/admin/webhooks/webhookendpoint/",
        "/admin/codes/person/",
        "/admin/codes/person/1/change/",
        "/admin/codes/bulkrun/",
        f"/admin/codes/bulkrun/{PLANNED}/change/",
        f"/admin/codes/bulkrun/{STOPPED}/change/",
    ],
    "root": [
        "/admin/auth/user/",
        "/admin/auth/user/add/",
        "/admin/auth/user/1/change/",
        "/admin/auth/user/1/password/",
        "/admin/auth/user/1/history/",
        "/admin/auth/group/1/change/",
    ],
}

LARGE = {
    "": ["/login/", "/help/", "/password/reset/", "/nothing-here/"],
    "qingshan": PAGES["qingshan"],
    "fleet": ["/codes/?tab=used", "/servers/ins-fleet001/", "/codes/?tab=over"],
    "agent": [
        "/admin/",
        "/admin/codes/authorizationcode/",
        f"/admin/lookup/?q={WEB}",
        f"/admin/lookup/?q={LONG_ORDER}",
    ],
}

# IDs, IPs and accounts of sentences whose next sign stands on a line of its own.
SIGNS_ALONE = """[...document.querySelectorAll("main .mono")].filter((mono) => {
    const after = mono.nextSibling;
    if (after?.nodeType !== Node.TEXT_NODE || !/^[。，；：、）.,;:)]/.test(after.data)) return false;
    const sign = document.createRange();
    sign.setStart(after, 0);
    sign.setEnd(after, 1);
    return sign.getBoundingClientRect().top > mono.getBoundingClientRect().bottom - 4;
}).map((mono) => `${innerWidth}: ${mono.textContent}`)"""

# Links of a customer's navigation that lie outside the window.
LINKS_OUTSIDE = """[...document.querySelectorAll(":is(.site-nav, .tabs) a")]
    .filter((link) => link.getBoundingClientRect().right > innerWidth).map((link) => link.textContent.trim())"""

DESK = ("agent", "supervisor", "root")

# Sizes with themes, so that with both languages every two of the three meet on every page.
ENGLISH_LOOKS = [(DESKTOP, "light"), (PHONE, "dark")]
CHINESE_LOOKS = [(DESKTOP, "dark"), (PHONE, "light")]


@pytest.mark.parametrize("locale", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize(("who", "path"), [(who, path) for who, paths in PAGES.items() for path in paths])
def test_a_page_is_whole_at_every_size_and_theme(who: str, path: str, locale: str, browse: Browse, desk: Desk) -> None:
    page, found = browse(who, locale=locale), []
    for size, scheme in ENGLISH_LOOKS if locale == ENGLISH else CHINESE_LOOKS:
        page.goto("about:blank")  # a page that is shown moves when its window changes
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.goto(path.format(request=desk.world.request, **desk.world.paths))
        assert page.locator("html").get_attribute("lang") == ("en" if locale == ENGLISH else "zh-hans")
        if wider := overflow(page):
            found.append(f"{size['width']}: {wider} px wider than the window")
        found += [f"{size['width']}: {each!r} runs into the next cell" for each in spilled(page)]
        found += [f"{size['width']} {scheme}: {each}" for each in findings(page)]
        found += re.findall(r"</?(?:a|b|div|span|svg|td|use)\b.*", page.locator("body").inner_text())  # markup as text
    if locale == CHINESE and who not in DESK:
        found += re.findall(r".*[。，：；] \S.*", page.locator("body").inner_text())  # full signs hold their own space
    assert found == []


@pytest.mark.parametrize("locale", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_the_longest_names_and_ids_fit_the_narrowest_phone(locale: str, browse: Browse, desk: Desk) -> None:
    page = browse("long", locale=locale, size={"width": 320, "height": 640})
    wider = {}
    for path in PAGES["long"]:
        page.goto(path.format(**desk.world.paths))
        wider[path] = overflow(page)
    assert {path: pixels for path, pixels in wider.items() if pixels} == {}


def test_every_tab_is_seen_on_the_narrowest_phone(browse: Browse) -> None:
    page = browse("qingshan", size={"width": 320, "height": 640})
    page.goto("/codes/?tab=over")
    expect(page.locator(".tabs a")).to_have_count(4)
    assert page.evaluate(LINKS_OUTSIDE) == []


@pytest.mark.parametrize("locale", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_letters_twice_as_large_fit_a_phone(locale: str, browser: Browser, desk: Desk) -> None:
    desk.reset()
    large = [*FLAGS, "--blink-settings=defaultFontSize=32"]
    launched = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=large)
    wider: dict[tuple[str, str, int], object] = {}
    for who, paths in LARGE.items():
        context = launched.new_context(base_url=desk.address, locale=locale)
        if who:
            context.add_cookies([{"name": "sessionid", "value": desk.world.sessions[who], "url": desk.address}])
        page = context.new_page()
        for path in paths:
            for width in (390, 320):
                page.set_viewport_size({"width": width, "height": 640})
                page.goto(path)
                wider[who, path, width] = overflow(page) or page.evaluate(LINKS_OUTSIDE)
    launched.close()
    assert {place: pixels for place, pixels in wider.items() if pixels} == {}


def test_no_line_begins_with_a_sign_that_belongs_to_an_id_before_it(browse: Browse) -> None:
    page, found = browse("qingshan", locale=CHINESE), []
    for path in (f"/codes/{UNUSED}/", f"/codes/{UNUSED}/withdraw/", f"/servers/{FULL}/contact/"):
        page.goto(path)
        for width in range(320, 480, 3):
            page.set_viewport_size({"width": width, "height": 640})
            found += page.evaluate(SIGNS_ALONE)
    assert found == []


@pytest.mark.parametrize(("who", "path"), [("agent", "/admin/codes/codeevent/"), ("qingshan", "/contact/")])
def test_nothing_moves_while_a_page_arrives_slowly(who: str, path: str, browse: Browse) -> None:
    page = browse(who)  # it watches for what moves
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 12})
    for _ in range(6):
        page.goto(path)
        expect(page.locator("[id$=-end]")).to_be_attached()
