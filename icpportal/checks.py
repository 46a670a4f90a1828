"""System checks of the deployment: `manage.py check` runs them, and a server does not start on an error."""

import base64
import binascii
import ipaddress
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

from codes.policy import MAX_CODES_PER_SERVER
from icpportal import mailing

LOCAL_HOSTS = {"localhost", ".localhost", "testserver"}
SHORTEST_AUDIT_KEY = 32


def sqlite_is_immediate(**kwargs: Any) -> list[CheckMessage]:
    """E001: on SQLite the limit of codes holds only when writers queue at BEGIN."""
    database = settings.DATABASES["default"]
    if "sqlite" not in database["ENGINE"]:
        return []
    if database.get("OPTIONS", {}).get("transaction_mode") == "IMMEDIATE":
        return []
    return [
        Error(
            "SQLite transactions do not begin IMMEDIATE: parallel requests would fail.",
            hint='Set OPTIONS["transaction_mode"] = "IMMEDIATE" for the default database.',
            id="icpportal.E001",
        )
    ]


def secret_key_is_set(**kwargs: Any) -> list[CheckMessage]:
    """E002: without DEBUG, SECRET_KEY is the deployment's own."""
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""
    if settings.DEBUG or (key and key != settings.INSECURE_SECRET_KEY):
        return []
    return [
        Error(
            "SECRET_KEY is missing or is the one for development.",
            hint=(
                "Set SECRET_KEY to 50 or more random characters of this deployment's own. "
                'Those that make run made: eval "$(.venv/bin/python -m icpportal.local_env)".'
            ),
            id="icpportal.E002",
        )
    ]


def code_keys_are_set(**kwargs: Any) -> list[CheckMessage]:
    """E003: without DEBUG, CODE_KEYS is given and not the one for development. E004: each key is 32 bytes."""
    keys = settings.CODE_KEYS
    hint = "Set CODE_KEYS to comma-separated keys, newest first, each 32 random bytes in URL-safe base64."
    if not settings.DEBUG and (not keys or settings.INSECURE_CODE_KEY in keys):
        return [Error("CODE_KEYS is missing or is the one for development.", hint=hint, id="icpportal.E003")]
    return [
        Error(f"Key {place} of CODE_KEYS is not 32 bytes in URL-safe base64.", hint=hint, id="icpportal.E004")
        for place, key in enumerate(keys, start=1)
        if not _is_key(key)
    ]


def audit_keys_are_long(**kwargs: Any) -> list[CheckMessage]:
    """E020: a key of the chain of events that can be guessed proves nothing."""
    return [
        Error(
            f"Key {place} of AUDIT_KEYS is shorter than {SHORTEST_AUDIT_KEY} characters.",
            hint="Set AUDIT_KEYS to comma-separated keys, newest first, each of 32 or more random characters.",
            id="icpportal.E020",
        )
        for place, key in enumerate(settings.AUDIT_KEYS, start=1)
        if len(key) < SHORTEST_AUDIT_KEY
    ]


def debug_is_local(**kwargs: Any) -> list[CheckMessage]:
    """W005: DEBUG shows settings and code to whoever reaches the server."""
    distant = [host for host in settings.ALLOWED_HOSTS if not _is_local(host)]
    if not (settings.DEBUG and distant):
        return []
    return [
        Warning(
            f"DEBUG is on while ALLOWED_HOSTS admits {', '.join(distant)}.",
            hint="Unset DEBUG, or leave only localhost in ALLOWED_HOSTS.",
            id="icpportal.W005",
        )
    ]


def time_zone_is_china(**kwargs: Any) -> list[CheckMessage]:
    """E006: times are stored in UTC and shown in China's; Django's own default is America/Chicago."""
    if settings.USE_TZ and settings.TIME_ZONE == "Asia/Shanghai":
        return []
    return [
        Error(
            "The time zone is not Asia/Shanghai.",
            hint='Set TIME_ZONE = "Asia/Shanghai" and USE_TZ = True.',
            id="icpportal.E006",
        )
    ]


def policy_is_possible(**kwargs: Any) -> list[CheckMessage]:
    """E007, E008: the limit (FAQ 2) is 1 to what the database admits; the term (FAQ 4.1) a month or more."""
    found: list[CheckMessage] = []
    if not 1 <= settings.CODES_PER_SERVER <= MAX_CODES_PER_SERVER:
        found.append(
            Error(
                f"CODES_PER_SERVER is {settings.CODES_PER_SERVER}; it must be 1 to {MAX_CODES_PER_SERVER}.",
                hint="For more, first make a migration in codes that widens the CHECK constraint on "
                "AuthorizationCode.slot (BETWEEN 1 AND 5), and raise MAX_CODES_PER_SERVER with it.",
                id="icpportal.E007",
            )
        )
    if settings.MIN_PREPAID_MONTHS < 1:
        found.append(
            Error(
                f"MIN_PREPAID_MONTHS is {settings.MIN_PREPAID_MONTHS}; it must be 1 or more.",
                hint="Unset MIN_PREPAID_MONTHS for 3 months.",
                id="icpportal.E008",
            )
        )
    return found


def mail_is_set(**kwargs: Any) -> list[CheckMessage]:
    """W009: without a mail server there are no notices and no password resets; links in notices need an address.

    For `check --deploy` alone: a desk may do without mail, and is not reminded of it by each command.
    """
    missing = mailing.missing()
    if settings.DEBUG or not missing:
        return []
    return [
        Warning(
            f"{' and '.join(missing)} not set: no notices are sent, and passwords cannot be reset by mail.",
            hint="Set EMAIL_URL=smtp+tls://user:password@host:587 and SITE_URL=https://desk.example.com.",
            id="icpportal.W009",
        )
    ]


ALL = (
    sqlite_is_immediate,
    secret_key_is_set,
    code_keys_are_set,
    audit_keys_are_long,
    debug_is_local,
    time_zone_is_china,
    policy_is_possible,
    mail_is_set,
)


def register_all() -> None:
    """Make `manage.py check` and every command that checks run ours, `check --deploy` all of them."""
    for check in ALL:
        checks.register(check, deploy=check is mail_is_set)


def refuse_start_on_errors() -> None:
    """Raises ImproperlyConfigured that names every error: a WSGI server runs no checks by itself."""
    errors: Sequence[CheckMessage] = [message for check in ALL for message in check() if message.level >= checks.ERROR]
    if errors:
        raise ImproperlyConfigured("The desk does not start.\n" + "\n".join(str(error) for error in errors))


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _is_local(host: str) -> bool:
    if host in LOCAL_HOSTS:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
