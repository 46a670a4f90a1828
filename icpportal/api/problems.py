"""Problems: the only place that makes application/problem+json (RFC 9457).

Whatever is raised becomes a `Problem` by `problem_of`, to which apps register their domain errors. The codes are
declared once, here and in the apps; texts are translated when the answer is written.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial, singledispatch
from typing import Any

from django.core.exceptions import BadRequest, DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import get_script_prefix
from django.utils.translation import gettext_lazy as _

from icpportal.errors import RETRY_AFTER, is_unavailable
from icpportal.sentences import StrPromise

CONTENT_TYPE = "application/problem+json"
BASE = "api/v1/problems/"  # below the path where the desk is mounted
MOST_ERRORS = 100  # wrong fields that one answer names
_LONGEST_NAME = 100  # characters of one that are repeated
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """One stable problem code: its status, what it is called and what it means."""

    code: str
    status: int
    title: StrPromise
    meaning: StrPromise


KINDS: dict[str, Kind] = {}


def declare(*kinds: Kind) -> None:
    """Make codes known: to answers, and to the documentation."""
    KINDS.update({kind.code: kind for kind in kinds})


class Problem(Exception):
    """A declared problem; `detail` says more than its meaning, `extra` are further members of the body."""

    def __init__(
        self,
        code: str,
        detail: StrPromise = "",
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code)
        self.kind = KINDS[code]
        self.detail = detail or self.kind.meaning
        self.headers = dict(headers or {})
        self.extra = extra


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; the field is dotted: ips.0.address."""

    field: str
    code: str
    detail: StrPromise

    def as_dict(self) -> dict[str, str]:
        """For the body."""
        return {"field": printable(self.field), "code": self.code, "detail": str(self.detail)}


class Invalid(Problem):
    """400: fields that are wrong, or a body that cannot be read at all, with no field to name."""

    def __init__(self, *errors: FieldError, detail: StrPromise = "", code: str = "invalid") -> None:
        super().__init__(code, detail)
        self.errors = errors


def invalid(field: str, code: str, detail: StrPromise) -> Invalid:
    """400 for one field."""
    return Invalid(FieldError(field, code, detail))


def printable(name: str) -> str:
    """A name somebody sent, fit to be repeated in an answer."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name[:_LONGEST_NAME])


def one_of(choices: Iterable[str]) -> str:
    """What would be right instead of a value that is none of the choices; the value, of any length, is not repeated."""
    return _("Give one of %(choices)s.") % {"choices": ", ".join(choices)}


def no_such_field(known: Iterable[str]) -> str:
    """What there is instead of a field that a body has and this call does not know."""
    return _("There is no such field. The fields are: %(names)s.") % {"names": ", ".join(known)}


def not_found() -> Problem:
    """404, also for what is another's."""
    return Problem("not_found")


def unavailable() -> Problem:
    """503: try again soon."""
    return Problem("unavailable", headers={"Retry-After": str(RETRY_AFTER)})


@singledispatch
def problem_of(error: BaseException) -> Problem:
    """What an exception is to the caller; one that nobody registered is a fault of ours, and logged."""
    return _unexpected(error)


def _unexpected(error: BaseException) -> Problem:
    logger.error("Unexpected error", exc_info=error)
    return Problem("internal_error")


@problem_of.register
def _problem(error: Problem) -> Problem:
    return error


@problem_of.register
def _database(error: DatabaseError | InterfaceError) -> Problem:
    if not is_unavailable(error):
        return _unexpected(error)
    cause = error.__cause__ or error  # its message may hold values: it is not logged
    logger.warning("The database is not available: %s %s", type(cause).__name__, getattr(cause, "sqlstate", "") or "")
    return unavailable()


@problem_of.register
def _not_found(error: Http404) -> Problem:
    return not_found()


@problem_of.register(SuspiciousOperation)
@problem_of.register(BadRequest)
def _bad_request(error: Exception) -> Problem:
    return Invalid()


@problem_of.register
def _too_big(error: RequestDataTooBig) -> Problem:
    return Problem("too_large")


