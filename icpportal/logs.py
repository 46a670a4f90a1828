"""Log records as one line of JSON each, with the id of the request that they belong to."""

import json
import logging
from datetime import UTC, datetime

from icpportal import context


class LineFormatter(logging.Formatter):
    """time (UTC), level, logger, message, request_id and, after an exception, its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON; line breaks inside it are escaped."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := context.request_id.get():
            line["request_id"] = current
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
