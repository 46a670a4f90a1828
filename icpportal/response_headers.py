"""Headers of ours on every answer, put there as Django keeps them: a dozen of them cost more than an empty view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from django.http import HttpResponseBase

Ready: TypeAlias = dict[str, tuple[str, str]]


def ready(headers: Mapping[str, str]) -> Ready:
    """Headers in the form that `add` takes. Nothing is checked: names and values are ASCII, without line breaks."""
    return {name.lower(): (name, value) for name, value in headers.items()}


def add(response: HttpResponseBase, headers: Ready) -> None:
    """Give the answer those that it does not have yet."""
    held: Any = response.headers
    held._store = headers | held._store
