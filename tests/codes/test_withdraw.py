"""Withdrawing: an unused code becomes dead for good, and its slot stays spent (decision 14)."""

from typing import Any

import pytest

from codes import services
from codes.choices import Channel, State
from codes.eligibility import GENERATION, codes_left
from codes.errors import ReasonRequired, TransitionRefused, ValueInText
from codes.models import AuthorizationCode
from servers.choices import ServerState
from servers.models import Server
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_code, make_filing, make_issued, make_user

pytestmark = pytest.mark.django_db


def withdraw(code: AuthorizationCode, **fields: Any) -> AuthorizationCode:
    usual = {"reason": "not needed", "actor": None, "channel": Channel.ADMIN, "now": NOW}
    return services.withdraw(code, **(usual | fields))


def test_the_code_is_dead_and_its_slot_stays_spent() -> None:
    code = withdraw(make_code())
    assert AuthorizationCode.objects.get().state == State.WITHDRAWN
    assert codes_left(GENERATION.report(code.server, now=NOW)) == 4


def test_the_event_tells_person_reason_and_ticket() -> None:
    code = make_code()
    with one_event(code=code) as told:
        withdraw(code, actor=make_user(username="lin"), ticket="T-9")
    assert told == {
        "type": "withdrawn",
        "actor": "user:lin",
        "channel": "admin",
        "reason": "not needed",
        "ticket": "T-9",
        "request_id": "req-7",
    }


def test_again_is_the_same_answer() -> None:
    code = withdraw(make_code())
    with nothing_changes():
        assert withdraw(code, reason="another").state == State.WITHDRAWN


@pytest.mark.parametrize("facts", [{"expires_at": NOW}, {"state": ServerState.TERMINATED}])
def test_an_expired_or_invalid_code_may_be_withdrawn(facts: dict[str, Any]) -> None:
    code = make_code()
    Server.objects.filter(pk=code.server_id).update(**facts)
    assert withdraw(code).state == State.WITHDRAWN


def test_a_code_in_use_is_reset_first() -> None:
    filing = make_filing()
    with nothing_changes(TransitionRefused) as refused:
        withdraw(filing.code)
    assert refused.value.state == State.IN_USE
    assert str(refused.value.explanation) == "A filing holds it: it has to be abandoned or reset first."


def test_a_used_code_is_refused() -> None:
    filing = make_filing()
    number = "粤ICP备12345678号"
    services.complete_filing(filing, icp_number=number, actor=filing.client, channel=Channel.API, now=NOW)
    with nothing_changes(TransitionRefused) as refused:
        withdraw(filing.code)
    assert refused.value.state == State.USED


@pytest.mark.parametrize(
    ("channel", "needed"),
    [(Channel.ADMIN, True), (Channel.API, True), (Channel.COMMAND, True), (Channel.SELF_SERVICE, False)],
)
def test_only_the_owner_need_not_give_a_reason(channel: Channel, needed: bool) -> None:
    code = make_code()
    if needed:
        with nothing_changes(ReasonRequired):
            withdraw(code, reason=" ", channel=channel)
    else:
        assert withdraw(code, reason="", channel=channel).state == State.WITHDRAWN


@pytest.mark.parametrize("field", ["reason", "ticket"])
def test_a_value_in_a_text_is_refused(field: str) -> None:
    issued = make_issued()
    with nothing_changes(ValueInText) as refused:
        withdraw(issued.code, **{field: issued.value})
    assert refused.value.field == field
