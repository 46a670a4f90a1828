"""Every action in every state, by hand from docs/domain.md (decisions 9 to 11, 13 to 15), through the services."""

from collections.abc import Callable
from typing import Any

import pytest

from codes import services
from codes.choices import Action, Channel, FilingState, State
from codes.errors import CodeRefused, FilingEnded, TransitionRefused
from codes.lifecycle import TRANSITIONS
from codes.models import AuthorizationCode, Filing
from codes.roles import ROLES
from tests.codes.witness import nothing_changes
from tests.factories import NOW, make_client, make_filing, make_issued

pytestmark = pytest.mark.django_db

NUMBER = "粤ICP备12345678号"
Made = tuple[services.Issued, Filing | None]


def act(**fields: Any) -> dict[str, Any]:
    return {"actor": None, "channel": Channel.ADMIN, "now": NOW, "reason": "because"} | fields


def unused() -> Made:
    issued = make_issued()
    return issued, services.abandon_filing(make_filing(issued), **act())


def in_use() -> Made:
    issued = make_issued()
    return issued, make_filing(issued)


def used() -> Made:
    issued, filing = in_use()
    assert filing
    return issued, services.complete_filing(filing, icp_number="京ICP备87654321号", **act_without_reason())


def withdrawn() -> Made:
    issued, filing = unused()
    services.withdraw(issued.code, **act())
    return issued, filing


def act_without_reason() -> dict[str, Any]:
    return {"actor": None, "channel": Channel.ADMIN, "now": NOW}


def begin(issued: services.Issued, filing: Filing | None) -> None:
    services.begin_filing(
        issued.code,
        value=issued.value,
        order_number="another",
        domain="shop.example.cn",
        actor=make_client(),
        channel=Channel.API,
        now=NOW,
    )


def reject(issued: services.Issued, filing: Filing | None) -> None:
    assert filing
    services.reject_filing(filing, **act())


def complete(issued: services.Issued, filing: Filing | None) -> None:
    assert filing
    services.complete_filing(filing, icp_number=NUMBER, **act_without_reason())


def abandon(issued: services.Issued, filing: Filing | None) -> None:
    assert filing
    services.abandon_filing(filing, **act())


def authorize(issued: services.Issued, filing: Filing | None) -> None:
    services.annotate(issued.code, authorized_account="1009", **act_without_reason())


def annotate(issued: services.Issued, filing: Filing | None) -> None:
    services.annotate(issued.code, remark="new", **act_without_reason())


VERBS: dict[Action, Callable[[services.Issued, Filing | None], object]] = {
    Action.BEGIN: begin,
    Action.REJECT: reject,
    Action.COMPLETE: complete,
    Action.ABANDON: abandon,
    Action.RESET: lambda issued, filing: services.reset(issued.code, **act()),
    Action.WITHDRAW: lambda issued, filing: services.withdraw(issued.code, **act()),
    Action.ROTATE: lambda issued, filing: services.rotate(issued.code, **act()),
    Action.REVEAL: lambda issued, filing: services.reveal(issued.code, **act()),
    Action.AUTHORIZE: authorize,
    Action.ANNOTATE: annotate,
}
MAKERS: dict[State, Callable[[], Made]] = {
    State.UNUSED: unused,
    State.IN_USE: in_use,
    State.USED: used,
    State.WITHDRAWN: withdrawn,
}
NO, SAME = None, "same"  # refused; allowed, without any change: the same again
# action: what becomes of an unused (whose last filing was abandoned), in-use, used and withdrawn code
MATRIX: dict[Action, tuple[str | None, str | None, str | None, str | None]] = {
    Action.BEGIN: ("in_use", NO, NO, NO),
    Action.REJECT: (NO, "in_use", NO, NO),
    Action.COMPLETE: (NO, "used", NO, NO),
    Action.ABANDON: (SAME, "unused", NO, SAME),
    Action.RESET: (NO, "unused", NO, NO),
    Action.WITHDRAW: ("withdrawn", NO, NO, SAME),
    Action.ROTATE: ("unused", NO, NO, NO),
    Action.REVEAL: ("unused", "in_use", "used", "withdrawn"),
    Action.AUTHORIZE: ("unused", NO, NO, NO),
    Action.ANNOTATE: ("unused", "in_use", "used", "withdrawn"),
}
CELLS = [(action, state, row[place]) for action, row in MATRIX.items() for place, state in enumerate(MAKERS)]


@pytest.mark.parametrize(("action", "state", "expected"), CELLS)
def test_every_action_in_every_state(action: Action, state: State, expected: str | None) -> None:
    issued, filing = MAKERS[state]()
    assert AuthorizationCode.objects.get(pk=issued.code.pk).state == state
    if expected is NO:
        with nothing_changes((TransitionRefused, FilingEnded, CodeRefused)):
            VERBS[action](issued, filing)
    elif expected == SAME:
        with nothing_changes():
            VERBS[action](issued, filing)
    else:
        VERBS[action](issued, filing)
        assert AuthorizationCode.objects.get(pk=issued.code.pk).state == expected


@pytest.mark.parametrize(("action", "state", "expected"), CELLS)
def test_the_table_says_what_the_services_do(action: Action, state: State, expected: str | None) -> None:
    transition = TRANSITIONS[action]
    assert transition.allows(state) is (expected not in (NO, SAME))
    if transition.allows(state):
        assert transition.refusal(state) == ""
        assert (transition.target or state) == expected
    else:
        assert str(transition.refusal(state)).endswith((".", ")."))


def test_the_matrix_is_whole() -> None:
    assert set(MATRIX) == set(Action) == set(VERBS) == set(TRANSITIONS)
    assert set(MAKERS) == set(State)


def test_every_permission_that_an_action_needs_is_an_agents() -> None:
    needed = {f"codes.{each.permission}" for each in TRANSITIONS.values() if each.permission}
    assert needed <= set(ROLES["Agent"]) & set(ROLES["Supervisor"])
    assert not needed & set(ROLES["Auditor"])
    for action in (Action.BEGIN, Action.REJECT, Action.COMPLETE, Action.ABANDON):
        assert TRANSITIONS[action].permission is None


def test_a_rejected_filing_still_holds_its_code() -> None:
    issued, filing = in_use()
    reject(issued, filing)
    assert Filing.objects.holding().get().state == FilingState.REJECTED
    with nothing_changes(CodeRefused):
        begin(issued, filing)
