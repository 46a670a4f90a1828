"""Revealing: the value in full, recorded; the desk gives a reason."""

from typing import Any

import pytest

from codes import services
from codes.choices import Channel, State
from codes.errors import ReasonRequired, ValueInText
from codes.models import AuthorizationCode
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_agent, make_client, make_issued

pytestmark = pytest.mark.django_db


def reveal(code: AuthorizationCode, **fields: Any) -> str:
    usual = {"reason": "asked by phone", "actor": None, "channel": Channel.ADMIN, "now": NOW}
    return services.reveal(code, **(usual | fields))


@pytest.mark.parametrize("state", State)
def test_the_value_is_shown_as_it_was_issued(state: State) -> None:
    issued = make_issued()
    AuthorizationCode.objects.filter(pk=issued.code.pk).update(state=state)
    assert reveal(issued.code) == issued.value


def test_after_a_rotation_the_new_value_is_shown() -> None:
    issued = make_issued()
    services.rotate(issued.code, reason="leaked", actor=None, channel=Channel.ADMIN, now=NOW)
    value = reveal(issued.code)
    assert value != issued.value
    assert AuthorizationCode.objects.of_value(value).get() == issued.code


def test_each_reveal_is_recorded_with_reason_and_ticket() -> None:
    issued = make_issued()
    for _ in range(2):
        with one_event(code=issued.code) as told:
            reveal(issued.code, actor=make_agent(username=None), ticket="T-9")
        assert told.pop("actor").startswith("user:")
        assert told == {
            "type": "revealed",
            "channel": "admin",
            "reason": "asked by phone",
            "ticket": "T-9",
            "request_id": "req-7",
        }


def test_a_client_reveals_without_a_reason() -> None:
    issued = make_issued()
    with one_event(code=issued.code) as told:
        reveal(issued.code, reason="", channel=Channel.API, actor=make_client(name="console"))
    assert (told["actor"], told["channel"]) == ("client:console", "api")


def test_the_desk_has_to_give_a_reason() -> None:
    issued = make_issued()
    with nothing_changes(ReasonRequired):
        reveal(issued.code, reason=" ")


@pytest.mark.parametrize("field", ["reason", "ticket"])
def test_a_value_in_a_text_is_refused(field: str) -> None:
    issued = make_issued()
    with nothing_changes(ValueInText):
        reveal(issued.code, **{field: issued.value})
