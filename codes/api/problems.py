"""The domain's refusals as problems: `code` is the first that fails, `failed` lists all, in the FAQ's order."""

from __future__ import annotations

from typing import Any

from django.utils.functional import lazy
from django.utils.translation import get_language, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from codes.choices import FilingState, State
from codes.eligibility import GENERATION
from codes.errors import (
    CodeNotFound,
    CodeRefused,
    FilingEnded,
    NotEligible,
    OrderConflict,
    ReasonRequired,
    TransitionRefused,
    ValueInText,
)
from codes.messages import CODE_VALUE, ORDER_CONFLICT
from codes.policy import Policy
from codes.reports import Report, Rule
from codes.validity import VALIDITY
from icpportal.api.documentation import EXAMPLES
from icpportal.api.problems import Kind, Problem, declare, invalid, problem_of
from icpportal.sentences import StrPromise
from servers.choices import BillingMode, ServerState

BEGIN_REFUSALS = tuple(rule.code for rule in VALIDITY.rules)


def failed_payloads(report: Report[Any]) -> list[dict[str, Any]]:
    """The conditions that fail, each with the value found, in the language of the moment."""
    language = get_language()
    return [dict(outcome.said(language)) for outcome in report.failed]


@problem_of.register
def _not_eligible(error: NotEligible) -> Problem:
    return Problem("not_eligible", failed=failed_payloads(error.report), notes=list(error.report.notes))


@problem_of.register
def _code_refused(error: CodeRefused) -> Problem:
    return Problem(error.report.failed_codes[0], failed=failed_payloads(error.report))


@problem_of.register
def _transition(error: TransitionRefused) -> Problem:
    rule: Rule[Any] = VALIDITY[f"code_{error.state}"]
    failed = {
        "code": rule.code,
        "faq": rule.faq,
        "title": str(rule.title),
        "found": str(State(error.state).label),
        "explanation": str(error.explanation),
        "remedy": str(rule.remedy),
    }
    return Problem(rule.code, error.explanation, failed=[failed])


@problem_of.register
def _filing_ended(error: FilingEnded) -> Problem:
    completed = error.state == FilingState.COMPLETED
    return Problem("filing_completed" if completed else "filing_abandoned")


@problem_of.register
def _order_conflict(error: OrderConflict) -> Problem:
    return Problem("order_conflict")


@problem_of.register
def _code_not_found(error: CodeNotFound) -> Problem:
    return Problem("code_not_found")


@problem_of.register
def _reason(error: ReasonRequired) -> Problem:
    return invalid("reason", "required", _("Give a reason."))


@problem_of.register
def _value(error: ValueInText) -> Problem:
    return invalid(error.field, "code_value", CODE_VALUE)


def _of_rule(rule: Rule[Any], title: StrPromise = "") -> Kind:
    return Kind(rule.code, 409, title or _worded(rule.title), _worded(rule.explanation))


def _worded(text: StrPromise, **values: object) -> StrPromise:
    """With the policy's values, in the language of the answer and not of the start."""
    return lazy(lambda: str(text % {**Policy.current().as_dict(), **values}), str)()


declare(
    Kind(
        "not_eligible",
        409,
        _("The server may not generate a code"),
        _("Conditions fail: see `failed`, each with the value found and the remedy."),
    ),
    *(_of_rule(rule) for rule in GENERATION.rules),
    _of_rule(GENERATION["server_terminated"], _("The server is terminated")),
    *(
        _of_rule(VALIDITY[code], title)
        for code, title in (
            ("code_used", _("The code is used")),
            ("code_in_use", _("The code is in use")),
            ("code_withdrawn", _("The code is withdrawn")),
            ("code_expired", _("The code has expired")),
            ("code_invalid", _("The code is invalid")),
            ("not_authorized_account", _("The code is meant for another account")),
        )
    ),
    Kind("code_not_found", 404, _("Code not found"), _("No code that the client may see has this value.")),
    Kind("order_conflict", 409, _("Order conflict"), ORDER_CONFLICT),
    Kind("filing_completed", 409, _("The filing is completed"), _("A completed filing is final (FAQ 5.2).")),
    Kind("filing_abandoned", 409, _("The filing is abandoned"), _("An abandoned filing is final: begin a new one.")),
)


def _example(rule: Rule[Any], found: StrPromise, **values: object) -> dict[str, Any]:
    """The members of a refusal for this rule alone, where it found this."""
    texts = {name: _worded(getattr(rule, name), **values) for name in ("title", "explanation", "remedy")}
    return {"failed": [{"code": rule.code, "faq": rule.faq, **texts, "found": found}], "notes": []}


_FOUND: dict[str, StrPromise] = {
    "code_used": State.USED.label,
    "code_in_use": State.IN_USE.label,
    "code_withdrawn": State.WITHDRAWN.label,
    "code_expired": "30 Apr 2026, 16:00",
    "code_invalid": BillingMode.PAY_AS_YOU_GO.label,
    "not_authorized_account": "100012345678",
}
_MONTHS = ngettext_lazy("%(months)d month", "%(months)d months", "months")
EXAMPLES["not_eligible"] = _example(GENERATION["prepaid_term_too_short"], _worded(_MONTHS, months=2), missing=1)
EXAMPLES["server_terminated"] = _example(GENERATION["server_terminated"], ServerState.TERMINATED.label)
for _code in BEGIN_REFUSALS:
    EXAMPLES[_code] = _example(VALIDITY[_code], _FOUND[_code])
