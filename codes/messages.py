"""Refusals in words: the one place where what the domain raises becomes sentences, for customers and for the desk.

A rule says what has to hold; here stands what is wrong when it does not. Texts are rendered in the language of the
moment and carry no code value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, override

from codes.choices import Action, FilingState, State
from codes.errors import (
    CodeNotFound,
    CodeRefused,
    FilingEnded,
    HeldSince,
    NotEligible,
    OrderConflict,
    OutOfReach,
    ReasonRequired,
    Refused,
    SupportRefused,
    TextUnfit,
    TooManyMessages,
    TooManyRequests,
    TransitionRefused,
    ValueInText,
)
from codes.lifecycle import TRANSITIONS
from codes.reports import Outcome, Report
from icpportal import sentences
from icpportal.sentences import StrPromise

# What is wrong, by refusal code, naming the value `found` and the policy.
SENTENCES: Mapping[str, StrPromise] = {
    "not_prepaid": _("The server is not prepaid: %(found)s."),
    "prepaid_term_too_short": ngettext_lazy(
        "Prepaid for %(found)s in total; at least %(min_prepaid_months)d is needed.",
        "Prepaid for %(found)s in total; at least %(min_prepaid_months)d are needed.",
        "min_prepaid_months",
    ),
    "not_mainland": _("The server is not in mainland China: %(found)s."),
    "region_unknown": _("It is not recorded yet whether %(found)s is in mainland China."),
    "public_ip_not_assigned": _("“Assign a public IP” was not selected at purchase."),
    "no_live_public_ip": _("The server has no public IP now: %(found)s."),
    "elastic_ip": _("This IP does not qualify: %(found)s."),
    "code_limit_reached": _("No code is left: %(found)s."),
    "clb_ip": _("This IP does not qualify: %(found)s."),
    "server_expired": _("The server expired on %(found)s."),
    "server_isolated": _("The server is in the recycle bin. %(found)s."),
    "server_terminated": _("The server is gone for good. %(found)s."),
    "code_used": _("The code is used: its filing succeeded."),
    "code_in_use": _("The code is in use: a filing holds it."),
    "code_withdrawn": _("The code is withdrawn."),
    "code_expired": _("The code expired: %(found)s."),
    "code_invalid": _("The code is invalid: %(found)s."),
    "not_authorized_account": _("The code names another account than the one that files: %(found)s."),
}

# Why a server was refused in a few words, by refusal code, naming the policy: for rows, counts and filters.
_REASONS: Mapping[str, StrPromise] = {
    "not_prepaid": _("Not prepaid"),
    "prepaid_term_too_short": ngettext_lazy(
        "Prepaid term under %(min_prepaid_months)d month",
        "Prepaid term under %(min_prepaid_months)d months",
        "min_prepaid_months",
    ),
    "not_mainland": _("Not in mainland China"),
    "region_unknown": _("Region not classified"),
    "public_ip_not_assigned": _("Public IP not assigned at purchase"),
    "no_live_public_ip": _("No public IP on the server"),
    "elastic_ip": _("Elastic IP"),
    "code_limit_reached": ngettext_lazy(
        "The only code generated", "All %(codes_per_server)d codes generated", "codes_per_server"
    ),
    "clb_ip": _("CLB IP"),
    "server_expired": _("Server expired"),
    "server_isolated": _("Server isolated"),
    "server_terminated": _("Server terminated"),
}

# What a code's owner can do about a state that refuses; agents and API clients read codes/lifecycle.py's own words.
_OWNERS_WAY: Mapping[State, StrPromise] = {
    State.IN_USE: _(
        "A filing holds it. Abandon that filing in the filing platform first, or ask customer service to reset "
        "the code."
    ),
}

HELD_SINCE = _("Another filing has begun since this was asked: look at that one first.")

_OVER: Mapping[FilingState, StrPromise] = {
    FilingState.COMPLETED: _("The filing is completed; it can no longer change."),
    FilingState.ABANDONED: _("The filing is abandoned; it can be begun again with the same order number."),
}

CODE_VALUE = _("This text contains a code value or a token, which is never stored: take it out.")
NO_FILING_NEEDED = _("In Hong Kong, China, no ICP filing is needed (FAQ 7).")  # the note filing_not_required
ORDER_CONFLICT = _("This order number is already filed with another code, domain or account.")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One failed condition as people read it: what is wrong, what to do, which FAQ entry says so and why."""

    code: str
    faq: str
    sentence: str
    remedy: str
    explanation: str

    def __str__(self) -> str:
        """What is wrong and what to do, in one line."""
        quoted = [_("(FAQ %(faq)s)") % {"faq": self.faq}] if self.faq else []
        return sentences.join([self.sentence, self.remedy, *quoted])


