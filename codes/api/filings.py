"""Filings: begun, shown, rejected, completed, abandoned, each by the client whose order it is (FAQ 5)."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from codes import services
from codes.api import schema
from codes.api.payloads import filing_payload
from codes.api.problems import BEGIN_REFUSALS
from codes.api.serializers import BeginInput, CompleteInput, OptionalReasonInput, ReasonInput
from codes.choices import Channel
from codes.errors import CodeNotFound
from codes.models import AuthorizationCode, Filing
from icpportal.api.answers import address, answer
from icpportal.api.documentation import describe
from icpportal.api.endpoint import Call, Endpoint
from icpportal.api.models import Scope
from icpportal.api.problems import not_found

TAG = "filings"
_SCOPES = {"POST": {Scope.FILINGS_WRITE}}


def usable_by(account_uid: str | None, codes: QuerySet[AuthorizationCode]) -> QuerySet[AuthorizationCode]:
    """Those that a client may verify and begin: of one account, what it owns, what names it and what names nobody."""
    if account_uid is None:
        return codes
    return codes.filter(Q(server__account__uid=account_uid) | Q(authorized_account__in=["", account_uid]))


def latest(call: Call, order_number: str) -> Filing:
    """What the order number answers for: the client's own, and the newest. Raises Problem not_found."""
    own = Filing.objects.filter(client=call.client, order_number=order_number)
    filing = own.select_related("code").order_by("-pk").first()
    if filing is None:
        raise not_found()
    return filing


class Begin(Endpoint):
    """A filing takes hold of a code."""

    scopes = _SCOPES
    bodies = {"POST": BeginInput}
    guesses_codes = True

    @describe(
        summary=_("Begin a filing"),
        tag=TAG,
        text=_(
            "Holds the code for the order until it is completed or abandoned. Sent again, the answer is "
            "the same; after a rejection it makes the filing active again."
        ),
        response=schema.FilingShown,
        statuses={201: _("Begun"), 200: _("Already begun")},
        refusals=("code_not_found", "order_conflict", *BEGIN_REFUSALS),
        request_example={
            "code": schema.VALUE_EXAMPLE,
            "order_number": "20260131-0007",
            "domain": "shop.example.cn",
            "account": "100012345678",
        },
        example=schema.FILING_EXAMPLE,
    )
    def post(self, call: Call) -> HttpResponse:
        wanted = call.data
        code = usable_by(call.account_uid, AuthorizationCode.objects.of_value(wanted["code"])).first()
        if code is None:
            raise CodeNotFound
        filing, is_new = services.begin_filing(
            code,
            value=wanted["code"],
            order_number=wanted["order_number"],
            domain=wanted["domain"],
            account=wanted["account"],
            actor=call.client,
            channel=Channel.API,
            now=call.now,
        )
        location = address("filing", filing.order_number) if is_new else ""
        return answer(filing_payload(filing), status=201 if is_new else 200, location=location)


class FilingDetail(Endpoint):
    """One filing."""

    scopes = {"GET": {Scope.FILINGS_WRITE}}

    @describe(summary=_("Show a filing"), tag=TAG, response=schema.FilingShown, example=schema.FILING_EXAMPLE)
    def get(self, call: Call, order_number: str) -> HttpResponse:
        return answer(filing_payload(latest(call, order_number)))


class Reject(Endpoint):
    """The regulator sent it back."""

    scopes = _SCOPES
    bodies = {"POST": ReasonInput}

    @describe(
        summary=_("Record a rejection"),
        tag=TAG,
        text=_("The filing keeps its hold on the code. Sent again, the last reason is kept."),
        response=schema.FilingShown,
        refusals=("filing_completed", "filing_abandoned"),
        request_example={"reason": schema.REJECTED_EXAMPLE["reason"]},
        example=schema.REJECTED_EXAMPLE,
    )
    def post(self, call: Call, order_number: str) -> HttpResponse:
        filing = services.reject_filing(
            latest(call, order_number),
            reason=call.data["reason"],
            actor=call.client,
            channel=Channel.API,
            now=call.now,
        )
        return answer(filing_payload(filing))


class Complete(Endpoint):
    """The filing succeeded."""

    scopes = _SCOPES
    bodies = {"POST": CompleteInput}

    @describe(
        summary=_("Complete a filing"),
        tag=TAG,
        text=_("The code is used for good. With the same number again, the answer is the same."),
        response=schema.FilingShown,
        refusals=("filing_completed", "filing_abandoned"),
        request_example={"icp_number": schema.COMPLETED_EXAMPLE["icp_number"]},
        example=schema.COMPLETED_EXAMPLE,
    )
    def post(self, call: Call, order_number: str) -> HttpResponse:
        filing = services.complete_filing(
            latest(call, order_number),
            icp_number=call.data["icp_number"],
            actor=call.client,
            channel=Channel.API,
            now=call.now,
        )
        return answer(filing_payload(filing))


class Abandon(Endpoint):
    """The filing is given up."""

    scopes = _SCOPES
    bodies = {"POST": OptionalReasonInput}

    @describe(
        summary=_("Abandon a filing"),
        tag=TAG,
        text=_("The code is usable again until it expires. Sent again, the answer is the same."),
        response=schema.FilingShown,
        refusals=("filing_completed",),
        request_example={"reason": schema.ABANDONED_EXAMPLE["reason"]},
        example=schema.ABANDONED_EXAMPLE,
    )
    def post(self, call: Call, order_number: str) -> HttpResponse:
        filing = services.abandon_filing(
            latest(call, order_number),
            reason=call.data["reason"],
            actor=call.client,
            channel=Channel.API,
            now=call.now,
        )
        return answer(filing_payload(filing))
