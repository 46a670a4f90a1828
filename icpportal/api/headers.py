"""The headers of answers, as the OpenAPI document names them: each declared once and referred to."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_TEXT, _NUMBER = {"type": "string"}, {"type": "integer", "minimum": 0}
HEADERS: dict[str, tuple[Promise, dict[str, Any]]] = {
    "X-Request-ID": (_("The client's own when it is 1 to 64 of A-Z a-z 0-9 . _ -, else a new one."), _TEXT),
    "RateLimit-Limit": (_("Calls a minute."), _NUMBER),
    "RateLimit-Remaining": (_("Calls that are left of this minute."), _NUMBER),
    "RateLimit-Reset": (_("Seconds until the minute is over."), _NUMBER),
    "Location": (_("The address of what was created."), _TEXT),
    "Idempotency-Replayed": (_("true on an answer that was given before under its Idempotency-Key."), _TEXT),
    "WWW-Authenticate": (_("How to authenticate: Bearer."), _TEXT),
    "Allow": (_("The methods that the address has."), _TEXT),
    "Retry-After": (_("Seconds to wait."), _NUMBER),
}
_ALWAYS = ("X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_OF_STATUS = {
    "201": ("Location",),
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}


def describe_headers(document: dict[str, Any]) -> None:
    """Add to every answer in `document` the headers that it has."""
    document["components"]["headers"] = {
        name: {"description": text, "schema": schema} for name, (text, schema) in HEADERS.items()
    }
    for item in document["paths"].values():
        for method, said in item.items():
            for status, response in said["responses"].items():
                names = _names(method, status)
                response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _names(method: str, status: str) -> tuple[str, ...]:
    is_kept = method == "post" and status in ("200", "201", "409")
    return _ALWAYS + _OF_STATUS.get(status, ()) + (("Idempotency-Replayed",) if is_kept else ())
