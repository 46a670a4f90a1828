"""A real browser on a real desk. Whatever a test does, no page may break the content security policy, write an error
to the console, lose a file or ask another host."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.looks import DESKTOP, ENGLISH, LOOKS, Look
from tests.browser.serving import Desk, served, the_world
from tests.browser.watching import Watch

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
WAIT = 30_000  # milliseconds until something that does not appear is missing, also on a busy machine
expect.set_options(timeout=WAIT)

Browse = Callable[..., Page]


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # by the workers of one run
    with served(the_world(shared), tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One a worker. Ends with this package: while Playwright's loop runs, Django refuses its synchronous database."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail(
            "The browser tests need Chromium: apt-get install chromium. NO_BROWSER=1 leaves them out.", pytrace=False
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(params=LOOKS.values(), ids=LOOKS)
def look(request: pytest.FixtureRequest) -> Look:
    """Every flow in each language, wide and narrow."""
    chosen: Look = request.param
    return chosen


@pytest.fixture
def browse(browser: Browser, desk: Desk) -> Iterator[Browse]:
    """A page in a fresh browser context where `who` is signed in, or nobody; the world is as it was made.

    Fails the test in the end when any of its pages misbehaved.
    """
    desk.reset()
    contexts, watches = [], []

    def open_page(
        who: str = "", *, size: dict[str, int] = DESKTOP, scheme: Any = "light", locale: str = ENGLISH, **more: Any
    ) -> Page:
        context = browser.new_context(
            base_url=desk.address, viewport=size, color_scheme=scheme, locale=locale, reduced_motion="reduce", **more
        )
        contexts.append(context)
        context.set_default_timeout(WAIT)
        if who:
            context.add_cookies([{"name": "sessionid", "value": desk.world.sessions[who], "url": desk.address}])
        watches.append(Watch(context, desk.address))
        return context.new_page()

    yield open_page
    for context in contexts:
        for page in context.pages:
            page.title()  # what the page reported until now has arrived
        context.close()
    assert [problem for watch in watches for problem in watch.problems] == []
