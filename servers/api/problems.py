"""What refuses server facts, as problems."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from codes import values
from codes.messages import CODE_VALUE
from icpportal.api.documentation import EXAMPLES
from icpportal.api.problems import FieldError, Invalid, Kind, Problem, declare, invalid, not_found, problem_of
from servers.inventory.apply import AnotherAccounts, Incomplete, StaleVersion, VersionConflict

UNKNOWN_ACCOUNT = _("There is no such account.")
_INCOMPLETE = _("Instances are missing or listed twice, or a response is an error. Nothing was done.")


def refuse_value(field: str, name: str) -> None:
    """Raises Problem: invalid, for an instance ID or a uid that carries a code value: it would stand in addresses."""
    if values.stands_in(name):
        raise invalid(field, "code_value", CODE_VALUE)


@problem_of.register
def _stale(error: StaleVersion) -> Problem:
    return Problem("stale_version", stored_version=error.stored)


@problem_of.register
def _conflict(error: VersionConflict) -> Problem:
    return Problem("version_conflict", differs=sorted(error.detail))


@problem_of.register
def _another(error: AnotherAccounts) -> Problem:
    return not_found()


@problem_of.register
def _incomplete(error: Incomplete) -> Problem:
    return Invalid(FieldError("complete", "incomplete", _INCOMPLETE), detail=_INCOMPLETE, code="incomplete")


declare(
    Kind("stale_version", 409, _("Stale version"), _("A newer version of these facts is known: see `stored_version`.")),
    Kind(
        "version_conflict",
        409,
        _("Version conflict"),
        _("This version is known with other facts: `differs` names them. Raise the version to change facts."),
    ),
    Kind(
        "incomplete",
        400,
        _("Incomplete inventory"),
        _("The responses do not cover all instances, so it cannot be said which are missing."),
    ),
)

EXAMPLES["incomplete"] = {
    "detail": _INCOMPLETE,
    "errors": [{"field": "complete", "code": "incomplete", "detail": _INCOMPLETE}],
}
EXAMPLES["stale_version"] = {"stored_version": 18}
EXAMPLES["version_conflict"] = {"differs": ["name"]}
