"""What gunicorn itself logs, in the form of all other lines and without what came in: see gunicorn.conf.py."""

from __future__ import annotations

import logging
import re
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from icpportal.logs import LineFormatter

# "Invalid request from ip=198.51.100.7: Invalid HTTP header name: 'Cookie …'": what follows may be any secret.
_REFUSED = re.compile(r"(Invalid request from ip=[^ ]*: [^:'\"]*)")


class ServerLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own, as one line of JSON a record, redacted; of a refused request only why."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn with its configuration, and again when that is reloaded."""
        super().setup(cfg)
        for handler in [each for each in self.error_log.handlers if getattr(each, "_gunicorn", False)]:
            handler.setFormatter(LineFormatter())
            handler.addFilter(_without_what_came_in)
            handler.addFilter(_without_stalled)


def _without_stalled(record: logging.LogRecord) -> bool:
    """A client that stopped in the middle of a request (icpportal/workers.py) is no fault of ours."""
    return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError))


def _without_what_came_in(record: logging.LogRecord) -> bool:
    refused = _REFUSED.match(record.getMessage())
    if refused:
        record.msg, record.args = refused[1], ()
    return True
