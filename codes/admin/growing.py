"""A page that grows while something long goes on, so that progress shows without a script.

The answer is streamed: the page up to a mark, a part for each step, the rest of the page.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils.translation import get_language, override

from icpportal.context import request_id

MARK = "<!-- here it grows -->"  # where the parts go, as it stands in the template


def growing(page: str, parts: Iterator[str]) -> StreamingHttpResponse:
    """The answer. No proxy holds it back: X-Accel-Buffering tells those that would."""
    grown = _grown(page, parts, language=get_language(), number=request_id.get())
    return StreamingHttpResponse(grown, headers={"X-Accel-Buffering": "no"})


def _grown(page: str, parts: Iterator[str], *, language: str | None, number: str) -> Iterator[str]:
    """Head, parts, end. The request's language and number hold on, though it is over."""
    head, end = page.split(MARK)
    yield head
    while True:
        token = request_id.set(number)
        with override(language):
            part = next(parts, None)
        request_id.reset(token)
        if part is None:
            break
        yield part
    yield end
