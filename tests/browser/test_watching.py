"""The control: a page that does what no page may do is found out. Without it, silence would prove nothing."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.serving import Desk
from tests.browser.watching import Watch, findings, overflow

MISBEHAVE = """() => {
    document.body.insertAdjacentHTML("beforeend", '<p style="width: 3000px">Wide</p><div id="wide">Wide</div>');
    document.getElementById("wide").style.width = "3000px";
    document.body.insertAdjacentHTML("beforeend", '<img src="http://127.0.0.2/x.png"><img src="/static/none.png">');
    const tall = document.createElement("canvas");
    tall.height = 400;
    document.body.prepend(tall);
    return new Promise((resolve) => setTimeout(() => { resolve(); throw new Error("broken"); }));
}"""


def test_a_page_that_misbehaves_is_found_out(browser: Browser, desk: Desk) -> None:
    context = browser.new_context(base_url=desk.address, locale="en-GB")
    watch, page = Watch(context, desk.address), context.new_page()
    page.goto("/help/")
    assert findings(page) == [] and overflow(page) == 0 and watch.problems == []
    refused = page.expect_console_message(lambda message: "CSP: img-src" in message.text)
    moved = page.expect_console_message(lambda message: "layout shift" in message.text)
    with page.expect_response("**/static/none.png"), refused, moved:
        page.evaluate(MISBEHAVE)
    problems = "\n".join(watch.problems)
    assert "CSP: style-src" in problems and "CSP: img-src" in problems
    assert "layout shift" in problems
    assert "404 GET" in problems and "broken" in problems
    assert overflow(page) > 0
    assert any(each.startswith("image-alt") for each in findings(page))
    context.close()
