"""How the tests of the servers' API call it."""

import json
from typing import Any

from django.test import Client

from icpportal.api.models import Scope
from servers.models import Account
from tests.factories import make_client, make_token

Answer = tuple[int, Any]
BODY: dict[str, Any] = {
    "account": "100012345678",
    "name": "web-1",
    "region": "ap-guangzhou",
    "billing_mode": "prepaid",
    "purchased_at": "2026-01-31T08:00:00Z",
    "expires_at": "2027-04-30T08:00:00Z",
    "state": "running",
    "public_ip_assigned": True,
    "version": 17,
    "ips": [{"address": "203.0.113.7", "kind": "public", "expires_at": None}],
}


class Caller:
    """A client of the API with a token of its own."""

    def __init__(self, *scopes: str, account: Account | None = None) -> None:
        self.token = make_token(make_client(scopes=scopes or tuple(Scope.values), account=account))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Status and body. `path` is below /api/v1/, or an address that an answer gave."""
        address = path if path.startswith("http") else f"/api/v1/{path}"
        response = Client(headers={"Authorization": f"Bearer {self.token}", **headers}).generic(
            method, address, b"" if body is None else json.dumps(body).encode(), content_type="application/json"
        )
        return response.status_code, json.loads(response.content)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def put(self, path: str, body: Any) -> Answer:
        return self.call("PUT", path, body)

    def post(self, path: str, body: Any) -> Answer:
        return self.call("POST", path, body)


def fields(answer: Answer) -> list[tuple[str, str]]:
    """The wrong fields of a 400, with their codes."""
    status, body = answer
    assert status == 400, body
    return [(error["field"], error["code"]) for error in body["errors"]]
