"""Which addresses may be called: only public ones, so that an endpoint's URL opens no door into our own network.

A name is resolved once, every address that it has is judged, and the connection goes to an address that was judged
(transport.py): a name whose answer changes in between gains nothing. The setting WEBHOOK_ALLOW_PRIVATE, for
development, allows any address, and http beside https.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from codes import values
from icpportal.sentences import StrPromise

Resolver = Callable[[str, int], Sequence[str]]
MAX_LENGTH = 500
RESOLVE_SECONDS = 5

# IANA's registries of special-purpose addresses, and what is multicast or reserved.
_SPECIAL_V4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SPECIAL_V6 = [IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_SIX_TO_FOUR, _MAPPED, _NAT64 = IPv6Network("2002::/16"), IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """The URL cannot be called: `reason` says why, for people."""

    def __init__(self, reason: StrPromise) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Target:
    """A URL taken apart: `host` for TLS and the Host header, `path` with its query."""

    is_tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header: the port stands in it unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """The parts of `url`. Raises AddressRefused for anything but a plain https URL without a code value."""
    if len(url) > MAX_LENGTH or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise AddressRefused(_("The address must be a URL of at most 500 printable ASCII characters."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(_("The address is not a URL.")) from error
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_ALLOW_PRIVATE):
        raise AddressRefused(_("The address must begin with https://."))
    if not parts.hostname or port == 0 or "@" in parts.netloc or "#" in url:
        raise AddressRefused(_("The address must have a host, and neither user, password nor fragment."))
    if values.stands_in(url):
        raise AddressRefused(_("The address contains a code value, which is never stored: take it out."))
    is_tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_tls=is_tls, host=parts.hostname, port=port or (443 if is_tls else 80), path=path)


def is_public(address: str) -> bool:
    """Whether `address` is one that anybody on the internet could call; judged by the IPv4 address inside, if any."""
    ip = ip_address(address.partition("%")[0])
    inner = _inside(ip)
    if isinstance(inner, IPv4Address):
        return not any(inner in network for network in _SPECIAL_V4)
    return inner in _GLOBAL_UNICAST and not any(inner in network for network in _SPECIAL_V6)


def _inside(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that a mapped, NAT64 or 6to4 one leads to, else the address itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _MAPPED or ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in _SIX_TO_FOUR:
        return IPv4Address((int(ip) >> 80) & 0xFFFFFFFF)
    return ip


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of `host` as this machine resolves it. Raises OSError; TimeoutError after five seconds."""
    answers: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            answers.put(error)

    # getaddrinfo knows no time-out: it is left to itself when it takes too long.
    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=RESOLVE_SECONDS)
    except Empty as error:
        raise TimeoutError("the name could not be resolved in time") from error
    if isinstance(answer, Exception):
        raise answer
    return [entry[4][0] for entry in answer]


def callable_addresses(target: Target, *, resolver: Resolver = system_resolver) -> list[str]:
    """The addresses of the target's host, each of which may be called. Raises AddressRefused."""
    try:
        found = list(dict.fromkeys(resolver(target.host, target.port)))
    except (OSError, UnicodeError) as error:
        raise AddressRefused(_("The host cannot be resolved.")) from error
    if not found:
        raise AddressRefused(_("The host cannot be resolved."))
    if not settings.WEBHOOK_ALLOW_PRIVATE and not all(is_public(address) for address in found):
        raise AddressRefused(_("The host leads to an address that is not public."))
    return found
