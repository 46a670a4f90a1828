"""What no page may do, noted while it is visited; and what it must pass: WCAG 2.2 AA, no sideways scrolling."""

from __future__ import annotations

from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Without preload: axe would fetch the style sheets again. Resource types: only what fails.
AXE = {"runOnly": {"type": "tag", "values": WCAG}, "preload": False, "resultTypes": ["violations"]}
NOTE_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""
SHIFT = 0.02  # of the window; less is nothing that anybody sees
# The documentation of the API is left out: it makes room for an answer when that arrives.
NOTE_SHIFTS = f"""new PerformanceObserver((list) => list.getEntries().forEach((entry) => {{
    if (entry.hadRecentInput || entry.value <= {SHIFT} || document.querySelector("#docs")) return;
    const moved = entry.sources.map((each) => each.node?.outerHTML?.slice(0, 80) ?? each.node?.data);
    console.error(`layout shift: ${{entry.value}} ${{moved}}`);
}})).observe({{type: "layout-shift", buffered: true}})"""


class Watch:
    """The problems of every page of a browser context: console errors, policy violations, what moves by itself,
    other hosts, lost files."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.problems: list[str] = []
        self._host = urlsplit(address).netloc
        context.add_init_script(NOTE_VIOLATIONS)
        context.add_init_script(NOTE_SHIFTS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self._note(f"error in a script: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    def _console(self, message: ConsoleMessage) -> None:
        # A failed answer is judged as an answer: pages may well be a 404 or a 409.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._note(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._host:
            self._note(f"a request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        is_page = response.request.resource_type == "document"
        if response.status >= (500 if is_page else 400):
            self._note(f"{response.status} {response.request.method} {response.url}")


def findings(page: Page) -> list[str]:
    """What axe finds on the page as it stands, one line a finding."""
    violations = Axe().run(page, options=AXE).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in violations for node in each["nodes"]]


def flaws(page: Page) -> list[str]:
    """What axe finds, and that the page is wider than its window."""
    wider = overflow(page)
    return findings(page) + ([f"{wider} px wider than the window"] if wider else [])


def spilled(page: Page) -> list[str]:
    """The names of cells whose text runs into the next cell, where a table is shown as cards."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('td[data-label], th[data-label]')]"
        ".filter(cell => cell.scrollHeight > cell.clientHeight + 1).map(cell => cell.dataset.label)"
    )
    return found


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth")
    assert page.viewport_size
    return max(0, width - page.viewport_size["width"])