def refusals(report: Report[Any]) -> list[Refusal]:
    """All failed conditions of a report, in FAQ order."""
    return [_refusal(outcome) for outcome in report.failed]


def sentence(code: str, found: str, policy: Mapping[str, object]) -> str:
    """What was wrong, as it was `found` under `policy`. A condition that is no more is named by its code."""
    return str(SENTENCES[code] % {**policy, "found": found}) if code in SENTENCES else code


def reason(code: str, policy: Mapping[str, object]) -> str:
    """Why a server was refused, in a few words."""
    return str(_REASONS[code] % policy) if code in _REASONS else code


def cannot_generate(report: Report[Any]) -> str:
    """The verdict on a server that fails, with the count."""
    text = ngettext_lazy(
        "No code can be generated: %(failed)d of %(all)d conditions fails",
        "No code can be generated: %(failed)d of %(all)d conditions fail",
        "failed",
    )
    return str(text % {"failed": len(report.failed), "all": len(report.outcomes)})


def refusal_for_owner(action: Action, state: str) -> str:
    """Why a code in this stored state cannot take the action, and what its owner can do; "" when it can."""
    transition = TRANSITIONS[action]
    return "" if transition.allows(state) else str(_OWNERS_WAY.get(State(state), transition.refusal(state)))


def explain_to_owner(error: TransitionRefused) -> str:
    """As `explain`, with what the code's owner can do."""
    return _not_possible(error.action.label, refusal_for_owner(error.action, error.state))


def explain(error: Refused) -> str:
    """Why the services refused, for people; with every failed condition and its remedy where there is a report."""
    match error:
        case NotEligible():
            return _listed(f"{cannot_generate(error.report)}{sentences.stop()}", error.report)
        case CodeRefused():
            return _listed(str(_("The code cannot begin a filing.")), error.report)
        case TransitionRefused():
            return _not_possible(error.action.label, error.explanation)
        case HeldSince():
            return str(HELD_SINCE)
        case ReasonRequired():
            return _action(_("“%(action)s” needs a reason."), error.action.label)
        case FilingEnded():
            return str(_OVER[error.state])
        case OrderConflict():
            return str(ORDER_CONFLICT)
        case CodeNotFound():
            return str(_("There is no such code, or it has been given a new value since."))
        case ValueInText():
            return str(CODE_VALUE)
        case OutOfReach():
            return str(error.beyond.label)
        case SupportRefused():
            return _not_possible(error.action.label, error.explanation)
        case TextUnfit():
            return str(_("Write at least a word and at most %(limit)d characters.") % {"limit": error.limit})
        case TooManyRequests():
            text = _("%(limit)d requests of this account are already waiting for an answer: write in one of those.")
            return str(text % {"limit": error.limit})
        case TooManyMessages():
            text = _("You have written %(limit)d messages in this request: open another.")
            return str(text % {"limit": error.limit})
    raise TypeError(f"No words for {type(error).__name__}")


def in_every_language(error: Refused) -> dict[str, str]:
    """The same by language, for what is kept and read by others, where the action goes without saying."""
    said = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            said[language] = str(error.explanation) if isinstance(error, TransitionRefused) else explain(error)
    return said


def _refusal(outcome: Outcome[Any]) -> Refusal:
    return Refusal(
        code=outcome.code,
        faq=outcome.faq,
        sentence=sentence(outcome.code, outcome.found, outcome.policy.as_dict()),
        remedy=outcome.remedy,
        explanation=outcome.explanation,
    )


def _listed(headline: str, report: Report[Any]) -> str:
    return sentences.join([headline, *refusals(report)])


def _not_possible(action: object, why: StrPromise) -> str:
    return sentences.join([_action(_("“%(action)s” is not possible."), action), why])


def _action(text: StrPromise, action: object) -> str:
    return str(text % {"action": action})
