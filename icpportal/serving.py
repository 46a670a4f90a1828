"""What gunicorn itself refuses, because it is no HTTP or too long to read, answered as every other problem of the API.

The address may not be known yet, so all of it is problem+json: programs send such things, browsers do not.
"""

from __future__ import annotations

import socket

from django.utils import timezone
from gunicorn import util  # type: ignore[import-untyped]

from icpportal import context
from icpportal.api import problems
from icpportal.api.throttling import Count


def refuse_with_problems() -> None:
    """Take the place of gunicorn's own page, for which it has no setting."""
    util.write_error = write_problem


def write_problem(sock: socket.socket, status: int, reason: str, message: str) -> None:
    """400 with the reason, or 500 for a fault of ours; the connection ends. `message` may repeat what came in."""
    is_ours = status == 500
    problem = problems.Problem("internal_error") if is_ours else problems.Invalid(detail=f"{reason}.")
    request_id = context.new_request_id()
    body = problems.written(problems.body_of(problem, request_id))
    headers = {
        "Content-Type": problems.CONTENT_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Request-ID": request_id,
        **Count(calls=0, unknown_codes=0, now=timezone.now()).headers(),
    }
    title = "Internal Server Error" if is_ours else "Bad Request"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    util.write_nonblock(sock, f"HTTP/1.1 {problem.kind.status} {title}\r\n{head}\r\n".encode() + body)
