"""A rule, and what is said of one object by it: the outcome of each rule, and the report of all.

Every face shows these: the texts come from the rule, the value found from the object, in the language of the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from django.db.models import Model, Q
from django.utils.translation import get_language

from icpportal.sentences import StrPromise

M = TypeVar("M", bound=Model)
T = TypeVar("T")
Language: TypeAlias = str | None  # None: Django's translations are off
Said: TypeAlias = Mapping[str, str]
MOST_TEXTS = 1_000  # of one rule that are kept: in two languages, for each number of months


class PolicyValues(Protocol):
    """The policy, as far as the engine needs to know it: values that texts may name."""

    def as_dict(self) -> dict[str, int | bool]: ...


@dataclass(frozen=True, kw_only=True)
class Rule(Generic[M]):
    """One condition. `code` is stable: in the API, in filters, in events and in addresses.

    The texts may name policy values and whatever `values` gives; `found` is the fact as seen, of the annotated object,
    for whom is told in `language`, which is that of the moment: to ask for it costs more than most facts.
    `reads` names the attributes that these two read, where objects hardly differ in them: what was said of one is kept
    and said of the next. An `alone` rule that fails is the only one that fails: nothing else is judged. Nor does a rule
    judge an object to which it does not `apply`: there it passes.
    """

    code: str
    faq: str
    title: StrPromise
    explanation: StrPromise
    remedy: StrPromise
    found: Callable[[M, Language], object]
    passes: Callable[[datetime, Any], Q]
    values: Callable[[M, Any], Mapping[str, object]] = lambda subject, policy: {}
    reads: tuple[str, ...] = ()
    applies: Callable[[M], bool] | None = None
    alone: bool = False
    _texts: dict[Any, tuple[str, str, str]] = field(default_factory=dict, compare=False, repr=False)
    _said: dict[Any, Said] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def annotation(self) -> str:
        """The name of the boolean that tells whether the rule passes."""
        return f"passes_{self.code}"

    def said(self, subject: M, policy: PolicyValues, language: Language) -> Said:
        """All that is said of `subject`, in `language`, which is that of the moment: texts by name, as in the API."""
        if not self.reads:
            return self._say(subject, policy, language)
        key = (language, policy, self._read(subject))
        if (said := self._said.get(key)) is None:
            said = _keep(self._said, key, self._say(subject, policy, language))
        return said

    def texts(self, subject: M, policy: PolicyValues, language: Language) -> tuple[str, str, str]:
        """Title, explanation and remedy; few differ, so what was rendered is kept."""
        values = self.values(subject, policy)
        key = (language, policy, *values.values())
        if (texts := self._texts.get(key)) is None:
            named = {**policy.as_dict(), **values}
            texts = str(self.title % named), str(self.explanation % named), str(self.remedy % named)
            _keep(self._texts, key, texts)
        return texts

    def _say(self, subject: M, policy: PolicyValues, language: Language) -> Said:
        title, explanation, remedy = self.texts(subject, policy, language)
        return {
            "code": self.code,
            "faq": self.faq,
            "title": title,
            "found": str(self.found(subject, language)),
            "explanation": explanation,
            "remedy": remedy,
        }

    @cached_property
    def _read(self) -> Callable[[M], object]:
        return attrgetter(*self.reads)


def _keep(kept: dict[Any, T], key: object, said: T) -> T:
    if len(kept) >= MOST_TEXTS:
        kept.clear()
    kept[key] = said
    return said


@dataclass(slots=True)  # not frozen, which makes it cost three times as much: a page has hundreds
class Outcome(Generic[M]):
    """What a rule says of one object, with the value found. Texts are rendered in the language of the moment."""

    rule: Rule[M]
    passed: bool
    subject: M
    policy: PolicyValues
    judged: bool = True  # False where the rule does not apply, or beside an `alone` one that fails: it counts as passed

    @property
    def code(self) -> str:
        return self.rule.code

    @property
    def faq(self) -> str:
        return self.rule.faq

    @property
    def title(self) -> str:
        return self.texts[0]

    @property
    def explanation(self) -> str:
        return self.texts[1]

    @property
    def remedy(self) -> str:
        return self.texts[2]

    @property
    def found(self) -> str:
        return str(self.rule.found(self.subject, get_language()))

    @property
    def texts(self) -> tuple[str, str, str]:
        """Title, explanation and remedy."""
        return self.rule.texts(self.subject, self.policy, get_language())

    def said(self, language: Language) -> Said:
        """What the rule says of the object in `language`, which is that of the moment."""
        return self.rule.said(self.subject, self.policy, language)


@dataclass(frozen=True, kw_only=True)
class Report(Generic[M]):
    """Every rule's outcome for one object at `now`, in FAQ order. `subject` carries the facts that were judged."""

    subject: M
    outcomes: list[Outcome[M]]
    notes: list[str]
    policy: Any
    now: datetime

    @cached_property
    def failed(self) -> list[Outcome[M]]:
        return [outcome for outcome in self.outcomes if not outcome.passed]

    @property
    def passed(self) -> bool:
        return not self.failed

    @property
    def failed_codes(self) -> list[str]:
        return [outcome.code for outcome in self.failed]
