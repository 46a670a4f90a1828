"""Static files, by WhiteNoise, straight from where they lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.http import Http404
from whitenoise import middleware as whitenoise  # type: ignore[import-untyped]
from whitenoise.responders import MissingFileError  # type: ignore[import-untyped]


class _AsItIs:
    """A static file as it is when somebody asks for it.

    WhiteNoise notes lengths at the start. Once a release is laid over the one that runs, it would promise more than
    there is, which its reader waits for, or cut off the rest.
    """

    def __init__(self, look: Callable[[], Any]) -> None:
        self._look = look

    def get_response(self, method: str, headers: Mapping[str, str]) -> Any:
        """WhiteNoise's answer. Raises Http404 for one that is gone."""
        try:
            return self._look().get_response(method, headers)
        except (MissingFileError, FileNotFoundError) as gone:
            raise Http404 from gone


class WhiteNoiseMiddleware(whitenoise.WhiteNoiseMiddleware):  # type: ignore[misc]
    """Static files."""

    def get_static_file(self, path: str, url: str, stat_cache: object = None) -> _AsItIs:
        """What answers for `url`; called for each file at the start."""
        return _AsItIs(partial(super().get_static_file, path, url))
