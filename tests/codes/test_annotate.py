"""Remark and authorized account: the one free for ever, the other frozen once the code is no longer unused."""

from typing import Any

import pytest

from codes import services
from codes.choices import Channel, State
from codes.errors import TransitionRefused, ValueInText
from codes.models import AuthorizationCode
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_client, make_code, make_issued

pytestmark = pytest.mark.django_db

FROZEN = [State.IN_USE, State.USED, State.WITHDRAWN]


def annotate(code: AuthorizationCode, **fields: Any) -> AuthorizationCode:
    usual = {"actor": None, "channel": Channel.SELF_SERVICE, "now": NOW}
    return services.annotate(code, **(usual | fields))


def in_state(state: str, **fields: Any) -> AuthorizationCode:
    code = make_code(**fields)
    AuthorizationCode.objects.filter(pk=code.pk).update(state=state)
    return code


def test_remark_and_authorized_account_are_changed_together() -> None:
    annotate(make_code(), remark="for the shop", authorized_account="1001")
    code = AuthorizationCode.objects.get()
    assert (code.remark, code.authorized_account) == ("for the shop", "1001")


def test_none_leaves_either_as_it_is_and_an_empty_text_clears() -> None:
    code = make_code(remark="for the shop", authorized_account="1001")
    assert annotate(code, remark="").authorized_account == "1001"
    assert annotate(code, authorized_account="").remark == ""
    code.refresh_from_db()
    assert (code.remark, code.authorized_account) == ("", "")


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"remark": "new"}, ["remark"]),
        ({"authorized_account": "1002"}, ["authorized_account"]),
        ({"remark": "new", "authorized_account": "1002"}, ["authorized_account", "remark"]),
        ({"remark": "new", "authorized_account": "1001"}, ["remark"]),
    ],
)
def test_the_event_names_what_changed(fields: dict[str, str], changed: list[str]) -> None:
    code = make_code(remark="old", authorized_account="1001")
    with one_event(code=code) as told:
        annotate(code, actor=make_client(name="console"), channel=Channel.API, **fields)
    assert told == {
        "type": "edited",
        "actor": "client:console",
        "channel": "api",
        "detail": {"changed": changed},
        "request_id": "req-7",
    }


@pytest.mark.parametrize("state", State)
def test_nothing_to_change_is_recorded_nowhere_in_any_state(state: State) -> None:
    code = in_state(state, remark="old", authorized_account="1001")
    with nothing_changes():
        annotate(code)
        annotate(code, remark="old", authorized_account="1001")


@pytest.mark.parametrize("state", State)
def test_the_remark_is_never_frozen(state: State) -> None:
    assert annotate(in_state(state), remark="new").remark == "new"


@pytest.mark.parametrize("state", FROZEN)
def test_the_authorized_account_is_frozen_and_then_nothing_is_changed(state: State) -> None:
    code = in_state(state)
    with nothing_changes(TransitionRefused) as refused:
        annotate(code, remark="new", authorized_account="1001")
    assert refused.value.state == state


@pytest.mark.parametrize("field", ["remark", "authorized_account"])
def test_a_value_in_a_text_is_refused(field: str) -> None:
    issued = make_issued()
    with nothing_changes(ValueInText) as refused:
        annotate(issued.code, **{field: issued.value})
    assert refused.value.field == field
