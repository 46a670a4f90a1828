"""What is true of the request under way, wherever it is needed: its id, for logs and for events."""

import secrets
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """The id of a request that brought none."""
    return secrets.token_hex(16)
