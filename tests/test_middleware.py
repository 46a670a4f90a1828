"""What every answer carries."""

import io
import json
import logging
import sys
import uuid

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from icpportal import context
from icpportal.logs import LineFormatter
from icpportal.middleware import RequestIdMiddleware, SecurityHeadersMiddleware

VALUE = "ICP-7Q4KD-ABCDE-12345-FGHJK-MNPQR"


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "x" * 64, "cjld2cjxh0000qzrmn831i7rn"])
def test_a_well_formed_request_id_is_taken(given: str) -> None:
    request = RequestFactory().get("/", headers={"X-Request-ID": given})
    response = RequestIdMiddleware(ok)(request)
    assert response["X-Request-ID"] == given == request.request_id  # type: ignore[attr-defined]


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\n", "é", "a/b", VALUE, f"begin.{VALUE.lower()}", VALUE[4:]])
def test_a_malformed_request_id_is_replaced(given: str) -> None:
    response = RequestIdMiddleware(ok)(RequestFactory().get("/", headers={"X-Request-ID": given}))
    assert uuid.UUID(hex=response["X-Request-ID"]).hex == response["X-Request-ID"]


def test_the_request_id_is_known_during_the_request_and_forgotten_after() -> None:
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(context.request_id.get())
        return ok(request)

    RequestIdMiddleware(view)(RequestFactory().get("/", headers={"X-Request-ID": "r-1"}))
    assert (seen, context.request_id.get()) == (["r-1"], "")


def test_an_answer_has_the_security_headers() -> None:
    response = SecurityHeadersMiddleware(ok)(RequestFactory().get("/"))
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert response["Cache-Control"] == "no-store"
    assert "camera=()" in response["Permissions-Policy"]


def test_a_view_sets_its_own_caching() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok", headers={"Cache-Control": "max-age=60"})

    assert SecurityHeadersMiddleware(view)(RequestFactory().get("/"))["Cache-Control"] == "max-age=60"


@pytest.mark.parametrize(
    ("path", "accepted", "cookie", "expected"),
    [
        ("/admin/", "en", "zh-hans", "zh-hans"),
        ("/admin/", "zh-CN", "", "zh-hans"),
        ("/admin/", "fr", "", "en"),
        ("/api/v1/codes/", "en", "zh-hans", "en"),
        ("/api/v1/codes/", "zh-Hans", "en", "zh-hans"),
        ("/api/v1/codes/", "", "zh-hans", "en"),
        ("/api/v1/codes/", "zh-hans;q=0", "", "en"),
        ("/api/v1/codes/", "fr, zh;q=0.000, en;q=0.1", "", "en"),
        ("/api/v1/codes/", "en;q=0,zh-hans;q=0.1", "", "zh-hans"),
        ("/api/v1/codes/", "zh-hans;q=0.001", "", "zh-hans"),
        ("/api/v1/codes/", "zh-hans," + "x" * 500, "", "zh-hans"),
        ("/api/v1/codes/", "fr;q=0," * 100 + "zh-hans", "", "en"),
        ("/api/v1/codes/", "zh-hans;q=0." + "0" * 500, "", "en"),
    ],
)
def test_pages_follow_the_cookie_and_the_api_accept_language_alone(
    path: str, accepted: str, cookie: str, expected: str
) -> None:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = cookie
    response = client.get(path, headers={"Accept-Language": accepted})
    assert response["Content-Language"] == expected


def log_line(message: str, **kwargs: object) -> str:
    record = logging.LogRecord("desk", logging.INFO, "x.py", 1, message, (), kwargs.get("exc_info"))  # type: ignore[arg-type]
    return LineFormatter().format(record)


def test_a_log_record_is_one_line_with_the_request_id() -> None:
    token = context.request_id.set("r-1")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        line = log_line("first\nsecond", exc_info=sys.exc_info())
    finally:
        context.request_id.reset(token)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["message"], found["level"], found["request_id"]) == ("first\nsecond", "INFO", "r-1")
    assert "ValueError" in found["exception"]


