"""What every answer carries: a request id, security headers, a language."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.locale import LocaleMiddleware
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import patch_vary_headers

from icpportal import context
from icpportal.handles import NAME
from icpportal.plans import planned_anew
from icpportal.response_headers import add, ready

PAGE_VERBS = ("GET", "HEAD", "POST")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_POWERS = "accelerometer camera display-capture geolocation gyroscope magnetometer microphone midi payment usb"
PERMISSIONS_POLICY = ", ".join(f"{power}=()" for power in _POWERS.split())
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_READY = ready(HEADERS)
STRICT_TRANSPORT = "Strict-Transport-Security"

GetResponse = Callable[[HttpRequest], HttpResponseBase]
_REQUEST_ID = re.compile(NAME)
_CODE_VALUE = re.compile(r"icp[-_.]?(?:[0-9a-z]{5}[-_.]?){5}|[0-9a-z]{5}(?:[-_.][0-9a-z]{5}){4}", re.IGNORECASE)


class RequestIdMiddleware:
    """The client's X-Request-ID when it is well formed, else a new one; the answer, the logs and events carry it.

    One that reads like a code's value is not taken: events keep it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Sets request.request_id for views."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        is_taken = _REQUEST_ID.fullmatch(given) and not _CODE_VALUE.search(given)
        request_id = given if is_taken else context.new_request_id()
        request.request_id = request_id  # type: ignore[attr-defined]
        token = context.request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            context.request_id.reset(token)
        add(response, ready({"X-Request-ID": request_id}))
        return response


class SecurityHeadersMiddleware:
    """Strict content security policy, no browser powers, no caching unless the view or WhiteNoise set it.

    On every answer, those of other middleware and of broken requests too: Django's own sets its headers further in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._strict_transport = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Adds what the view has not set."""
        response = self.get_response(request)
        add(response, _READY)
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response.headers.setdefault(STRICT_TRANSPORT, self._strict_transport)
        return response


class PageVerbsMiddleware:
    """Pages are read and sent, nothing else: Django's own views would take a PUT for a question or for a form.

    Who opens by hand what only a form sends, or the other way round, sees a page that leads on, as for a 404.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """405 for any other verb. What fails before LanguageMiddleware is told in the page's language too."""
        translation.activate(translation.get_language_from_request(request))
        is_taken = request.method in PAGE_VERBS
        response = self.get_response(request) if is_taken else HttpResponseNotAllowed(PAGE_VERBS)
        if isinstance(response, HttpResponseNotAllowed):
            response.content = render_to_string("405.html", request=request)
            response["Content-Length"] = str(len(response.content))  # it was that of an empty page
        if response.status_code >= 400 and not response.has_header("Content-Language"):
            response.headers["Content-Language"] = translation.get_language()
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


class PlansMiddleware:
    """Pages filter by whatever people choose, so their statements are planned by it; the API's are all alike."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The page."""
        with planned_anew():
            return self.get_response(request)


class LanguageMiddleware(LocaleMiddleware):
    """Pages follow the language cookie, then Accept-Language."""

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