@problem_of.register
def _denied(error: PermissionDenied) -> Problem:
    return Problem("missing_scope")


def body_of(problem: Problem, request_id: str) -> dict[str, Any]:
    """The members of the body, in the language of the moment."""
    kind = problem.kind
    body = {
        "type": f"{get_script_prefix()}{BASE}{kind.code}",
        "title": str(kind.title),
        "status": kind.status,
        "code": kind.code,
        "detail": str(problem.detail),
        "request_id": request_id,
    }
    if isinstance(problem, Invalid):
        body["errors"] = [error.as_dict() for error in problem.errors[:MOST_ERRORS]]
        if more := problem.errors[MOST_ERRORS:]:
            body["more_errors"] = len(more)
    if kind.status == 409:
        body |= {"failed": [], "notes": []}
    return body | problem.extra


def respond(problem: Problem, request: HttpRequest) -> HttpResponse:
    """The problem as an answer to `request`."""
    content = written(body_of(problem, getattr(request, "request_id", "")))
    return HttpResponse(content, status=problem.kind.status, content_type=CONTENT_TYPE, headers=problem.headers)


def written(body: Mapping[str, Any]) -> bytes:
    """A problem's body as JSON; texts are translated now."""
    return json.dumps(body, ensure_ascii=False, default=str).encode()


def of_response(response: HttpResponseBase, request: HttpRequest) -> HttpResponse:
    """The problem instead of a failure that was answered outside the API, as an HTML page, say."""
    status = response.status_code
    problem = _BY_STATUS.get(status, partial(_malformed, request) if status < 500 else _broken)()
    kept = {name: response.headers[name] for name in ("Allow", "Connection") if name in response.headers}
    problem.headers = kept | problem.headers
    answer = respond(problem, request)
    answer._has_been_logged = getattr(response, "_has_been_logged", False)  # type: ignore[attr-defined]
    return answer


def _malformed(request: HttpRequest) -> Problem:
    """400: what Django refuses before an endpoint sees it."""
    try:
        request.get_host()
    except DisallowedHost:
        return Invalid(detail=_("The header Host names a host that is not served here."))
    return Invalid()


def _broken() -> Problem:
    return Problem("internal_error")


_BY_STATUS: dict[int, Callable[[], Problem]] = {
    404: not_found,
    405: lambda: Problem("method_not_allowed"),
    413: lambda: Problem("too_large"),
    503: unavailable,
}


declare(
    Kind(
        "not_authenticated",
        401,
        _("Not authenticated"),
        _("Send a valid token: Authorization: Bearer <token>. It may be missing, malformed, expired or revoked."),
    ),
    Kind(
        "method_not_allowed",
        405,
        _("Method not allowed"),
        _("The header Allow names the methods of this address."),
    ),
    Kind("missing_scope", 403, _("Missing scope"), _("The client of this token lacks the scope for this call.")),
    Kind(
        "unsupported_media_type",
        415,
        _("Unsupported media type"),
        _("Send the body as JSON in UTF-8: Content-Type: application/json."),
    ),
    Kind("too_large", 413, _("Too large"), _("The body is larger than this call accepts.")),
    Kind("invalid", 400, _("Invalid request"), _("The request is malformed, or some of its fields are wrong.")),
    Kind("not_found", 404, _("Not found"), _("There is nothing at this address that the client may see.")),
    Kind(
        "request_in_progress",
        409,
        _("Request in progress"),
        _("The first request with this Idempotency-Key is still running: repeat it in a moment."),
    ),
    Kind(
        "idempotency_key_reused",
        422,
        _("Idempotency key reused"),
        _("Another request was sent under this Idempotency-Key within the last 24 hours."),
    ),
    Kind("throttled", 429, _("Too many requests"), _("Wait for as many seconds as the header Retry-After says.")),
    Kind(
        "unavailable",
        503,
        _("Temporarily unavailable"),
        _("Try again after as many seconds as the header Retry-After says, a POST under the same Idempotency-Key."),
    ),
    Kind(
        "internal_error",
        500,
        _("Internal error"),
        _("Something failed on our side. Contact customer service with the request id."),
    ),
)
