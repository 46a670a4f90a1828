"""From which address a request comes. X-Forwarded-For counts only as far as our own proxies wrote it."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: HttpRequest) -> str | None:
    """The caller's address. With TRUSTED_PROXY = n it is the n-th from the right of X-Forwarded-For.

    What stands further left is the caller's own word. Without proxies the header counts for nothing. None when the
    server does not know, as behind a Unix socket.
    """
    found = _client(request)
    return str(found) if found else None


def throttled_address(request: HttpRequest) -> str | None:
    """What failures are counted under: an IPv4 address, or the /64 that a holder of IPv6 addresses has for himself."""
    found = _client(request)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, 64), strict=False).network_address)
    return str(found) if found else None


def _client(request: HttpRequest) -> Address | None:
    direct = _parsed(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.TRUSTED_PROXY
    chain = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if not proxies or len(chain) < proxies:
        return direct
    return _parsed(chain[-proxies]) or direct


def _parsed(text: str) -> Address | None:
    text = text.strip()
    if text.count(":") == 1:  # some proxies add the port
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
