"""A receiver on 127.0.0.1, for tests of webhooks: keeps what it gets and answers as it is told."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)["data"]


@dataclass
class Receiver:
    """`answer` decides on each request; it gets the request and how many came before it."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], int | Reply] = lambda got: 204

    def events(self, key: str = "type") -> list[Any]:
        return [each.event[key] for each in self.got]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A running receiver; stopped afterwards."""
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            told.got.append(got)
            reply = told.answer(got)
            status, headers, text = (reply, {}, b"") if isinstance(reply, int) else reply
            self.send_response_only(status)  # without a Date of its own
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
