"""Tencent Cloud's API through its own SDK, call by call: each is repeated while the provider says "later".

The SDK is an extra (requirements-tencent.lock) and is imported when the first provider is made. Credentials come from
the environment alone, are in no setting, and are blotted out of every text that leaves this module.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from icpportal import retry_after
from servers.inventory.fields import shown

ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds; the waits double
TIMEOUT = 30.0  # seconds for connecting, and for each wait for more of an answer
HOME = "ap-guangzhou"  # asked for what is of no region
# What passes by itself: throttling, and the provider's or the network's own trouble.
PASSING = (
    *("RequestLimitExceeded", "InternalError", "InternalServerError", "ServiceUnavailable"),
    *("NetworkError", "Timeout", "CutAnswer"),
)
PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}

Wait: TypeAlias = Callable[[float], bool]  # waits so many seconds; true when the wait was cut short to stop


class NoSDK(Exception):
    """The provider's SDK is not installed."""


class NoCredentials(Exception):
    """`name` is missing or malformed in the environment; its value is not told."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class BadEndpoint(Exception):
    """The endpoint is no https address (http only on this machine) of a host and, perhaps, a port."""


class Stopped(Exception):
    """Somebody asked to stop while calls were made or waited for."""


class CallFailed(Exception):
    """A call had no good answer: the provider's error `code` (or ours: NetworkError, Timeout, CutAnswer, HTTP 403).

    `detail` is for people and holds no credential. `asked_wait` is what the answer's Retry-After said, in seconds.
    """

    def __init__(self, code: str, detail: str, *, asked_wait: float | None = None) -> None:
        super().__init__(code, detail)
        self.code, self.detail, self.asked_wait = code, detail, asked_wait

    @property
    def passes(self) -> bool:
        """Whether the same call may be answered a little later."""
        status = self.code.removeprefix("HTTP ")
        return self.code.startswith(PASSING) or (status.isdecimal() and int(status) in PASSING_STATUS)


@dataclass(frozen=True, kw_only=True)
class Access:
    """With what to call, and where: `endpoint` is empty for the provider's own, else all calls go there."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    endpoint: str = ""
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        for name in ("secret_id", "secret_key", "token"):
            value = getattr(self, name)
            if (not value and name != "token") or not value.isascii() or not (value + "x").isprintable():
                raise NoCredentials(f"TENCENTCLOUD_{name.upper()}")
        if self.endpoint and not _is_callable(self.endpoint):
            raise BadEndpoint(self.endpoint)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, endpoint: str) -> Access:
        """The credentials that the provider's own tools read too. Raises NoCredentials, BadEndpoint."""

        def read(name: str) -> str:
            return environment.get(f"TENCENTCLOUD_{name}", "").strip()

        return cls(secret_id=read("SECRET_ID"), secret_key=read("SECRET_KEY"), token=read("TOKEN"), endpoint=endpoint)

    def blot(self, text: object) -> str:
        """Foreign text, short and without the credentials."""
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        for secret in (self.secret_id, self.secret_key, self.token):
            words = words.replace(secret, "…") if secret else words
        return shown(words)


class Provider:
    """The provider as one pair of credentials sees it. `wait` is told the seconds between two attempts."""

    def __init__(self, access: Access, *, wait: Wait) -> None:
        try:
            from servers.inventory import sdk
        except ImportError as error:
            raise NoSDK from error
        self._access, self._wait, self._sdk = access, wait, sdk
        self._client: tuple[tuple[str, str], Any] | None = None

    def call(
        self, service: str, action: str, *, region: str = HOME, parameters: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """The answer without its envelope. Raises CallFailed after the last attempt, Stopped between two."""
        for attempt in range(ATTEMPTS):
            if self._wait(0):
                raise Stopped
            try:
                return self._once(service, action, region, dict(parameters or {}))
            except CallFailed as error:
                asked = error.asked_wait or 0.0
                if not error.passes or attempt == ATTEMPTS - 1 or asked > LONGEST_WAIT:
                    raise
                if self._wait(max(asked, backoff(attempt, jitter=random.random()))):
                    raise Stopped from error
        raise AssertionError("unreachable")

    def _once(self, service: str, action: str, region: str, parameters: dict[str, Any]) -> Mapping[str, Any]:
        if self._client is None or self._client[0] != (service, region):
            self._client = (service, region), self._sdk.client(service, region, self._access)
        try:
            answer = self._client[1].call_json(action, parameters)
        except Exception as error:
            raise self._failure(error) from None  # its text may hold credentials
        body = answer.get("Response") if isinstance(answer, Mapping) else None
        if not isinstance(body, Mapping):
            raise CallFailed("CutAnswer", "The answer is no response of the API.")
        if stated := body.get("Error"):  # the SDK sees it only beside the content type that it expects
            fields = stated if isinstance(stated, Mapping) else {}
            raise CallFailed(shown(fields.get("Code", "Error")), self._access.blot(fields.get("Message", "")))
        return body

    def _failure(self, error: Exception) -> CallFailed:
        """What went wrong, in words that hold no credential."""
        match self._sdk.reason(error):
            case "timeout":
                return CallFailed("Timeout", f"There was no answer within {self._access.timeout:g} seconds.")
            case "network":
                return CallFailed("NetworkError", "The provider could not be reached.")
            case "cut":
                return CallFailed("CutAnswer", "The answer broke off or is not JSON.")
            case (int() as status, _) if 300 <= status < 400:
                return CallFailed(
                    f"HTTP {status}", f"The answer leads elsewhere (status {status}); credentials are not sent there."
                )
            case (int() as status, headers):
                asked = retry_after.seconds(headers.get("Retry-After"), date=headers.get("Date"))
                return CallFailed(f"HTTP {status}", f"The answer had the status {status}.", asked_wait=asked)
            case (code, message):
                return CallFailed(shown(code), self._access.blot(message))
        raise error


def backoff(attempt: int, *, jitter: float) -> float:
    """Seconds to wait after the failed `attempt` (from 0): doubling, of which `jitter` from 0 to 1 takes up to half."""
    longest: float = min(FIRST_WAIT * 2**attempt, LONGEST_WAIT)
    return longest * (1 - jitter / 2)


def _is_callable(endpoint: str) -> bool:
    """https to a host, since the signature covers no path; http only to this machine."""
    try:
        address = urlsplit(endpoint)
        host = address.hostname or ""
        plain = not (address.path or address.query or address.fragment or address.username) and address.port != 0
    except ValueError:
        return False
    return bool(host) and plain and (address.scheme == "https" or (address.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
