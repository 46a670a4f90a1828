"""What gunicorn itself refuses, because it is no HTTP or too long to read, answered as every other problem of the API.

The address may not be known yet, so all of it is problem+json: programs send such things, browsers do not.
"""

from __future__ import annotations

import socket

from django.utils import timezone, translation
from gunicorn import util  # type: ignore[import-untyped]

from icpportal import context
from icpportal.api import problems
from icpportal.api.throttling import Count

# What was wrong, by the status that gunicorn would have answered; the limits are its own.
WHY = {
    400: "The request line, a header or a chunk of the body is not HTTP.",
    414: "The request line is longer than 8190 bytes.",
    417: "The header Expect may say 100-continue alone.",
    431: "There are more than 100 headers, or one is longer than 8190 bytes.",
    501: "Of Transfer-Encoding, only chunked is read.",
}


def refuse_with_problems() -> None:
    """Take the place of gunicorn's own page, for which it has no setting."""
    util.write_error = write_problem


def write_problem(sock: socket.socket, status: int, reason: str, message: str) -> None:
    """400 that says why, or 500 for a fault of ours; the connection ends. `message` may repeat what came in."""
    is_ours = status == 500
    problem = problems.Problem("internal_error") if is_ours else problems.Invalid(detail=WHY.get(status, f"{reason}."))
    request_id = context.new_request_id()
    with translation.override("en"):  # as WHY: nobody has read what the client accepts
        body = problems.written(problems.body_of(problem, request_id))
    headers = {
        "Content-Type": problems.CONTENT_TYPE,
        "Content-Language": "en",
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Request-ID": request_id,
        **Count(calls=0, unknown_codes=0, now=timezone.now()).headers(),
    }
    title = "Internal Server Error" if is_ours else "Bad Request"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    util.write_nonblock(sock, f"HTTP/1.1 {problem.kind.status} {title}\r\n{head}\r\n".encode() + body)
