"""Support requests: who may do what in which state, the reference that people quote, the report that is sent along.

As codes/lifecycle.py is for codes: a table, and the texts of each action where it is declared.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from codes.choices import SupportAction, SupportState
from codes.eligibility import GENERATION
from codes.models import AuthorizationCode, SupportRequest
from codes.reports import Report, Rule
from codes.validity import VALIDITY
from codes.values import ALIKE, ALPHABET
from icpportal.sentences import StrPromise
from servers.models import Server

MAX_OPEN = 20  # requests of an account that wait for us at a time
MAX_MESSAGES = 100  # messages in one request after which a customer opens another
MAX_TEXT = 4000  # characters of a message
ANSWER = "answer_supportrequest"  # the agents' permission, app codes

_PREFIX = "SR"
_PARTS = (4, 2)
_REFERENCE = re.compile(r"(?<![0-9A-Z])SR[\s-]{0,3}([0-9A-Z]{4})[\s-]{0,3}([0-9A-Z]{2})(?![0-9A-Z-])")
_CLOSED = _("Closed: a new message from the customer reopens it.")


def mint_reference() -> str:
    """A new one, SR-4W7K-29: six random characters for reading aloud. It opens nothing; it only names."""
    return "-".join([_PREFIX, *("".join(secrets.choice(ALPHABET) for _ in range(length)) for length in _PARTS)])


def references(text: str) -> list[str]:
    """Every reference that stands in `text`, in its usual form: case, spaces, O for 0, I and L for 1 are forgiven."""
    found = ("-".join([_PREFIX, *match.groups()]) for match in _REFERENCE.finditer(text.upper()))
    usual = (f"{_PREFIX}{reference[2:].translate(ALIKE)}" for reference in found)
    return list(dict.fromkeys(usual))


@dataclass(frozen=True, kw_only=True)
class SupportTransition:
    """One action on a request. `target` is the state after it; `effect` says in one sentence what happens."""

    action: SupportAction
    sources: frozenset[SupportState]
    target: SupportState
    effect: StrPromise
    why_not: Mapping[SupportState, StrPromise] = field(default_factory=dict)

    def allows(self, state: str) -> bool:
        """Whether a request in this state can take the action."""
        return state in self.sources

    def refusal(self, state: str) -> StrPromise:
        """Why a request in this state cannot: a sentence for people; "" when it can."""
        return "" if self.allows(state) else self.why_not[SupportState(state)]


_OPEN, _TAKEN, _ANSWERED = SupportState.OPEN, SupportState.TAKEN, SupportState.ANSWERED
_TRANSITIONS = (
    SupportTransition(
        action=SupportAction.TAKE,
        sources=frozenset({_OPEN, _TAKEN}),
        target=_TAKEN,
        effect=_("The others see that you are dealing with it."),
        why_not={_ANSWERED: _("It is answered: nobody waits."), SupportState.CLOSED: _CLOSED},
    ),
    SupportTransition(
        action=SupportAction.ANSWER,
        sources=frozenset({_OPEN, _TAKEN, _ANSWERED}),
        target=_ANSWERED,
        effect=_("The customer reads the answer on the page of the request."),
        why_not={SupportState.CLOSED: _CLOSED},
    ),
    SupportTransition(
        action=SupportAction.CLOSE,
        sources=frozenset({_OPEN, _TAKEN, _ANSWERED}),
        target=SupportState.CLOSED,
        effect=_("It leaves the queue. The customer can still read it; a new message reopens it."),
        why_not={SupportState.CLOSED: _("It is closed already.")},
    ),
    SupportTransition(
        action=SupportAction.FOLLOW_UP,
        sources=frozenset(SupportState),
        target=_OPEN,
        effect=_("Customer service reads it and answers here."),
    ),
)
SUPPORT: Mapping[SupportAction, SupportTransition] = {each.action: each for each in _TRANSITIONS}


def report_of(server: Server | None, code: AuthorizationCode | None, *, now: datetime) -> Report[Any] | None:
    """The report that a question about the code, else about the server, is sent along with; None about neither."""
    if code is not None:
        return VALIDITY.report(code, now=now)
    return GENERATION.report(server, now=now) if server is not None else None


def kept(report: Report[Any]) -> list[dict[str, Any]]:
    """The report as it is kept: codes and what was found, by language: who answers may read another. No sentences."""
    rows: list[dict[str, Any]] = [
        {"code": each.code, "passed": each.passed, "judged": each.judged, "found": {}} for each in report.outcomes
    ]
    for language, _name in settings.LANGUAGES:
        with override(language):
            for row, outcome in zip(rows, report.outcomes, strict=True):
                row["found"][language] = outcome.found
    return rows


@dataclass(frozen=True, kw_only=True)
class KeptOutcome:
    """What a condition said then: the shape that a report's outcomes have, without a remedy."""

    code: str
    faq: str
    title: str
    passed: bool
    found: str
    remedy: str = ""
    judged: bool = True


@dataclass(frozen=True, kw_only=True)
class KeptReport:
    """A request's report as it was, in FAQ order; titles in the language of the moment, with the policy of then."""

    outcomes: Sequence[KeptOutcome]

    @property
    def failed(self) -> list[KeptOutcome]:
        return [outcome for outcome in self.outcomes if not outcome.passed]


def report_then(request: SupportRequest) -> KeptReport:
    """The report that was sent along. A rule that is no more is named by its code."""
    values = {**GENERATION.policy().as_dict(), **request.policy}
    alone = any(not each["passed"] and each["code"] in _ALONE for each in request.report)
    return KeptReport(outcomes=[_outcome(each, values, alone=alone) for each in request.report])


def _outcome(each: Mapping[str, Any], values: Mapping[str, Any], *, alone: bool) -> KeptOutcome:
    rule = _RULES.get(each["code"])
    return KeptOutcome(
        code=each["code"],
        faq=rule.faq if rule else "",
        title=str(rule.title % values) if rule else each["code"],
        passed=each["passed"],
        found=_found(each["found"]),
        judged=each.get("judged", not (alone and each["passed"])),  # older requests kept no such word
    )


def _found(kept: str | Mapping[str, str]) -> str:
    """In the language of the moment; older requests kept one language alone."""
    return kept if isinstance(kept, str) else kept.get(get_language() or "") or kept[settings.LANGUAGE_CODE]


_ALL: tuple[Rule[Any], ...] = (*GENERATION.rules, *VALIDITY.rules)
_RULES: Mapping[str, Rule[Any]] = {rule.code: rule for rule in _ALL}
_ALONE = {rule.code for rule in _ALL if rule.alone}
