"""What a page answers when something broke: 503 while the database cannot be had, else 500."""

from __future__ import annotations

import sys

from django.db import IntegrityError, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import render
from django.template import loader

from icpportal import context

RETRY_AFTER = 5  # seconds
_READ_ONLY = "25006"  # PostgreSQL's: a standby, or one that an operator keeps from writing
_ROW_IS_GONE = ("23503", "SQLITE_CONSTRAINT_FOREIGNKEY")


def is_unavailable(error: BaseException | None) -> bool:
    """Whether the database is away, held up by a lock for too long, full, or takes no writes: try again soon.

    Also when a change was undone because what it belongs to, such as the client, was deleted meanwhile.
    """
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", "") == _READ_ONLY
    if isinstance(error, IntegrityError):
        cause = error.__cause__
        return getattr(cause, "sqlstate", getattr(cause, "sqlite_errorname", "")) in _ROW_IS_GONE
    return isinstance(error, OperationalError | InterfaceError)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The setting CSRF_FAILURE_VIEW: leads back to the page that was sent, which is all that Django's own lacks."""
    return render(request, "403_csrf.html", {"without_cookie": reason == REASON_NO_CSRF_COOKIE}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: called while the error is being handled. Its pages ask nothing of the database."""
    if is_unavailable(sys.exc_info()[1]):
        return HttpResponse(_page("503.html", request), status=503, headers={"Retry-After": str(RETRY_AFTER)})
    return HttpResponse(_page("500.html", request), status=500)


def _page(name: str, request: HttpRequest) -> str:
    values = {"request": request, "request_id": context.request_id.get()}  # without processors, which might break too
    return loader.get_template(name).render(values)
