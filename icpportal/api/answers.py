"""Answers in JSON: UTF-8, as short as it goes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpResponse
from django.urls import get_script_prefix, reverse


def answer(body: Any, *, status: int = 200, location: str = "") -> HttpResponse:
    """`body` as JSON; `location` is the address of what was created."""
    content = orjson.dumps(body, option=orjson.OPT_PASSTHROUGH_DATETIME)  # a moment is written by `iso` alone
    headers = {"Location": location} if location else {}
    return HttpResponse(content, status=status, content_type="application/json", headers=headers)


def address(name: str, which: object) -> str:
    """The path of the endpoint `name` of the API, about the one thing that it names, by handle or number."""
    before, after = _around(name, get_script_prefix())
    return f"{before}{which}{after}"


@lru_cache(maxsize=16)
def _around(name: str, _prefix: str) -> tuple[str, str]:
    """What stands before and after it, below the path where the desk is mounted: each request says where that is."""
    before, _which, after = reverse(f"api:{name}", args=[1]).rpartition("1")
    return before, after
