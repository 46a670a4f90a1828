"""What the server calls."""

import json
from typing import Any

import pytest
from django.test import RequestFactory

from icpportal.application import Application


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST", "FOO"])
def test_too_many_parameters_are_answered_whatever_the_charset(method: str) -> None:
    sent = {"REQUEST_METHOD": method, "PATH_INFO": "/api/v1/codes/", "QUERY_STRING": "a&" * 1_001}
    environ: Any = RequestFactory()._base_environ(**sent, CONTENT_TYPE="application/json; charset=utf-8")
    said: list[tuple[str, dict[str, str]]] = []
    body = b"".join(Application()(environ, lambda status, headers: said.append((status, dict(headers)))))
    ((status, headers),) = said
    assert (status, headers["Content-Type"]) == ("401 Unauthorized", "application/problem+json")
    assert json.loads(body)["request_id"] == headers["X-Request-ID"]
