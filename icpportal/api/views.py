"""The documentation's addresses, and the answer to addresses that do not exist."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from icpportal.api import documentation, problems
from icpportal.api.answers import answer


@csrf_exempt  # another method is 405, not a missing token
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document, in the language of the caller."""
    return answer(documentation.schema(get_language() or "en", get_script_prefix()))


@csrf_exempt
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI over the document, from our own static files, its icons too."""
    return render(request, "api/docs.html")


@csrf_exempt
@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """What a problem's `type` points at: its meaning."""
    kind = problems.KINDS.get(code)
    if kind is None:
        return unknown(request)
    return render(request, "api/problem.html", {"kind": kind})


@csrf_exempt
def unknown(request: HttpRequest, **path: str) -> HttpResponse:
    """404 for every address of the API that does not exist, with or without a token, for every method."""
    return problems.respond(problems.not_found(), request)
