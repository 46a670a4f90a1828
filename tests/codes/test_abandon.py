"""Abandoning: the code is usable again until it expires (FAQ 5.1)."""

from typing import Any

import pytest

from codes import services
from codes.choices import Channel, FilingState, State
from codes.errors import FilingEnded, ValueInText
from codes.models import Filing
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_client, make_filing, make_issued

pytestmark = pytest.mark.django_db


def abandon(filing: Filing, **fields: Any) -> Filing:
    return services.abandon_filing(filing, **({"actor": filing.client, "channel": Channel.API, "now": NOW} | fields))


def test_the_code_is_usable_again() -> None:
    issued = make_issued()
    filing = abandon(make_filing(issued), reason="changed my mind")
    filing.refresh_from_db()
    assert (filing.state, filing.reason, filing.ended_at) == (FilingState.ABANDONED, "changed my mind", NOW)
    assert filing.code.state == State.UNUSED
    assert make_filing(issued).state == FilingState.ACTIVE


def test_the_event_tells_the_reason() -> None:
    filing = make_filing(client=make_client(name="platform"), order_number="A-1")
    with one_event(code=filing.code) as told:
        abandon(filing, reason="changed my mind")
    assert told == {
        "type": "abandoned",
        "actor": "client:platform",
        "channel": "api",
        "order_number": "A-1",
        "reason": "changed my mind",
        "detail": {"domain": "shop.example.cn"},
        "request_id": "req-7",
    }


def test_no_reason_is_needed_and_an_old_rejection_is_none() -> None:
    filing = make_filing()
    services.reject_filing(filing, reason="photo", actor=filing.client, channel=Channel.API, now=NOW)
    with one_event(code=filing.code) as told:
        abandon(filing)
    filing.refresh_from_db()
    assert (told["type"], "reason" in told, filing.reason) == ("abandoned", False, "")


def test_again_is_the_same_answer() -> None:
    filing = abandon(make_filing(), reason="one")
    with nothing_changes():
        assert abandon(filing, reason="two").reason == "one"


def test_an_abandoned_filing_does_not_free_the_code_for_a_second_time() -> None:
    issued = make_issued()
    filing = abandon(make_filing(issued))
    make_filing(issued)
    with nothing_changes():
        abandon(filing)


def test_a_completed_filing_is_refused() -> None:
    filing = make_filing()
    number = "粤ICP备12345678号"
    services.complete_filing(filing, icp_number=number, actor=filing.client, channel=Channel.API, now=NOW)
    with nothing_changes(FilingEnded) as refused:
        abandon(filing)
    assert refused.value.state == FilingState.COMPLETED


def test_a_value_in_the_reason_is_refused() -> None:
    issued = make_issued()
    filing = make_filing(issued)
    with nothing_changes(ValueInText):
        abandon(filing, reason=issued.value)