@pytest.mark.parametrize("path", ["/api/v1/nope/", "/api/v1/codes/"])
def test_the_log_of_a_refusal_has_its_request_id(path: str, db: None, caplog: pytest.LogCaptureFixture) -> None:
    refused = Client().get(path, headers={"X-Request-ID": "r-9"})
    line = json.loads(LineFormatter().format(caplog.records[-1]))
    assert (line["logger"], line["request_id"]) == ("django.request", refused.json()["request_id"])


def test_a_foreign_host_is_logged_as_a_short_warning() -> None:
    console = next(each for each in logging.getLogger().handlers if isinstance(each.formatter, LineFormatter))
    assert isinstance(console, logging.StreamHandler)
    stream = console.setStream(io.StringIO())
    Client().get("/api/v1/codes/", headers={"host": "e" * 5_000})
    written = console.setStream(stream)
    (line,) = [json.loads(line) for line in written.getvalue().splitlines()]
    assert (line["logger"], line["level"]) == ("django.security.DisallowedHost", "WARNING")
    assert (len(line["message"]), "exception" in line) == (200, False)


@pytest.mark.urls("tests.broken_urls")
@pytest.mark.parametrize("path", ["/broken/", "/api/broken/"])
def test_what_broke_is_logged_once(path: str, caplog: pytest.LogCaptureFixture) -> None:
    Client(raise_request_exception=False).get(path)
    assert [record.name for record in caplog.records] == ["django.request"]
    assert caplog.records[0].exc_info


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_page_that_takes_no_such_verb_names_its_language(method: str) -> None:
    page = Client().generic(method, "/logout/", headers={"Accept-Language": "zh-CN"})
    assert (page.status_code, page["Content-Language"]) == (405, "zh-hans")
    assert "Accept-Language" in page["Vary"]


def test_a_log_record_outside_a_request_has_no_request_id() -> None:
    assert "request_id" not in json.loads(log_line("started"))


@pytest.mark.parametrize(
    "secret",
    [
        VALUE,
        VALUE.lower(),
        VALUE.removeprefix("ICP-"),
        VALUE.replace("-", ""),
        VALUE.replace("-", " "),
        VALUE.replace("-", "%20"),
        VALUE.replace("-", "+"),
        "icp_9yWl2mHq-Zx_0RkP8cV7tN4bQ1sD6fGjEuI3oLaYwK",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "Bearer opaque.token-of-somebody",
    ],
)
@pytest.mark.parametrize("around", ["{}", "Not Found: /codes/{}/", "code='{}'", "[{}]", "?q={}&x=1"])
def test_a_log_masks_values_and_tokens(secret: str, around: str) -> None:
    try:
        raise ValueError(around.format(secret))
    except ValueError:
        line = log_line(around.format(secret), exc_info=sys.exc_info())
    assert secret not in line
    assert secret.removeprefix("Bearer ") not in line
    for group in ("ABCDE", "FGHJK", "MNPQR"):
        assert group not in line.upper()


@pytest.mark.parametrize(
    "text",
    [
        "ICP-…-7Q4KD",
        "Not Found: /servers/ins-4h8t2wnc/",
        "2f1c9f0e8b7a4d5c9e3b1a2c4d5e6f70",
        "icp_1234",
        "粤ICP备2026018842号",
    ],
)
def test_a_log_leaves_everything_else(text: str) -> None:
    assert json.loads(log_line(text))["message"] == text


@pytest.mark.parametrize(("path", "is_page"), [("/admin/login/", True), ("/api/v1/health/live/", False)])
def test_pages_alone_have_a_session_a_person_and_messages(client: Client, path: str, is_page: bool) -> None:
    request = client.get(path).wsgi_request
    assert [hasattr(request, name) for name in ("session", "user", "_messages")] == [is_page] * 3
