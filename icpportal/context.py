"""What is true of the request under way, wherever it is needed: its id, for logs and for events."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
