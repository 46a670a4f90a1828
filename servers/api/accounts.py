"""Accounts: their facts, and whether any of an account's servers may generate."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from operator import attrgetter

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from codes.api.reports import report_payload
from codes.eligibility import GENERATION
from codes.first_rows import joining
from codes.policy import Policy
from codes.reports import Report
from codes.standing import any_can
from icpportal.api.answers import address, answer
from icpportal.api.documentation import describe
from icpportal.api.endpoint import READERS, Call, Endpoint
from icpportal.api.models import Scope
from icpportal.api.pagination import Place, beyond, page_of
from icpportal.api.problems import invalid, not_found
from icpportal.prepared import prepared
from servers.api import schema
from servers.api.payloads import account_payload
from servers.api.problems import UNKNOWN_ACCOUNT, refuse_value
from servers.api.serializers import AccountInput
from servers.inventory.apply import put_account
from servers.models import Account, Server

FEED = {Scope.INVENTORY_WRITE}
ACCOUNTS = "accounts"


def account_of(call: Call, uid: str) -> Account:
    """An account that the client may see. Raises Problem not_found."""
    found = _account(uid=uid, owner=call.client.account_id)
    if not found:
        raise not_found()
    return found[0]


@prepared
def _account(*, uid: str, owner: int | None) -> QuerySet[Account]:
    known = Account.objects.filter(uid=uid)
    return known if owner is None else known.filter(pk=owner)


def named_account(call: Call) -> Account:
    """The account that the body names. Raises Problem: invalid, also for one that the client may not see."""
    account = call.own(Account.objects.filter(uid=call.data["account"]), "pk").first()
    if account is None:
        raise invalid("account", "unknown", UNKNOWN_ACCOUNT)
    return account


class AccountDetail(Endpoint):
    """One account."""

    scopes = {"GET": READERS, "PUT": FEED}
    bodies = {"PUT": AccountInput}

    @describe(summary=_("Show an account"), tag=ACCOUNTS, response=schema.AccountShown, example=schema.ACCOUNT_EXAMPLE)
    def get(self, call: Call, uid: str) -> HttpResponse:
        return answer(account_payload(account_of(call, uid), now=call.now))

    @describe(
        summary=_("Create or replace an account"),
        tag=ACCOUNTS,
        text=_("Replaces name and e-mail addresses of an account that is known."),
        response=schema.AccountShown,
        statuses={201: _("Created"), 200: _("Replaced")},
        request_example={"name": "Qingshan Trading", "emails": ["it@example.com"]},
        example=schema.ACCOUNT_EXAMPLE,
    )
    def put(self, call: Call, uid: str) -> HttpResponse:
        refuse_value("uid", uid)
        if call.account_uid not in (None, uid):
            raise not_found()
        account, is_new = put_account(uid, name=call.data["name"], emails=call.data.get("emails", []))
        location = address("account", uid) if is_new else ""
        return answer(account_payload(account, now=call.now), status=201 if is_new else 200, location=location)


@prepared
def _judged(shape: Place, policy: Policy, *, account: int, after: int | None, now: datetime) -> QuerySet[Server]:
    """The account's servers on a page, judged by `policy`, which is the current one."""
    judged = GENERATION.annotate(joining(Server.objects.filter(account=account)), now=now)
    told = judged.select_related(None).select_related("region")  # of the account itself nothing is told
    return beyond(told, replace(shape, pk=after))


def _page_of_reports(call: Call, account: Account) -> list[Report[Server]]:
    shape = replace(call.place, pk=None, counted=False)
    judged = _judged(shape, Policy.current(), account=account.pk, after=call.place.pk, now=call.now)
    return GENERATION.reports_of(judged, now=call.now)


class AccountEligibility(Endpoint):
    """Whether any server of the account may generate, and the reports of all, page by page (FAQ 7)."""

    scopes = {"GET": READERS}
    paged = True

    @describe(
        summary=_("Check an account's servers"),
        tag=ACCOUNTS,
        text=_("`outcome` is of the whole account, not of the page: `no_associated_cvm` is FAQ 7."),
        response=schema.AccountReport,
        example={"next": None, "previous": None, "outcome": "eligible", "servers": [schema.REPORT_EXAMPLE]},
    )
    def get(self, call: Call, uid: str) -> HttpResponse:
        account = account_of(call, uid)
        counted = {"count": account.servers.count()} if call.place.counted else {}
        reports = _page_of_reports(call, account)
        more = {**counted, "outcome": _outcome(account, reports, now=call.now)}
        return page_of(
            call, reports, partial(map, report_payload), key=attrgetter("subject.pk"), results="servers", **more
        )


def _outcome(account: Account, reports: list[Report[Server]], *, now: datetime) -> str:
    """The account's (FAQ 7), which the reports of the page may tell already."""
    if any(report.passed for report in reports) or any_can(account, now=now):
        return "eligible"
    return "no_associated_cvm" if reports or account.servers.exists() else "no_server"
