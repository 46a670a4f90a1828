"""What every answer under /api/ has: the RateLimit headers, and problem+json for what failed outside an endpoint."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

from icpportal.api import parsing, problems
from icpportal.api.throttling import Count
from icpportal.middleware import accepted_language, is_of_api
from icpportal.response_headers import add, ready


class ApiMiddleware:
    """Stands outside everything that may fail: a refused host, a broken query, a fault of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nobody who is not authenticated has a count: they are told the whole limit."""
        response = self.get_response(request)
        if not is_of_api(request):
            return response
        parsing.drop_rest(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != problems.CONTENT_TYPE:
            with translation.override(accepted_language(request)):
                response = problems.of_response(response, request)
        count = getattr(request, "call_count", None) or Count(calls=0, unknown_codes=0, now=timezone.now())
        add(response, ready(count.headers()))
        return response
