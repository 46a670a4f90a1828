"""Generating codes, one or many (FAQ 1, 2 and 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from codes import services
from codes.api import schema
from codes.api.payloads import Payload, issued_payload
from codes.api.serializers import GenerateInput, GenerateManyInput
from codes.choices import Channel
from icpportal.api import problems
from icpportal.api.answers import address, answer
from icpportal.api.documentation import describe
from icpportal.api.endpoint import Call, Endpoint
from icpportal.api.models import Scope
from icpportal.api.problems import invalid, not_found
from servers.models import IPAddress, Server

TAG = "codes"
_UNAVAILABLE = problems.KINDS["unavailable"]
NOT_HELD = _("The server does not hold this IP.")


class Holding:
    """Servers by instance ID that the client may see, and the IP assignments that stand on them."""

    def __init__(self, call: Call, names: list[str]) -> None:
        held = IPAddress.objects.on_server().filter(server__instance_id__in=names).select_related("server__account")
        self.ips = list(call.own(held, "server__account"))
        self.servers = {ip.server.instance_id: ip.server for ip in self.ips}
        missing = [name for name in names if name not in self.servers]
        if missing:
            bare: QuerySet[Server] = call.own(Server.objects.filter(instance_id__in=missing), "account")
            self.servers |= {server.instance_id: server for server in bare.select_related("account")}

    def ip(self, server: Server, text: str) -> IPAddress | None:
        """The assignment of address `text`, None for the default. Raises Problem when the server does not hold it."""
        if not text:
            return None
        for ip in self.ips:
            if ip.server_id == server.pk and ip.address == text:
                return ip
        raise invalid("ip", "not_held", NOT_HELD)


def generate(call: Call, holding: Holding, instance_id: str, wanted: Mapping[str, Any]) -> list[Payload]:
    """Generate for one server, all or none. Raises Problem, and what services.generate raises."""
    server = holding.servers.get(instance_id)
    if server is None:
        raise not_found()
    return _issue(call, server, holding.ip(server, wanted["ip"]), wanted)


def _issue(
    call: Call, server: Server | services.Named, ip: IPAddress | None, wanted: Mapping[str, Any]
) -> list[Payload]:
    issued = services.generate(
        server,
        count=wanted.get("count", 1),
        ip=ip,
        remark=wanted["remark"],
        authorized_account=wanted["authorized_account"],
        actor=call.client,
        channel=Channel.API,
        now=call.now,
    )
    return [issued_payload(each) for each in issued]


class Generate(Endpoint):
    """Codes of one server."""

    scopes = {"POST": {Scope.CODES_GENERATE}}
    bodies = {"POST": GenerateInput}

    @describe(
        summary=_("Generate a code"),
        tag=TAG,
        text=_("For the server's default IP, or for `ip`. Only this answer and that of reveal hold the value."),
        response=schema.CodeIssued,
        statuses={201: _("The new code, with its value")},
        refusals=("not_eligible",),
        request_example={"remark": "Web shop", "authorized_account": "100087654321"},
        example=schema.ISSUED_EXAMPLE,
    )
    def post(self, call: Call, instance_id: str) -> HttpResponse:
        if call.data["ip"]:
            code = generate(call, Holding(call, [instance_id]), instance_id, call.data)[0]
        else:
            code = self._at_once(call, instance_id)
        return answer(code, status=201, location=address("code", code["id"]))

    def _at_once(self, call: Call, instance_id: str) -> Payload:
        """For the default IP the lock itself looks the server up."""
        named = services.Named(instance_id, call.client.account_id)
        try:
            return _issue(call, named, None, call.data)[0]
        except Server.DoesNotExist:
            raise not_found() from None


class GenerateMany(Endpoint):
    """Codes of many servers."""

    scopes = {"POST": {Scope.CODES_GENERATE}}
    bodies = {"POST": GenerateManyInput}

    @describe(
        summary=_("Generate codes for many servers"),
        tag=TAG,
        text=_("Each item succeeds or fails whole, on its own. Results stand in the order of the items."),
        response=schema.GeneratedMany,
        request_example={"items": [{"instance_id": "ins-1a2b3c4d", "count": 2}]},
        example={"results": [{"instance_id": "ins-1a2b3c4d", "codes": [schema.ISSUED_EXAMPLE]}]},
    )
    def post(self, call: Call) -> HttpResponse:
        items = call.data["items"]
        holding = Holding(call, list({item["instance_id"] for item in items}))
        results: dict[int, Payload] = {}
        for place in sorted(range(len(items)), key=lambda place: _lock_order(holding, items[place])):
            if any(result.get("status") == _UNAVAILABLE.status for result in results.values()):
                # One lock was waited for in vain: not for a hundred more.
                results[place] = _refused(call, items[place], problems.unavailable())
            else:
                results[place] = _result(call, holding, items[place])
        return answer({"results": [results[place] for place in range(len(items))]})


def _lock_order(holding: Holding, item: Mapping[str, Any]) -> int:
    # Under an Idempotency-Key one transaction holds all locks: everybody takes them in this order.
    server = holding.servers.get(item["instance_id"])
    return server.pk if server else 0


def _result(call: Call, holding: Holding, item: Mapping[str, Any]) -> Payload:
    name = item["instance_id"]
    try:
        return {"instance_id": name, "codes": generate(call, holding, name, item)}
    except Exception as error:
        problem = problems.problem_of(error)
        if problem.kind.status >= 500 and call.is_kept:
            raise  # nothing is kept of the whole request, which can be repeated
        return _refused(call, item, problem)


def _refused(call: Call, item: Mapping[str, Any], problem: problems.Problem) -> Payload:
    return {"instance_id": item["instance_id"], **problems.body_of(problem, call.request_id)}
