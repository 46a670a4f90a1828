"""Resetting: an agent abandons an unfinished filing, with a reason (decision 13)."""

from datetime import timedelta
from typing import Any

import pytest

from codes import services
from codes.choices import Channel, FilingState, State
from codes.errors import HeldSince, ReasonRequired, TransitionRefused, ValueInText
from codes.models import AuthorizationCode
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_agent, make_code, make_filing, make_issued

pytestmark = pytest.mark.django_db


def reset(code: AuthorizationCode, **fields: Any) -> AuthorizationCode:
    usual = {"reason": "ordered twice", "actor": None, "channel": Channel.ADMIN, "now": NOW}
    return services.reset(code, **(usual | fields))


def test_the_filing_is_abandoned_and_the_code_usable_again() -> None:
    issued = make_issued()
    filing = make_filing(issued)
    assert reset(issued.code).state == State.UNUSED
    filing.refresh_from_db()
    assert (filing.state, filing.reason, filing.ended_at) == (FilingState.ABANDONED, "ordered twice", NOW)
    assert make_filing(issued).state == FilingState.ACTIVE


def test_a_filing_that_began_since_it_was_seen_is_left_alone() -> None:
    filing = make_filing()
    with nothing_changes(HeldSince):
        reset(filing.code, seen_at=NOW - timedelta(microseconds=1))
    assert reset(filing.code, seen_at=NOW).state == State.UNUSED


def test_a_rejected_filing_is_unfinished_too() -> None:
    filing = make_filing()
    services.reject_filing(filing, reason="photo", actor=filing.client, channel=Channel.API, now=NOW)
    assert reset(filing.code).state == State.UNUSED


def test_the_event_tells_agent_reason_ticket_and_order() -> None:
    filing = make_filing(order_number="A-1")
    with one_event(code=filing.code) as told:
        reset(filing.code, actor=make_agent(username="lin"), ticket="T-9")
    assert told == {
        "type": "reset",
        "actor": "user:lin",
        "channel": "admin",
        "order_number": "A-1",
        "reason": "ordered twice",
        "ticket": "T-9",
        "detail": {"domain": "shop.example.cn"},
        "request_id": "req-7",
    }


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("reason", ["", " \n"])
def test_reset_needs_a_reason_everywhere(channel: Channel, reason: str) -> None:
    filing = make_filing()
    with nothing_changes(ReasonRequired):
        reset(filing.code, reason=reason, channel=channel)


def test_a_code_without_a_filing_is_refused() -> None:
    code = make_code()
    with nothing_changes(TransitionRefused) as refused:
        reset(code)
    assert (refused.value.state, str(refused.value.explanation)) == (State.UNUSED, "No filing holds the code.")


def test_a_second_reset_finds_nothing_to_reset() -> None:
    code = reset(make_filing().code)
    with nothing_changes(TransitionRefused):
        reset(code)


def test_reset_never_touches_a_used_code() -> None:
    filing = make_filing()
    number = "粤ICP备12345678号"
    services.complete_filing(filing, icp_number=number, actor=filing.client, channel=Channel.API, now=NOW)
    with nothing_changes(TransitionRefused) as refused:
        reset(filing.code)
    assert refused.value.state == State.USED


def test_the_state_is_read_after_the_lock_and_not_from_the_object_at_hand() -> None:
    issued = make_issued()
    make_filing(issued)
    assert issued.code.state == State.UNUSED
    assert reset(issued.code).state == State.UNUSED


@pytest.mark.parametrize("field", ["reason", "ticket"])
def test_a_value_in_a_text_is_refused(field: str) -> None:
    issued = make_issued()
    make_filing(issued)
    with nothing_changes(ValueInText) as refused:
        reset(issued.code, **{field: f"see {issued.value}"})
    assert refused.value.field == field
