"""The road of the API's calls: a language, the RateLimit headers, problem+json for what fails outside endpoints."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string

from icpportal.api import parsing, problems
from icpportal.api.throttling import Count
from icpportal.response_headers import Ready, add, ready

_API = "/api/"
_MOST_READ = 500  # characters of Accept-Language, as Django reads: what is looked through and kept costs
_REFUSED = re.compile(r"[^,;]*;\s*q=0(?:\.0{0,3})?\s*(?:,|$)", re.IGNORECASE)  # q=0: "not acceptable" (RFC 9110)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ApiMiddleware:
    """Where calls of the API leave the road of the pages, outside everything that may fail.

    They bring a token: they have no session, no message and no form, and ask for no file. What pages need for those
    costs as much as the shortest calls do, so they go through the setting API_MIDDLEWARE instead of what follows here.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._pages, self._calls = get_response, _road()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nobody who is not authenticated has a count: they are told the whole limit."""
        if not request.path_info.startswith(_API):
            return self._pages(request)
        language = _accepted(_read(request.META.get("HTTP_ACCEPT_LANGUAGE", "")))
        translation.activate(language)
        response = self._calls(request)
        parsing.drop_rest(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != problems.CONTENT_TYPE:
            response = problems.of_response(response, request)
        if response.has_header("Vary"):
            patch_vary_headers(response, ("Accept-Language",))
        count = getattr(request, "call_count", None) or Count(calls=0, unknown_codes=0, now=timezone.now())
        add(response, _in_language(language) | ready(count.headers()))
        return response


class _Views(BaseHandler):
    """Django's end of the road, where the view is found and called."""

    _view_middleware = _template_response_middleware = _exception_middleware = ()


def _road() -> GetResponse:
    """API_MIDDLEWARE around the views, as Django puts MIDDLEWARE around them, but without process_view and its like."""
    road: Any = convert_exception_to_response(_Views()._get_response)  # type: ignore[attr-defined]
    for name in reversed(settings.API_MIDDLEWARE):
        road = convert_exception_to_response(import_string(name)(road))
    return cast(GetResponse, road)


def _read(header: str) -> str:
    """So much of an Accept-Language header as is read."""
    return header if len(header) <= _MOST_READ else header[: header.rfind(",", 0, _MOST_READ) + 1]


@lru_cache(maxsize=64)
def _accepted(header: str) -> str:
    """The language of an Accept-Language header, as Django finds it among those that are not refused.

    It says it alone, whatever a browser's cookie does.
    """
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = _REFUSED.sub("", header)
    return translation.get_language_from_request(request)


@lru_cache(maxsize=8)
def _in_language(language: str) -> Ready:
    return ready({"Vary": "Accept-Language", "Content-Language": language})
