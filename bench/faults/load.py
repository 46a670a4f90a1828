"""Clients that work while things break, and remember what they were promised."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

CLIENTS = 8
PATIENCE = 60  # seconds after the end for which a client repeats an unanswered call


@dataclass
class Promises:
    """What the service acknowledged, and how it answered. `codes` by id, filings by order number."""

    answers: Counter[str] = field(default_factory=Counter)
    codes: dict[int, str] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    unanswered: int = 0
    successes: list[float] = field(default_factory=list)
    slowest: float = 0.0

    def back_after(self, moment: float) -> float | None:
        """Seconds from `moment` to the next success; None when there was none."""
        later = [at for at in self.successes if at >= moment]
        return min(later) - moment if later else None


class Client(threading.Thread):
    """One after another: a code, its filing begun, its filing completed; now and then a code of everybody's server."""

    def __init__(self, number: int, *, port: int, token: str, servers: list[str], run: str, until: threading.Event):
        super().__init__(daemon=True)
        self.promises = Promises()
        self._number, self._port, self._run, self._until = number, port, run, until
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._own, self._shared = servers[number + 1 :: CLIENTS], servers[0]
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Work until told to stop; what was begun is repeated until it is answered."""
        for turn in count():
            if self._until.is_set():
                return
            key = f"{self._run}-{self._number}-{turn}"
            server = self._shared if turn % 10 == 9 else self._own[turn // 4 % len(self._own)]
            code = self._insist(f"servers/{server}/codes/", {}, f"{key}-g")
            if code is None or "id" not in code:
                continue
            self.promises.codes[code["id"]] = server
            begin = {"code": code["value"], "order_number": key, "domain": "a.example.cn"}
            if self._insist("filings/", begin, f"{key}-b"):
                self.promises.begun.add(key)
            if self._insist(f"filings/{key}/complete/", {"icp_number": "粤ICP备2026018842号"}, f"{key}-c"):
                self.promises.completed.add(key)

    def _insist(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        """The answer's body, an empty one for a refusal; None when no answer was to be had."""
        last = None
        while last is None or time.monotonic() < last + PATIENCE:
            status, answer = self._call(path, body, key)
            if status in (200, 201):
                self.promises.successes.append(time.monotonic())
                return answer
            if status == 409 and answer.get("code") != "request_in_progress":
                return {}
            if self._until.is_set() and last is None:
                last = time.monotonic()
            time.sleep(0.02)
        self.promises.unanswered += 1
        return None

    def _call(self, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        began = time.monotonic()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            headers = {**self._headers, "Idempotency-Key": key}
            self._connection.request("POST", f"/api/v1/{path}", json.dumps(body).encode(), headers)
            response = self._connection.getresponse()
            status, answer = response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            self._connection, status, answer = None, 0, {}
        self.promises.answers[str(status or "cut")] += 1
        self.promises.slowest = max(self.promises.slowest, time.monotonic() - began)
        return status, answer


@contextmanager
def load(*, port: int, token: str, servers: list[str], run: str) -> Iterator[Promises]:
    """Clients at work inside the block; the promises are complete after it."""
    until, whole = threading.Event(), Promises()
    clients = [Client(n, port=port, token=token, servers=servers, run=run, until=until) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield whole
    finally:
        until.set()
        for client in clients:
            client.join()
            each = client.promises
            whole.answers += each.answers
            whole.codes |= each.codes
            whole.begun |= each.begun
            whole.completed |= each.completed
            whole.successes += each.successes
            whole.unanswered += each.unanswered
            whole.slowest = max(whole.slowest, each.slowest)
