"""Calls the API in tests: JSON in, JSON out, with a client's token."""

import json
from functools import cache
from typing import Any

from django.test import Client

from icpportal.api.models import ApiClient
from tests.factories import make_client, make_token

BASE = "/api/v1/"


@cache
def _http() -> Client:
    """One for all: making one loads every middleware. The API sets no cookies."""
    return Client(raise_request_exception=False)


class Answer:
    """Status, headers and the JSON body of an answer."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.raw: bytes = response.content
        is_json = response.headers.get("Content-Type", "").startswith(("application/json", "application/problem+json"))
        self.json: Any = json.loads(self.raw) if is_json and self.raw else None

    @property
    def code(self) -> str:
        """A problem's code."""
        assert self.headers["Content-Type"] == "application/problem+json", self.raw
        assert self.json["request_id"] == self.headers["X-Request-ID"]
        assert self.json["status"] == self.status
        return str(self.json["code"])

    @property
    def refused(self) -> tuple[int, str]:
        """A problem's status and code."""
        return self.status, self.code

    @property
    def wrong(self) -> list[tuple[str, str]]:
        """The fields that are wrong: name and code."""
        assert self.refused == (400, "invalid"), self.raw
        return [(error["field"], error["code"]) for error in self.json["errors"]]


class Api:
    """Calls as one API client."""

    def __init__(self, *scopes: str, client: ApiClient | None = None, **options: Any) -> None:
        self.client = client or make_client(**({"scopes": scopes} if scopes else {}), **options)
        self.token = make_token(self.client)

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Answer:
        """`path` below /api/v1/ or absolute. Headers as keywords: idempotency_key="k"."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {self.token}"} | {name.replace("_", "-"): v for name, v in headers.items()}
        kind = sent.pop("content-type", "application/json" if content else "")
        address = path if path.startswith(("/", "http")) else BASE + path
        response = _http().generic(method, address, content, content_type=kind, headers=sent)
        return Answer(response)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.call("PATCH", path, body, **headers)
