"""The engine: a rule is a named SQL condition, and everything that is said about one object is the bulk query's answer.

A RuleSet annotates a queryset with one boolean a rule. The report of one object is that query narrowed to its primary
key, a list filter is the same condition, so that no two faces can disagree. Knows nothing of servers or codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import repeat
from operator import attrgetter
from typing import Any, Generic

from django.db.models import BooleanField, Case, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import BaseExpression

from codes.first_rows import joining
from codes.reports import M, Outcome, Report, Rule
from icpportal.prepared import Kept, filled, prepared
from icpportal.statements import Asked

CHOSEN = "chosen__"  # leads the names of what was chosen, beside those of look-ups


@dataclass(frozen=True, kw_only=True)
class RuleSet(Generic[M]):
    """Rules over one model, in FAQ order.

    `facts` gives the annotations that rules and texts read: of `now`, the policy and the `choice` that is judged
    (which IP, how many codes, which account), None when nothing was chosen. `notes` names what stands beside a
    failure without being a rule.
    """

    rules: tuple[Rule[M], ...]
    policy: Callable[[], Any]
    facts: Callable[[datetime, Any, Any], Mapping[str, Any]]
    related: tuple[str, ...] = ()
    notes: Callable[[M, list[str]], list[str]] = lambda subject, failed: []

    def annotate(self, objects: QuerySet[M], *, now: datetime, choice: object = None) -> QuerySet[M]:
        """The same objects with their facts and one boolean a rule.

        Who reads every fact gives objects that are `joining` (codes/first_rows.py); who filters by booleans does not.
        """
        policy = self.policy()
        booleans, facts = self._booleans(now, policy), self.facts(now, policy, choice)
        annotated: QuerySet[M] = objects.annotate(**facts).annotate(**booleans).select_related(*self.related)
        return annotated

    def reports(self, objects: QuerySet[M], *, now: datetime, choice: object = None) -> list[Report[M]]:
        """A report for each object, in the queryset's order, by one query."""
        return self.reports_of(self.annotate(joining(objects), now=now, choice=choice), now=now)

    def reports_of(self, annotated: Iterable[M], *, now: datetime) -> list[Report[M]]:
        """The reports of objects that `annotate` has judged at the same `now`, in their order, without a query."""
        policy = self.policy()
        return [self._report(subject, policy, now) for subject in annotated]

    def report(self, subject: M, *, now: datetime, choice: object = None) -> Report[M]:
        """The report of one object: the bulk query narrowed to it, so it sees the database and not `subject`."""
        return self.reports_where(type(subject), {"pk": subject.pk}, now=now, choice=choice)[0]

    def page_reports(self, subjects: Sequence[M], *, now: datetime) -> list[Report[M]]:
        """A report for each of a page of objects, in their order, by one query that is compiled once."""
        if not subjects:
            return []
        pks = [each.pk for each in subjects]
        found = self.reports_where(type(subjects[0]), {"pk__in": filled(pks)}, now=now)
        by_pk = {report.subject.pk: report for report in found}
        return [by_pk[pk] for pk in pks]

    def reports_where(
        self,
        model: type[M],
        where: Mapping[str, Any],
        *,
        now: datetime,
        choice: Any = None,
        beside: Callable[[QuerySet[M]], QuerySet[M]] | None = None,
        first: Asked | None = None,
    ) -> list[Report[M]]:
        """As `reports`, of the objects that match `where` (look-ups and values, or tuples of values).

        The same query as in bulk, compiled once for each set of look-ups: for the few that are asked all the time.
        `beside` adds what else is read in the same statement. `first`, a lock, is taken before in the same round trip;
        nothing is judged where it finds nothing.
        """
        policy = self.policy()
        chosen = {} if choice is None else {f"{CHOSEN}{name}": value for name, value in vars(choice).items()}
        kind = None if choice is None else type(choice)
        found = self._matching.after(first, policy, model, kind, beside, now=now, **where, **chosen)
        return [self._report(subject, policy, now) for subject in found]

    @cached_property
    def _matching(self) -> Kept[..., M]:
        """The judged objects, by a statement for each policy (the current one), model, kind of choice and `beside`."""

        def build(policy: Any, model: type[M], kind: Any, beside: Any, *, now: datetime, **values: Any) -> QuerySet[M]:
            where = {name: value for name, value in values.items() if not name.startswith(CHOSEN)}
            chosen = {name.removeprefix(CHOSEN): value for name, value in values.items() if name not in where}
            objects = joining(model._default_manager.filter(**where))
            judged = self.annotate(objects, now=now, choice=kind and kind(**chosen))
            return beside(judged) if beside else judged

        return prepared(build)

    def any_passes(self, model: type[M], where: Mapping[str, Any], *, now: datetime) -> bool:
        """Whether every rule passes of one object at least that matches `where`, by a statement that is kept."""
        return bool(self._one_passing(self.policy(), model, now=now, **where))

    @cached_property
    def _one_passing(self) -> Kept[..., Any]:
        def build(policy: Any, model: type[M], *, now: datetime, **where: Any) -> QuerySet[Any, Any]:
            return self.passing(model._default_manager.filter(**where), now=now).values_list("pk")[:1]

        return prepared(build)

    def passing(self, objects: QuerySet[M], *, now: datetime) -> QuerySet[M]:
        """Those of which every rule passes."""
        return self._where(objects, Q(*((rule.annotation, True) for rule in self._cheapest_first(now))), now)

    def failing(self, objects: QuerySet[M], *, now: datetime, code: str | None = None) -> QuerySet[M]:
        """Those of which the rule `code` fails, or any when no code is given. Raises KeyError for an unknown code."""
        failed = self[code].annotation if code else None
        names = [failed] if failed else [rule.annotation for rule in self.rules]
        return self._where(objects, Q(*((name, False) for name in names), _connector=Q.OR), now)

    def _where(self, objects: QuerySet[M], judged: Q, now: datetime) -> QuerySet[M]:
        """Those of which `judged` holds, a condition on the rules' booleans.

        As one expression: of twelve the database would expect that hardly a row meets them all, and sort a whole
        account for a page instead of reading on until the page is full.
        """
        policy = self.policy()
        facts, booleans = self.facts(now, policy, None), self._booleans(now, policy)
        known: QuerySet[M] = objects.alias(**facts).alias(**booleans)
        return known.filter(Case(When(judged, then=Value(True)), default=Value(False), output_field=BooleanField()))

    def _cheapest_first(self, now: datetime) -> list[Rule[M]]:
        """The rules that read columns, then those that look the fewest facts up: conditions are tried in this order."""
        policy = self.policy()
        costly = {name for name, fact in self.facts(now, policy, None).items() if _has_subquery(fact)}
        return sorted(self.rules, key=lambda rule: len(rule.passes(now, policy).referenced_base_fields & costly))

    def _booleans(self, now: datetime, policy: Any) -> dict[str, Case]:
        return {rule.annotation: self._judge(rule, now, policy) for rule in self.rules}

    def __getitem__(self, code: str) -> Rule[M]:
        return {rule.code: rule for rule in self.rules}[code]

    def _judge(self, rule: Rule[M], now: datetime, policy: Any) -> Case:
        # A bare Q would be NULL for NULL facts, and such rows would neither pass nor fail.
        passes = self.condition(rule, now, policy)
        return Case(When(passes, then=Value(True)), default=Value(False), output_field=BooleanField())

    def condition(self, rule: Rule[M], now: datetime, policy: Any) -> Q:
        """The rule's condition; where an alone rule fails, the others are not judged and pass."""
        passes = rule.passes(now, policy)
        if not rule.alone:
            for lone in self._alone():
                passes = passes | ~lone.passes(now, policy)
        return passes

    def _alone(self) -> Iterable[Rule[M]]:
        return (rule for rule in self.rules if rule.alone)

    def _report(self, subject: M, policy: Any, now: datetime) -> Report[M]:
        outcomes = [*map(Outcome, self.rules, self._passed(subject), repeat(subject), repeat(policy))]
        failed = [outcome.code for outcome in outcomes if not outcome.passed]
        for place, applies in self._conditional:
            outcomes[place].judged = applies(subject)
        if failed and failed[0] in self._alone_codes:
            for outcome in outcomes:
                outcome.judged = not outcome.passed
        return Report(
            subject=subject,
            outcomes=outcomes,
            notes=self.notes(subject, failed),
            policy=policy,
            now=now,
        )

    @cached_property
    def _alone_codes(self) -> frozenset[str]:
        return frozenset(rule.code for rule in self._alone())

    @cached_property
    def _conditional(self) -> list[tuple[int, Callable[[M], bool]]]:
        """Of the rules that do not apply to every object, the place and what tells."""
        return [(place, rule.applies) for place, rule in enumerate(self.rules) if rule.applies is not None]

    @cached_property
    def _passed(self) -> Callable[[M], tuple[bool, ...]]:
        return attrgetter(*(rule.annotation for rule in self.rules))


def _has_subquery(fact: Any) -> bool:
    parts = fact.flatten() if isinstance(fact, BaseExpression) else ()
    return any(isinstance(part, Subquery) for part in parts)
