"""A server on this machine that speaks the provider's API (3.0, JSON, TC3 signatures) to its real SDK."""

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from tests.servers.feeding import instance

SECRET_ID, SECRET_KEY, TOKEN = "AKIDfortests0123456789", "keyfortests0123456789", "tokenfortests0123456789"
ACCOUNT = "100012345678"
LISTS = {
    "DescribeInstances": "InstanceSet",
    "DescribeAddresses": "AddressSet",
    "DescribeLoadBalancers": "LoadBalancerSet",
}
Reply = Callable[["_Handler"], None]


class ProviderAPI:
    """What the provider holds, (action, region) → rows, and odd replies that are given before the right ones."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.account = ACCOUNT
        self.regions = ["ap-guangzhou"]
        self.rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.odd: dict[tuple[str, str], deque[Reply]] = {}
        self.before: Callable[[str, str, dict[str, Any]], None] = lambda action, region, parameters: None
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.signatures: set[str] = set()
        self.requests = 0  # of any method, well-formed or not
        self.token = ""
        self.malformed = "InvalidInstanceId.Malformed"  # for a name that no instance can have
        self.hides_missing = False  # InvalidInstanceId.NotFound for a name that is gone
        self.may_answer = Event()  # what `slow` waits for

    def has(self, *rows: dict[str, Any], action: str = "DescribeInstances", region: str = "ap-guangzhou") -> None:
        """These are the rows now."""
        self.rows[action, region] = list(rows)

    def replies(self, *odd: Reply, action: str = "DescribeInstances", region: str = "ap-guangzhou") -> None:
        """Give these replies first, one a call."""
        self.odd[action, region] = deque(odd)

    def answer(self, action: str, region: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The right one, without the envelope."""
        if action == "GetCallerIdentity":
            return {"AccountId": self.account, "Type": "CAMUser"}
        if action == "DescribeRegions":
            rows = [{"Region": name, "RegionName": name, "RegionState": "AVAILABLE"} for name in self.regions]
            return {"TotalCount": len(rows), "RegionSet": rows}
        rows = self.rows.get((action, region), [])
        if "InstanceIds" in parameters:
            if not all(name.startswith("ins-") for name in parameters["InstanceIds"]):
                return {"Error": {"Code": self.malformed, "Message": "An instance ID is malformed."}}
            rows = [row for row in rows if row["InstanceId"] in parameters["InstanceIds"]]
            if self.hides_missing and len(rows) < len(parameters["InstanceIds"]):
                return {"Error": {"Code": "InvalidInstanceId.NotFound", "Message": "An instance was not found."}}
        page = rows[parameters.get("Offset", 0) :][: parameters.get("Limit", 20)]
        return {"TotalCount": len(rows), LISTS[action]: page}

    def offsets(self, action: str = "DescribeInstances", region: str = "ap-guangzhou") -> list[int]:
        """Which pages were asked for."""
        return [
            parameters["Offset"]
            for name, where, parameters in self.calls
            if (name, where) == (action, region) and "Offset" in parameters
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ProviderAPI

    def parse_request(self) -> bool:
        self.api.requests += 1
        return super().parse_request()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        action, region = self.headers["X-TC-Action"], self.headers["X-TC-Region"]
        parameters = json.loads(body)
        self.api.calls.append((action, region, parameters))
        self.api.signatures.add(self.headers["Authorization"])
        if wrong := self._refusal(body):
            error(*wrong)(self)
            return
        if odd := self.api.odd.get((action, region)):
            odd.popleft()(self)
            return
        self.api.before(action, region, parameters)
        self.give({"Response": self.api.answer(action, region, parameters) | {"RequestId": "r-1"}})

    def _refusal(self, body: bytes) -> tuple[str, str] | None:
        if SECRET_ID not in self.headers["Authorization"]:
            return "AuthFailure.SecretIdNotFound", f"The SecretId is not found: {self.headers['Authorization']}"
        if self.headers.get("X-TC-Token", "") != self.api.token:
            return "AuthFailure.TokenFailure", f"The token is wrong: {self.headers.get('X-TC-Token')}"
        if not self.headers["Authorization"].endswith(f"Signature={self._signature(body)}"):
            return "AuthFailure.SignatureFailure", f"The signature of {SECRET_ID} is wrong."
        return None

    def _signature(self, body: bytes) -> str:
        """As the provider documents it (TC3-HMAC-SHA256)."""
        scope = self.headers["Authorization"].split("Credential=")[1].split(",")[0].partition("/")[2]
        day, service, _end = scope.split("/")
        moment = self.headers["X-TC-Timestamp"]
        assert day == datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%d")
        head = f"content-type:{self.headers['Content-Type']}\nhost:{self.headers['Host']}\n"
        request = f"POST\n/\n\n{head}\ncontent-type;host\n{hashlib.sha256(body).hexdigest()}"
        key = f"TC3{SECRET_KEY}".encode()
        for part in (day, service, "tc3_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = f"TC3-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        return hmac.digest(key, text.encode(), "sha256").hex()

    def give(self, answer: object, *, status: int = 200, cut: int = 0, **headers: str) -> None:
        """Send an answer, all but its last `cut` bytes; what is no text goes as JSON."""
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        for name, value in ({"Content_Type": "application/json"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])
        self.close_connection = bool(cut)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def error(code: str, message: str = "", **headers: str) -> Reply:
    """The API's own error, which comes with the status 200."""
    body = {"Response": {"Error": {"Code": code, "Message": message}, "RequestId": "r-1"}}
    return lambda handler: handler.give(body, **headers)


def raw(answer: object, *, status: int = 200, cut: int = 0, **headers: str) -> Reply:
    """Any answer at all."""
    return lambda handler: handler.give(answer, status=status, cut=cut, **headers)


def slow(handler: _Handler) -> None:
    """No answer until the test is over."""
    handler.api.may_answer.wait(20)
    handler.close_connection = True


@contextmanager
def provider_api() -> Iterator[ProviderAPI]:
    """The API on a free port of this machine."""

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    Handler.api = api = ProviderAPI(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        api.may_answer.set()
        server.shutdown()
        thread.join()
        server.socket.close()


def many(count: int, start: int = 0) -> list[dict[str, Any]]:
    """So many instances without addresses: ins-000, ins-001, …"""
    return [instance(f"ins-{number:03}", PublicIpAddresses=[]) for number in range(start, start + count)]
