"""Django's handler of WSGI calls, for which no request is too broken to be answered by the middleware."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest


class Request(WSGIRequest):
    """Beside a charset, Django's reads the query while it is made, and nobody answers what that raises."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        with suppress(TooManyFieldsSent):  # whoever needs the query hears of it
            super()._set_content_type_params(meta)  # type: ignore[misc]


class Application(WSGIHandler):
    """What the server calls."""

    request_class = Request
