"""Typed values from the environment.

Each function raises ImproperlyConfigured, naming the variable and what would be right, when the value is
malformed. An empty value counts as unset. A message never repeats a value that may be secret.
"""

import os
import re

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true"}
_FALSE = {"0", "false"}


def text(name: str, default: str = "") -> str:
    """The value without surrounding blanks."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """True for 1 or true, False for 0 or false, in any case."""
    value = text(name).lower()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be 1, true, 0 or false, not {value!r}.")
    return value in _TRUE


def number(name: str, *, default: int) -> int:
    """A whole number from 0."""
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit()):
        raise ImproperlyConfigured(f"{name} must be a whole number from 0, not {value!r}.")
    return int(value)


def words(name: str) -> list[str]:
    """The parts between commas, without blanks and empty parts."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def address(name: str, *, default: str) -> str:
    """An http or https address without path, with no slash at the end."""
    value = text(name, default).rstrip("/")
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+", value):
        raise ImproperlyConfigured(f"{name} must look like https://desk.example.com, not {value!r}.")
    return value


def choice(name: str, *, default: str, choices: tuple[str, ...]) -> str:
    """One of the choices, in any case."""
    value = text(name, default).upper()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def rates(name: str, *, default: dict[str, int]) -> dict[str, int]:
    """Calls a minute by name, as in calls=6000,unknown_codes=60. A name left out keeps its default."""
    found = dict(default)
    for word in words(name):
        key, _, value = word.partition("=")
        if key not in default or not (value.isascii() and value.isdigit()) or int(value) < 1:
            raise ImproperlyConfigured(
                f"{name} must look like {','.join(f'{k}={v}' for k, v in default.items())} "
                f"with whole numbers from 1 (calls a minute); {word!r} does not."
            )
        found[key] = int(value)
    return found
