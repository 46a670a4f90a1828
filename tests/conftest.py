"""What holds for every test: fixed settings, no network beyond loopback, no missing template variable."""

import ipaddress
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import engines
from django.template.base import Node

FIXED_SETTINGS: dict[str, Any] = {
    "DEBUG": False,
    "DEMO": False,
    "SECRET_KEY": settings.INSECURE_SECRET_KEY,
    "CODE_KEYS": [settings.INSECURE_CODE_KEY],
    "CODES_PER_SERVER": 5,
    "MIN_PREPAID_MONTHS": 3,
    "ELASTIC_IP_ALLOWED": False,
    "THROTTLE_RATES": {"calls": 6000, "unknown_codes": 60},
    "TRUSTED_PROXY": 0,
    "SECURE_SSL_REDIRECT": False,
    "SESSION_COOKIE_SECURE": False,
    "CSRF_COOKIE_SECURE": False,
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],  # fast
}


def pytest_configure() -> None:
    """The caller's environment chooses the database and nothing else."""
    for name, value in FIXED_SETTINGS.items():
        setattr(settings, name, value)
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _is_loopback(host):
        raise RuntimeError(f"A test reached for the network: {host!r}")


def _is_loopback(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host or "localhost"
    try:
        return ipaddress.ip_address(name).is_loopback or name == "0.0.0.0"
    except ValueError:
        return name == "localhost"


class MissingVariable(str):
    """Django's string_if_invalid: fails the test in a template of ours, is the usual empty text elsewhere."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Asked by Django for each missing variable, and by filters on the result."""
        self._fail_in_our_template()
        return False

    def __contains__(self, part: object) -> bool:
        """Asked by blocktranslate for each missing variable."""
        self._fail_in_our_template()
        return False

    @staticmethod
    def _fail_in_our_template() -> None:
        frame = sys._getframe(2)
        while frame.f_back:
            node = frame.f_locals.get("self")
            if isinstance(node, Node) and getattr(node, "origin", None):
                path = Path(node.origin.name)
                if path.is_relative_to(settings.BASE_DIR) and ".venv" not in path.parts:
                    pytest.fail(f"{path.relative_to(settings.BASE_DIR)}: a missing variable in {node!r}")
                return
            frame = frame.f_back


@pytest.fixture(scope="session", autouse=True)
def _missing_variables_fail() -> None:
    engines["django"].engine.string_if_invalid = MissingVariable()
