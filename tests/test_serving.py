"""What gunicorn refuses by itself."""

import json
import socket
from http.client import HTTPResponse

import pytest
from django.utils import translation

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


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (400, "The request line, a header or a chunk of the body is not HTTP."),
        (414, "The request line is longer than 8190 bytes."),
        (417, "The header Expect may say 100-continue alone."),
        (431, "There are more than 100 headers, or one is longer than 8190 bytes."),
        (501, "Of Transfer-Encoding, only chunked is read."),
        (403, "Forbidden."),
    ],
)
def test_what_cannot_be_read_is_a_problem_that_says_why_with_a_request_id(status: int, why: str) -> None:
    answer, body = written(status, "Forbidden", "GET /secret")
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert (body["status"], body["code"], body["errors"]) == (400, "invalid", [])
    assert body["detail"] == why
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert "RateLimit-Limit" in answer.headers
    assert "secret" not in str(body)


def test_a_refusal_is_in_one_language_whatever_the_thread_answered_before() -> None:
    with translation.override("zh-hans"):
        answer, body = written(400, "Bad Request", "")
    assert (answer.headers["Content-Language"], body["title"]) == ("en", "Invalid request")


def test_a_fault_of_ours_is_500() -> None:
    answer, body = written(500, "Internal Server Error", "")
    assert (answer.status, body["code"]) == (500, "internal_error")
