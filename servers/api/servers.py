"""Servers and their eligibility; the provisioning feed and the provider's responses."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from codes import services, values
from codes.api.problems import failed_payloads
from codes.api.reports import report_payload
from codes.choices import Channel
from codes.eligibility import GENERATION
from codes.policy import Policy
from codes.reports import Report
from icpportal.api.answers import address, answer
from icpportal.api.documentation import describe
from icpportal.api.endpoint import READERS, Call, Endpoint
from icpportal.api.kept_lists import KeptList
from icpportal.api.models import Scope
from icpportal.api.pagination import page, page_of
from icpportal.api.parsing import MIB
from icpportal.api.problems import Problem, not_found
from servers.api import schema
from servers.api.accounts import FEED, named_account
from servers.api.payloads import Payload, server_payloads, server_rows, tally_payload
from servers.api.problems import refuse_value
from servers.api.serializers import InventoryInput, ServerInput, server_facts
from servers.choices import FeedKind
from servers.filters import ServerFilterSet
from servers.inventory.apply import ServerTerminated, StaleVersion, apply_inventory, put_server
from servers.inventory.runs import record_import, record_put, record_stale
from servers.inventory.tencent import Inventory
from servers.inventory.writing import Observer
from servers.models import Server

_OF_CODES = {Scope.CODES_READ, Scope.CODES_GENERATE}
SERVERS, INVENTORY = "servers", "inventory"


def recorder(call: Call) -> Observer:
    """Records what changed, as done by the client."""
    return partial(services.record_server_changes, actor=call.client, channel=Channel.API, now=call.now)


def shown(call: Call, instance_id: str) -> Payload:
    """The server as it is now. Raises Problem not_found, also for another's."""
    rows = server_rows(call.own(Server.objects.filter(instance_id=instance_id), "account"))
    found = server_payloads(rows, now=call.now)
    if not found:
        raise not_found()
    return found[0]


def report_of(call: Call, instance_id: str) -> Report[Server]:
    """The server's report. Raises Problem not_found, also for another's."""
    where: dict[str, object] = {"instance_id": instance_id}
    if call.client.account_id is not None:
        where["account_id"] = call.client.account_id
    reports = GENERATION.reports_where(Server, where, now=call.now)
    if not reports:
        raise not_found()
    return reports[0]


_SERVERS = KeptList(
    Server,
    lambda servers, now: server_rows(servers),  # their own facts are the same at any moment
    owner="account",
    filterset=ServerFilterSet,
    basis=Policy.current,
)


class ServerList(Endpoint):
    """Every server that the client may see."""

    scopes = {"GET": READERS}
    filterset = ServerFilterSet
    paged = True

    @describe(
        summary=_("List servers"),
        tag=SERVERS,
        text=_("The newest first."),
        response=schema.ServerPage,
        example={"next": None, "previous": None, "results": [schema.SERVER_EXAMPLE]},
    )
    def get(self, call: Call) -> HttpResponse:
        if isinstance(call.filters, ServerFilterSet):
            call.filters.knows_codes = not _OF_CODES.isdisjoint(call.client.scopes)
        render = partial(server_payloads, now=call.now)
        if not call.place.counted:
            return page_of(call, _SERVERS.fetch(call), render)
        servers = call.filtered(call.own(Server.objects.all(), "account"))
        return page(call, server_rows(servers), render)


class ServerDetail(Endpoint):
    """One server's facts."""

    scopes = {"GET": READERS, "PUT": FEED}
    bodies = {"PUT": ServerInput}

    @describe(summary=_("Show a server"), tag=SERVERS, response=schema.ServerShown, example=schema.SERVER_EXAMPLE)
    def get(self, call: Call, instance_id: str) -> HttpResponse:
        return answer(shown(call, instance_id))

    @describe(
        summary=_("Create or replace a server"),
        tag=SERVERS,
        text=_(
            "Whole replacement: an IP left out is released, an address that is live elsewhere moves here, another "
            "`account` transfers the server with its codes. `version` only rises; the same again changes nothing."
        ),
        response=schema.ServerShown,
        statuses={201: _("Created"), 200: _("Replaced or unchanged")},
        refusals=("stale_version", "version_conflict", "server_terminated"),
        request_example=schema.BODY_EXAMPLE,
        example=schema.SERVER_EXAMPLE,
    )
    def put(self, call: Call, instance_id: str) -> HttpResponse:
        refuse_value("instance_id", instance_id)
        account, actor = named_account(call), f"client:{call.client.name}"
        try:
            _server, result = put_server(
                server_facts(instance_id, call.data),
                account=account,
                version=call.data["version"],
                only_of=call.client.account,
                now=call.now,
                observer=recorder(call),
            )
        except StaleVersion:
            record_stale(account=account, actor=actor, now=call.now)
            raise
        except ServerTerminated as error:
            failed = failed_payloads(report_of(call, instance_id))
            raise Problem("server_terminated", failed=failed, notes=[]) from error
        record_put(result, account=account, actor=actor, now=call.now)
        is_new = result == "created"
        location = address("server", instance_id) if is_new else ""
        return answer(shown(call, instance_id), status=201 if is_new else 200, location=location)


class ServerEligibility(Endpoint):
    """May this server generate a code (FAQ 4)."""

    scopes = {"GET": READERS}

    @describe(
        summary=_("Check a server"),
        tag=SERVERS,
        text=_("Every condition, passed or not, with the value found and the remedy."),
        response=schema.ReportShown,
        example=schema.REPORT_EXAMPLE,
    )
    def get(self, call: Call, instance_id: str) -> HttpResponse:
        return answer(report_payload(report_of(call, instance_id)))


class TencentInventory(Endpoint):
    """The provider's own responses, unchanged."""

    scopes = {"POST": FEED}
    bodies = {"POST": InventoryInput}
    body_limit = 16 * MIB

    @describe(
        summary=_("Import the provider's responses"),
        tag=INVENTORY,
        text=_(
            "DescribeInstances, DescribeAddresses and DescribeLoadBalancers (API 3.0), pages and kinds mixed. Rows "
            "that cannot be taken in are named in `rejected`; the others go in. One call takes 16 MiB and at most "
            "100,000 rows. A name that carries a code value is replaced by `ICP-…`. With `complete`, servers of the "
            "account (and `region`) that are missing become terminated."
        ),
        response=schema.Imported,
        refusals=("incomplete",),
        request_example=schema.INVENTORY_EXAMPLE,
        example={"created": 1, "updated": 0, "unchanged": 0, "rejected": []},
    )
    def post(self, call: Call) -> HttpResponse:
        account = named_account(call)
        tally = apply_inventory(
            Inventory(call.data["responses"], is_secret=values.stands_in),
            account=account,
            region=call.data["region"] or None,
            complete=call.data.get("complete", False),
            now=call.now,
            observer=recorder(call),
        )
        actor = f"client:{call.client.name}"
        record_import(tally, account=account, kind=FeedKind.INVENTORY, actor=actor, now=call.now)
        return answer(tally_payload(tally))
