"""What gunicorn refuses by itself."""

import json
import socket
from http.client import HTTPResponse

import pytest

from icpportal.serving import write_problem


def written(status: int, reason: str, message: str) -> tuple[HTTPResponse, dict[str, object]]:
    """What the other side reads, until the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        write_problem(ours, status, reason, message)
        ours.shutdown(socket.SHUT_WR)
        answer = HTTPResponse(theirs)
        answer.begin()
        return answer, json.loads(answer.read())


@pytest.mark.parametrize(("status", "reason"), [(400, "Bad Request"), (414, "URI Too Long"), (431, "Fields Too Large")])
def test_what_cannot_be_read_is_a_problem_with_a_request_id(status: int, reason: str) -> None:
    answer, body = written(status, reason, "GET /secret")
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert (body["status"], body["code"], body["errors"]) == (400, "invalid", [])
    assert body["detail"] == f"{reason}."
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert "RateLimit-Limit" in answer.headers
    assert "secret" not in str(body)


def test_a_fault_of_ours_is_500() -> None:
    answer, body = written(500, "Internal Server Error", "")
    assert (answer.status, body["code"]) == (500, "internal_error")
