"""Rejecting: the filing is sent back and keeps its hold (decision 10)."""

from typing import Any

import pytest

from codes import services
from codes.choices import Channel, FilingState, State
from codes.errors import FilingEnded, ReasonRequired, ValueInText
from codes.models import Filing
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_client, make_filing, make_issued

pytestmark = pytest.mark.django_db


def reject(filing: Filing, **fields: Any) -> Filing:
    usual = {"reason": "photo is blurred", "actor": filing.client, "channel": Channel.API, "now": NOW}
    return services.reject_filing(filing, **(usual | fields))


def test_a_rejected_filing_keeps_its_hold() -> None:
    other = make_filing()
    filing = reject(make_filing())
    filing.refresh_from_db()
    other.refresh_from_db()
    assert other.state == FilingState.ACTIVE
    assert (filing.state, filing.reason, filing.ended_at) == (FilingState.REJECTED, "photo is blurred", None)
    assert filing.code.state == State.IN_USE


def test_the_event_tells_the_reason() -> None:
    filing = make_filing(client=make_client(name="platform"), order_number="A-1")
    with one_event(code=filing.code) as told:
        reject(filing)
    assert told == {
        "type": "rejected",
        "actor": "client:platform",
        "channel": "api",
        "order_number": "A-1",
        "reason": "photo is blurred",
        "detail": {"domain": "shop.example.cn"},
        "request_id": "req-7",
    }


def test_the_same_reason_again_is_the_same_answer() -> None:
    filing = reject(make_filing())
    with nothing_changes():
        assert reject(filing).reason == "photo is blurred"


def test_the_last_reason_is_kept() -> None:
    filing = reject(make_filing())
    with one_event(code=filing.code) as told:
        reject(filing, reason="name differs")
    filing.refresh_from_db()
    assert (filing.reason, told["reason"]) == ("name differs", "name differs")


@pytest.mark.parametrize("reason", ["", "  "])
def test_the_api_has_to_give_a_reason(reason: str) -> None:
    filing = make_filing()
    with nothing_changes(ReasonRequired):
        reject(filing, reason=reason)


@pytest.mark.parametrize("end", ["complete", "abandon"])
def test_a_filing_that_is_over_is_refused(end: str) -> None:
    filing = make_filing()
    act: dict[str, Any] = {"actor": filing.client, "channel": Channel.API, "now": NOW}
    if end == "complete":
        services.complete_filing(filing, icp_number="粤ICP备12345678号", **act)
    else:
        services.abandon_filing(filing, **act)
    with nothing_changes(FilingEnded) as refused:
        reject(filing)
    assert refused.value.state == {"complete": FilingState.COMPLETED, "abandon": FilingState.ABANDONED}[end]


def test_a_value_in_the_reason_is_refused() -> None:
    issued = make_issued()
    filing = make_filing(issued)
    with nothing_changes(ValueInText) as refused:
        reject(filing, reason=f"wrong: {issued.value}")
    assert refused.value.field == "reason"
