"""The documentation's addresses, and the answer to addresses that do not exist."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, resolve
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, get_language_from_request, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_safe

from icpportal.api import documentation, guide, problems, swagger_ui
from icpportal.api.answers import answer


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document, in the language of the caller."""
    return answer(documentation.schema(get_language() or "en", get_script_prefix()))


@require_safe
@requires_csrf_token  # for the language switch
def docs(request: HttpRequest) -> HttpResponse:
    """A guide, and Swagger UI over the document, from our own static files, its icons too."""
    with _language_of_pages(request):
        base = request.build_absolute_uri(f"{get_script_prefix()}api/v1/")
        words = json.dumps(swagger_ui.words())
        return _page(request, "api/docs.html", guide.context(base) | {"words": words})


@require_safe
@requires_csrf_token  # for the language switch
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """What a problem's `type` points at: its meaning."""
    kind = problems.KINDS.get(code)
    if kind is None:
        return problems.respond(problems.not_found(), request)
    with _language_of_pages(request):
        return _page(request, "api/problem.html", {"kind": kind})


def _language_of_pages(request: HttpRequest) -> override:
    """What people read here follows the cookie of the language switch, unlike the rest of the API."""
    return override(get_language_from_request(request))


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    response["Content-Language"] = get_language() or "en"
    patch_vary_headers(response, ("Cookie", "Accept-Language"))
    return response


def unknown(request: HttpRequest) -> HttpResponse:
    """404 for every address of the API that does not exist, with or without a token, for every method."""
    lacks_slash = resolve(f"{request.path_info}/").url_name is not None
    detail = _("Addresses end with a slash: add it.") if lacks_slash else ""
    return problems.respond(problems.Problem("not_found", detail), request)
