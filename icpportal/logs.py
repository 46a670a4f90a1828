"""Log records as one line of JSON each, with the id of the request that they belong to, and without secrets.

Nothing of ours logs a code's value or a token. Whatever else might, as an address that somebody pasted one into, is
masked here, before it is written anywhere.
"""

import json
import logging
import re
from datetime import UTC, datetime

from icpportal import context

_LETTER, _GAP = "[0-9A-Za-z]", r"(?:[-\s_+.]|%20|%2D|\\xa0)?"
_GROUP = _LETTER + "{5}"
# Also mistyped values, those of rotated codes, and values without their prefix: whatever has the shape.
_VALUE = re.compile(rf"(?<!{_LETTER})(?:ICP{_GAP})?{_GROUP}(?:{_GAP}{_GROUP}){{4}}(?!{_LETTER})", re.IGNORECASE)
_TOKEN = re.compile(r"\b(icp|whsec)_[\w+/=-]{8,}|\b(Bearer)\s+[^\s'\"]+", re.IGNORECASE)
MASKED_VALUE, MASKED = "ICP-…", "…"
_LONGEST = 200  # characters of what Django says of a refusal: it repeats what came in


def redact(text: str) -> str:
    """The text without anything that has the shape of a code's value, an API token or a webhook's secret.

    A word of 25 letters would go too: in a log nobody misses it.
    """
    text = _TOKEN.sub(lambda found: f"{found[1] or found[2]}_{MASKED}" if found[1] else f"{found[2]} {MASKED}", text)
    return _VALUE.sub(MASKED_VALUE, text)


class Refusals(logging.Filter):
    """What Django refuses as suspicious, such as a foreign Host header, is a caller's fault: one short warning."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes; these lose rank, traceback and what is long of the caller's own."""
        if record.name.startswith("django.security."):
            record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
            record.msg, record.args = record.getMessage()[:_LONGEST], ()
        return True


class LineFormatter(logging.Formatter):
    """time (UTC), level, logger, message, request_id and, after an exception, its traceback; redacted."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON; line breaks inside it are escaped."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if current := _request_id(record):
            line["request_id"] = redact(current)
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def _request_id(record: logging.LogRecord) -> str:
    """Of the request under way, or of the one that was just answered: Django logs refusals after its middleware."""
    known: str = context.request_id.get() or getattr(getattr(record, "request", None), "request_id", "")
    return known
