"""One POST to one address: no redirect is followed, no wait outlasts the deadline, 1 KiB of the answer is kept."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from codes import values
from codes.webhooks.addresses import AddressRefused, Resolver, Target, callable_addresses, parse, system_resolver
from icpportal import retry_after

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEPT_CHARACTERS = 1024
READ_BYTES = KEPT_CHARACTERS + 64  # so that a code value that is cut off where we stop is seen
USER_AGENT = "icpportal-webhooks/1"
NO_ANSWER = gettext_noop("No answer in time")
WRONG_CERTIFICATE = gettext_noop("The certificate is not valid")
NO_TLS = gettext_noop("TLS failed")
REFUSED = gettext_noop("The connection was refused")
CUT = gettext_noop("The connection was cut before an answer")
NO_CONNECTION = gettext_noop("No connection")
NO_HTTP = gettext_noop("The answer is not valid HTTP")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds for connecting to one address, for everything, and for the body once the status is there."""

    connect: float = 5.0
    total: float = 15.0
    body: float = 2.0


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: a status and the beginning of the body, or an error and no status.

    `retry_after` is the seconds for which a 429 or 503 asks to be left alone; None when it asks for nothing readable.
    """

    status: int | None = None
    retry_after: float | None = None
    text: str = ""
    error: str = ""
    seconds: float = 0.0

    @property
    def is_success(self) -> bool:
        """Any 2xx."""
        return self.status is not None and 200 <= self.status < 300


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    resolver: Resolver = system_resolver,
    limits: Limits = LIMITS,
) -> Answer:
    """Post `body` to `url` and say what came back. Raises nothing: what went wrong is the answer's error."""
    started = monotonic()
    try:
        target = parse(url)
        addresses = callable_addresses(target, resolver=resolver)
        with _connect(target, addresses, limits, deadline=started + limits.total) as stream:
            response = _exchange(stream, target, body, headers)
            # The status decides: of a body that comes slowly, what has come is kept.
            stream.deadline = min(stream.deadline, monotonic() + limits.body)
            text = readable(_beginning(response))[:KEPT_CHARACTERS]
        return Answer(status=response.status, retry_after=_asked(response), text=text, seconds=monotonic() - started)
    except AddressRefused as refused:
        error = str(refused.reason)
    except (OSError, HTTPException, UnicodeError) as failed:
        error = _what(failed)
    return Answer(error=readable(error)[:200], seconds=monotonic() - started)


def _what(failed: Exception) -> str:
    """What went wrong, in English, with what the system says of it behind a colon; the desk translates it."""
    match failed:
        case TimeoutError():
            return NO_ANSWER
        case ssl.SSLCertVerificationError():
            return f"{WRONG_CERTIFICATE}: {failed.verify_message}"
        case ssl.SSLError():
            return f"{NO_TLS}: {failed.strerror or failed}"
        case ConnectionRefusedError():
            return REFUSED
        case ConnectionError():
            return CUT
        case OSError():
            return f"{NO_CONNECTION}: {failed.strerror or failed}"
        case _:
            return f"{NO_HTTP}: {failed}"


class _Stream(io.RawIOBase):
    """A connected socket of which every wait ends at the deadline (a moment of `monotonic`)."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self.deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._arm()
        self._socket.sendall(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._arm()
        return self._socket.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def close(self) -> None:
        self._socket.close()
        super().close()

    def _arm(self) -> None:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


def _connect(target: Target, addresses: list[str], limits: Limits, *, deadline: float) -> _Stream:
    """A connection to the first of `addresses` that takes one, with TLS for the target's own name."""
    connected = _first_that_connects(target.port, addresses, limits, deadline=deadline)
    try:
        if target.is_tls:
            connected.settimeout(max(deadline - monotonic(), 0.001))
            connected = tls().wrap_socket(connected, server_hostname=target.host)
        return _Stream(connected, deadline)
    except BaseException:
        connected.close()
        raise


@cache
def tls() -> ssl.SSLContext:
    """Certificates and host names are checked."""
    return ssl.create_default_context()


def _first_that_connects(port: int, addresses: list[str], limits: Limits, *, deadline: float) -> socket.socket:
    failed: OSError = TimeoutError()
    for address in addresses:
        left = deadline - monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=min(limits.connect, left))
        except OSError as error:
            failed = error
    raise failed


def _exchange(stream: _Stream, target: Target, body: bytes, headers: Mapping[str, str]) -> HTTPResponse:
    connection: Any = HTTPConnection(target.host, target.port)
    connection.sock = stream
    fixed = {"Host": target.authority, "User-Agent": USER_AGENT, "Connection": "close", "Accept-Encoding": "identity"}
    connection.request("POST", target.path, body=body, headers={**fixed, **headers})
    reader: Any = stream
    response = HTTPResponse(reader, method="POST")
    response.begin()
    return response


def _asked(response: HTTPResponse) -> float | None:
    if response.status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return None
    return retry_after.seconds(response.getheader("Retry-After"), date=response.getheader("Date"))


def _beginning(response: HTTPResponse) -> str:
    kept = b""
    try:
        while len(kept) < READ_BYTES and (more := response.read1(READ_BYTES - len(kept))):
            kept += more
    except (OSError, HTTPException, ValueError):
        pass
    return kept.decode("utf-8", "replace")


def readable(text: str) -> str:
    """`text` fit to be stored and shown: control characters become spaces, and a code value hides all of it."""
    if values.stands_in(text):
        return "(hidden: a code value stood in it)"
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
