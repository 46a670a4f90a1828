"""Answers in JSON: UTF-8, as short as it goes."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse
from django.urls import reverse


def answer(body: Any, *, status: int = 200, location: str = "") -> HttpResponse:
    """`body` as JSON; `location` is the address of what was created."""
    content = orjson.dumps(body, option=orjson.OPT_PASSTHROUGH_DATETIME)  # a moment is written by `iso` alone
    headers = {"Location": location} if location else {}
    return HttpResponse(content, status=status, content_type="application/json", headers=headers)


def address(name: str, *arguments: object) -> str:
    """The path of the endpoint `name` of the API."""
    return reverse(f"api:{name}", args=arguments)
