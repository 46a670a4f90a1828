"""What gunicorn logs by itself: a line of JSON, without secrets, and of what it refuses only why."""

import json
import logging
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import InvalidHeaderName, InvalidRequestLine, LimitRequestHeaders

from icpportal.gunicorn_log import ServerLogger

CONFIG = Path(__file__).resolve().parent.parent / "gunicorn.conf.py"


@pytest.fixture
def server_log(tmp_path: Path) -> Iterator[ServerLogger]:
    config = Config()
    config.set("logger_class", runpy.run_path(str(CONFIG))["logger_class"])
    config.set("errorlog", str(tmp_path / "log"))
    log = config.logger_class(config)
    yield log
    for handler in [each for each in log.error_log.handlers if isinstance(each, logging.FileHandler)]:
        log.error_log.removeHandler(handler)
        handler.close()


def line(folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / "log").read_text())
    return found


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidHeaderName("Cookie sessionid=k3jd8s"), "Invalid HTTP header name"),
        (InvalidHeaderName("Authorization Bearer icp_0123456789abcdef"), "Invalid HTTP header name"),
        (InvalidRequestLine("GET /?q='k3jd8s HTTP"), "Invalid HTTP request line"),
        (LimitRequestHeaders("limit request headers fields size"), "limit request headers fields size"),
    ],
)
def test_of_a_refused_request_only_why_is_logged(
    server_log: ServerLogger, tmp_path: Path, error: Exception, said: str
) -> None:
    server_log.warning(f"Invalid request from ip=2001:db8::1: {error}")
    assert line(tmp_path)["message"] == f"Invalid request from ip=2001:db8::1: {said}"


def test_secrets_in_other_lines_are_masked(server_log: ServerLogger, tmp_path: Path) -> None:
    try:
        raise RuntimeError("icp_0123456789abcdef")
    except RuntimeError:
        server_log.exception("Error handling request %s %s", "GET", "/codes/ICP-7Q4KD-AAAAA-BBBBB-CCCCC-DDDDD/")
    logged = line(tmp_path)
    assert (logged["message"], logged["logger"]) == ("Error handling request GET /codes/ICP-…/", "gunicorn.error")
    assert "icp_…" in logged["exception"] and "0123456789" not in logged["exception"]


def test_a_client_that_stopped_is_not_logged_as_a_fault(server_log: ServerLogger, tmp_path: Path) -> None:
    for error in (BlockingIOError(), OSError("disk")):
        try:
            raise error
        except OSError:
            server_log.exception("Socket error processing request.")
    assert "disk" in line(tmp_path)["exception"]


def test_requests_are_not_logged(server_log: ServerLogger) -> None:
    assert not server_log.access_log_enabled
