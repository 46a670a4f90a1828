"""Codes: listed, shown, edited, revealed, withdrawn, verified."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from codes import services
from codes.api import schema
from codes.api.filings import usable_by
from codes.api.generation import TAG
from codes.api.payloads import Payload, code_payload, code_payloads, code_rows
from codes.api.problems import failed_payloads
from codes.api.serializers import EditInput, ReasonInput, VerifyInput
from codes.choices import Channel
from codes.errors import CodeNotFound
from codes.filters import CodeFilterSet
from codes.models import AuthorizationCode
from codes.reports import Report
from codes.validity import VALIDITY, FiledBy, expires_at
from codes.values import digests, normalise
from icpportal.api.answers import answer
from icpportal.api.documentation import describe
from icpportal.api.endpoint import Call, Endpoint
from icpportal.api.fields import iso
from icpportal.api.kept_lists import KeptList
from icpportal.api.models import Scope
from icpportal.api.pagination import page, page_of
from icpportal.api.problems import not_found

_READ = {Scope.CODES_READ, Scope.CODES_GENERATE}
OWNER = "server__account"


def one(call: Call, pk: int) -> AuthorizationCode:
    """A code of the client's. Raises Problem not_found, also for another's."""
    code = call.own(AuthorizationCode.objects.filter(pk=pk), OWNER).first()
    if code is None:
        raise not_found()
    return code


def shown(call: Call, pk: int) -> Payload:
    """The code as it is now. Raises Problem not_found, also for another's."""
    row = code_rows(call.own(AuthorizationCode.objects.filter(pk=pk), OWNER), now=call.now).first()
    if row is None:
        raise not_found()
    return code_payload(row)


_CODES = KeptList(AuthorizationCode, code_rows, owner=OWNER, filterset=CodeFilterSet)


class CodeList(Endpoint):
    """Every code that the client may see."""

    scopes = {"GET": _READ}
    filterset = CodeFilterSet
    paged = True

    @describe(
        summary=_("List codes"),
        tag=TAG,
        text=_("Codes are masked, the newest first."),
        response=schema.CodePage,
        example={"next": None, "previous": None, "results": [schema.CODE_EXAMPLE]},
    )
    def get(self, call: Call) -> HttpResponse:
        if not call.place.counted:
            return page_of(call, _CODES.fetch(call), code_payloads)
        codes = call.filtered(call.own(AuthorizationCode.objects.all(), OWNER))
        return page(call, code_rows(codes, now=call.now), code_payloads)


class CodeDetail(Endpoint):
    """One code."""

    scopes = {"GET": _READ, "PATCH": {Scope.CODES_GENERATE}}
    bodies = {"PATCH": EditInput}

    @describe(
        summary=_("Show a code"),
        tag=TAG,
        text=_("The code is masked."),
        response=schema.CodeShown,
        example=schema.CODE_EXAMPLE,
    )
    def get(self, call: Call, pk: int) -> HttpResponse:
        return answer(shown(call, pk))

    @describe(
        summary=_("Edit a code"),
        tag=TAG,
        text=_("`authorized_account` is frozen once the code is in use, used or withdrawn; `remark` never is."),
        response=schema.CodeShown,
        refusals=("code_in_use", "code_used", "code_withdrawn"),
        request_example={"remark": "Web shop"},
        example=schema.CODE_EXAMPLE,
    )
    def patch(self, call: Call, pk: int) -> HttpResponse:
        code = one(call, pk)
        services.annotate(
            code,
            remark=call.data.get("remark"),
            authorized_account=call.data.get("authorized_account"),
            actor=call.client,
            channel=Channel.API,
            now=call.now,
        )
        return answer(shown(call, pk))


class Reveal(Endpoint):
    """A code's value."""

    scopes = {"POST": {Scope.CODES_GENERATE}}

    @describe(
        summary=_("Reveal a code's value"),
        tag=TAG,
        text=_("Each reveal is recorded as an event."),
        response=schema.Value,
        example={"value": schema.VALUE_EXAMPLE},
    )
    def post(self, call: Call, pk: int) -> HttpResponse:
        value = services.reveal(one(call, pk), actor=call.client, channel=Channel.API, now=call.now)
        return answer({"value": value})


class Withdraw(Endpoint):
    """The end of an unused code."""

    scopes = {"POST": {Scope.CODES_GENERATE}}
    bodies = {"POST": ReasonInput}

    @describe(
        summary=_("Withdraw a code"),
        tag=TAG,
        text=_("Withdraws it for good; its slot stays spent. Sent again, the answer is the same."),
        response=schema.CodeShown,
        refusals=("code_in_use", "code_used"),
        request_example={"reason": "Sent to the wrong person"},
        example=schema.CODE_EXAMPLE | {"state": "withdrawn"},
    )
    def post(self, call: Call, pk: int) -> HttpResponse:
        reason = call.data["reason"]
        services.withdraw(one(call, pk), reason=reason, actor=call.client, channel=Channel.API, now=call.now)
        return answer(shown(call, pk))


class Verify(Endpoint):
    """May a filing begin with this code."""

    scopes = {"POST": {Scope.FILINGS_WRITE}}
    bodies = {"POST": VerifyInput}
    guesses_codes = True

    @describe(
        summary=_("Verify a code"),
        tag="filings",
        text=_(
            "Says whether a filing may begin with the code now. Without `account` it is not judged whether the code "
            "names another account."
        ),
        response=schema.Verified,
        refusals=("code_not_found",),
        request_example={"code": schema.VALUE_EXAMPLE, "account": "100012345678"},
        example={
            "usable": True,
            "state": "unused",
            "ip": "203.0.113.7",
            "expires_at": "2026-04-30T08:00:00Z",
            "problems": [],
        },
    )
    def post(self, call: Call) -> HttpResponse:
        reports = self._reports(call, call.data["code"], account=call.data["account"])
        if not reports:
            raise CodeNotFound
        report, code = reports[0], reports[0].subject
        body = {
            "usable": report.passed,
            "state": code.shown_state,  # type: ignore[attr-defined]
            "ip": code.ip.address,
            "expires_at": iso(expires_at(code)),
            "problems": failed_payloads(report),
        }
        return answer(body)

    def _reports(self, call: Call, value: str, *, account: str) -> list[Report[AuthorizationCode]]:
        """The report of the code of this value, if the client may see it; by one kept statement if it sees all."""
        choice = FiledBy(account=account) if account else None
        if call.account_uid is None:
            where = {"digest__in": tuple(digests(normalise(value)))}
            return VALIDITY.reports_where(AuthorizationCode, where, now=call.now, choice=choice)
        known = usable_by(call.account_uid, AuthorizationCode.objects.of_value(value))
        return VALIDITY.reports(known, now=call.now, choice=choice)
