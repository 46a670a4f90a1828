"""How mail goes out: the settings EMAIL_URL, EMAIL_FROM and SITE_URL."""

from __future__ import annotations

from email.utils import make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

_BACKENDS = "django.core.mail.backends"
NONE = f"{_BACKENDS}.dummy.EmailBackend"
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_TIMEOUT = 10  # seconds
_RIGHT = "EMAIL_URL must look like smtp+tls://user:password@host:587 (or smtp://, smtps://), or be console:."


def from_url(url: str, *, local: bool) -> dict[str, Any]:
    """Django's settings for the mail server that `url` names: smtp is plain, smtp+tls STARTTLS, smtps TLS throughout.

    Without a url mails go to the console where `local` (DEBUG, DEMO), and nowhere elsewhere. Raises
    ImproperlyConfigured for a malformed one; the message does not repeat it, since it may hold a password.
    """
    if url in ("", "console:"):
        return {"EMAIL_BACKEND": f"{_BACKENDS}.console.EmailBackend" if url or local else NONE}
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(_RIGHT) from error
    if not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(_RIGHT)
    return {
        "EMAIL_BACKEND": f"{_BACKENDS}.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": _TIMEOUT,
    }


def is_set() -> bool:
    """Whether mails go anywhere."""
    return bool(settings.EMAIL_BACKEND != NONE)


def missing() -> list[str]:
    """The settings without which no notice can be sent."""
    return [name for name, given in (("EMAIL_URL", is_set()), ("SITE_URL", settings.SITE_URL)) if not given]


def site_url(request: HttpRequest | None = None) -> str:
    """Where links in mails lead, without a slash at the end: SITE_URL, else the address that was asked."""
    if settings.SITE_URL or request is None:
        return str(settings.SITE_URL)
    return f"{request.scheme}://{request.get_host()}"


def headers() -> dict[str, str]:
    """What every mail carries: that no person wrote it, and an id that does not name this machine."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return {"Auto-Submitted": "auto-generated", "Message-ID": make_msgid(domain=host)}
