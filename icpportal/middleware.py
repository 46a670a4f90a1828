"""What every answer carries: a request id, security headers, a language."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.locale import LocaleMiddleware
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import patch_vary_headers

from icpportal import context
from icpportal.handles import NAME
from icpportal.plans import planned_anew
from icpportal.response_headers import Ready, add, ready

_API = "/api/"
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
_MOST_READ = 500  # characters of Accept-Language, as Django reads: what is looked through and kept costs
_REFUSED = re.compile(r"[^,;]*;\s*q=0(?:\.0{0,3})?\s*(?:,|$)", re.IGNORECASE)  # q=0: "not acceptable" (RFC 9110)


def is_of_api(request: HttpRequest) -> bool:
    """Whether it is a call of the API and asks for no page."""
    return request.path_info.startswith(_API)


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


class PagesAlone:
    """Stands before a middleware as a base: calls of the API go past it."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """On to the next at once, or through the middleware."""
        if is_of_api(request):
            return cast(HttpResponseBase, self.get_response(request))
        return cast(HttpResponseBase, super().__call__(request))  # type: ignore[misc]


class PageVerbsMiddleware:
    """Pages are read and sent, nothing else: Django's own views would take a PUT for a question or for a form.

    Who opens by hand what only a form sends, or the other way round, sees a page that leads on, as for a 404.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """405 for any other verb. The API's endpoints name their own."""
        if is_of_api(request):
            return self.get_response(request)
        if request.method in PAGE_VERBS:
            response = self.get_response(request)
        else:  # nobody inside has found the language
            translation.activate(accepted_language(request))
            response = HttpResponseNotAllowed(PAGE_VERBS)
        if isinstance(response, HttpResponseNotAllowed):
            response.content = render_to_string("405.html", request=request)
            response["Content-Length"] = str(len(response.content))  # it was that of an empty page
        return response


class PlansMiddleware:
    """Pages filter by whatever people choose, so their statements are planned by it; the API's are all alike."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """As ever for the API."""
        if is_of_api(request):
            return self.get_response(request)
        with planned_anew():
            return self.get_response(request)


class LanguageMiddleware(LocaleMiddleware):
    """Pages follow the language cookie, then Accept-Language; the API follows Accept-Language alone."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """A call of the API has no cookies and no languages in its path to look for."""
        if not is_of_api(request):
            return cast(HttpResponseBase, super().__call__(request))
        language = accepted_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = cast(HttpResponseBase, self.get_response(request))
        if response.has_header("Vary"):
            patch_vary_headers(response, ("Accept-Language",))
        add(response, _in_language(language))
        return response

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


@lru_cache(maxsize=8)
def _in_language(language: str) -> Ready:
    return ready({"Vary": "Accept-Language", "Content-Language": language})


def accepted_language(request: HttpRequest) -> str:
    """That of a call of the API: its Accept-Language says it alone, whatever a browser's cookie does."""
    header = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
    if len(header) > _MOST_READ:
        header = header[: header.rfind(",", 0, _MOST_READ) + 1]
    return _accepted(header)


@lru_cache(maxsize=64)
def _accepted(header: str) -> str:
    """The language of an Accept-Language header, as Django finds it among those that are not refused."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = _REFUSED.sub("", header)
    return translation.get_language_from_request(request)
