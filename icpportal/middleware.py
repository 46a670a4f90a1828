"""What every answer carries: a request id, security headers, a language."""

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.locale import LocaleMiddleware

from icpportal import context

API_PREFIX = "/api/"
PAGE_VERBS = ("GET", "HEAD", "POST")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

GetResponse = Callable[[HttpRequest], HttpResponseBase]
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """The client's X-Request-ID when it is well formed, else a new one; the answer and the logs carry it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Sets request.request_id for views."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        token = context.request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            context.request_id.reset(token)
        response["X-Request-ID"] = request_id
        return response


class SecurityHeadersMiddleware:
    """Strict content security policy, no browser powers, no caching unless the view or WhiteNoise set it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Adds what the view has not set."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class PageVerbsMiddleware:
    """Pages are read and sent, nothing else: Django's own views would take a PUT for a question or for a form."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """405 for any other verb. The API's endpoints name their own."""
        if request.method not in PAGE_VERBS and not request.path_info.startswith(API_PREFIX):
            return HttpResponseNotAllowed(PAGE_VERBS)
        return self.get_response(request)


class LanguageMiddleware(LocaleMiddleware):
    """Pages follow the language cookie, then Accept-Language; the API follows Accept-Language alone."""

    def process_request(self, request: HttpRequest) -> None:
        """Activates the language."""
        if request.path_info.startswith(API_PREFIX):
            request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """A sign-in turns the pages to the language that the person chose (icpportal/sign_in/sessions.py)."""
        answer = super().process_response(request, response)  # type: ignore[arg-type]
        if chosen := getattr(request, "chosen_language", ""):
            answer.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                chosen,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite="Lax",
            )
        return answer
