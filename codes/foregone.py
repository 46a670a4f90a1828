"""What the rules say of objects that nobody has looked at: which combinations of filters and values any can meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, Q

from codes.rules import RuleSet


def cannot_pass(rules: RuleSet[Any], values: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether no object with these values of columns passes every rule, whatever else is true of it."""
    policy, known = rules.policy(), _known(rules, values, now)
    return any(_told(rule.passes(now, policy), known) is False for rule in rules.rules)


def cannot_fail(rules: RuleSet[Any], code: str, values: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether the rule passes of every object with these values of columns. Raises KeyError for an unknown code."""
    return _told(rules.condition(rules[code], now, rules.policy()), _known(rules, values, now)) is True


def values_that_fail(
    rules: RuleSet[Any], code: str, column: str, values: Iterable[str], *, now: datetime
) -> list[str] | None:
    """Those of all `values` that a column can have of which the rule fails; None where others decide too.

    Raises KeyError for an unknown code.
    """
    passes = rules[code].passes(now, rules.policy())
    told = {value: _told(passes, {column: value}) for value in values}
    return None if None in told.values() else [value for value, passed in told.items() if not passed]


def _known(rules: RuleSet[Any], values: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The values, also under the names of the facts that are the same."""
    facts = rules.facts(now, rules.policy(), None).items()
    columns = {name: vars(fact)["name"] for name, fact in facts if isinstance(fact, F)}
    same = {name: values[column] for name, column in columns.items() if column in values}
    return {**values, **same}


def _told(condition: Any, values: Mapping[str, Any]) -> bool | None:
    """What a condition is, given the values of some columns: only equality with one, or with one of some, tells."""
    if not isinstance(condition, Q):
        lookup, wanted = condition
        name = lookup.removesuffix("__in")
        if name not in values:
            return None
        return values[name] == wanted if name == lookup else values[name] in wanted
    parts = [_told(part, values) for part in condition.children]
    decides = condition.connector == Q.OR  # one part that is this decides, else all have to be the other
    found = decides if decides in parts else None if None in parts else not decides
    return not found if condition.negated and found is not None else found
