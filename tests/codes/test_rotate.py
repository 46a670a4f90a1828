"""Rotating: a leaked code gets a new value in the same slot, and the old one is dead at once (decision 15)."""

from typing import Any

import pytest

from codes import services, values
from codes.choices import Channel, State
from codes.errors import ReasonRequired, TransitionRefused, ValueInText
from codes.models import AuthorizationCode
from icpportal import sealing
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_agent, make_code, make_filing, make_issued

pytestmark = pytest.mark.django_db


def rotate(code: AuthorizationCode, **fields: Any) -> AuthorizationCode:
    usual = {"reason": "posted in a forum", "actor": None, "channel": Channel.ADMIN, "now": NOW}
    return services.rotate(code, **(usual | fields))


def test_the_old_value_is_dead_and_the_new_one_is_the_same_code() -> None:
    issued = make_issued()
    code = rotate(issued.code)
    assert not AuthorizationCode.objects.of_value(issued.value).exists()
    stored = AuthorizationCode.objects.get()
    value = sealing.unseal(stored.sealed)
    assert values.show(value) != issued.value
    assert AuthorizationCode.objects.of_value(value).get() == code
    assert stored.tail == value[-5:]


def test_everything_else_stays() -> None:
    issued = make_issued(remark="for the shop", authorized_account="1001")
    kept = ("server_id", "ip_id", "slot", "state", "generated_at", "remark", "authorized_account")
    before = AuthorizationCode.objects.values(*kept).get()
    rotate(issued.code)
    assert AuthorizationCode.objects.values(*kept).get() == before


def test_the_event_tells_agent_reason_and_ticket_and_no_value() -> None:
    code = make_code()
    with one_event(code=code) as told:
        rotate(code, actor=make_agent(username="lin"), ticket="T-9")
    assert told == {
        "type": "rotated",
        "actor": "user:lin",
        "channel": "admin",
        "reason": "posted in a forum",
        "ticket": "T-9",
        "request_id": "req-7",
    }


@pytest.mark.parametrize("channel", Channel)
def test_rotate_needs_a_reason_everywhere(channel: Channel) -> None:
    code = make_code()
    with nothing_changes(ReasonRequired):
        rotate(code, reason=" ", channel=channel)


@pytest.mark.parametrize("state", [State.IN_USE, State.USED, State.WITHDRAWN])
def test_only_an_unused_code_is_rotated(state: State) -> None:
    code = make_filing().code
    AuthorizationCode.objects.filter(pk=code.pk).update(state=state)
    with nothing_changes(TransitionRefused) as refused:
        rotate(code)
    assert refused.value.state == state


@pytest.mark.parametrize("field", ["reason", "ticket"])
def test_a_value_in_a_text_is_refused(field: str) -> None:
    issued = make_issued()
    with nothing_changes(ValueInText) as refused:
        rotate(issued.code, **{field: f"leaked: {issued.value}"})
    assert refused.value.field == field
