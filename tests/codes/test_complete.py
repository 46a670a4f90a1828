"""Completing: success is a fact, and the code is used for good (FAQ 5.2, decision 11)."""

from typing import Any

import pytest

from codes import services
from codes.choices import Channel, FilingState, State
from codes.errors import FilingEnded
from codes.models import Filing
from servers.choices import BillingMode, ServerState
from servers.models import IPAddress, Server
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_client, make_filing, make_issued

pytestmark = pytest.mark.django_db

NUMBER = "粤ICP备12345678号"


def complete(filing: Filing, **fields: Any) -> Filing:
    usual = {"icp_number": NUMBER, "actor": filing.client, "channel": Channel.API, "now": NOW}
    return services.complete_filing(filing, **(usual | fields))


def test_the_code_is_used_for_good() -> None:
    other = make_filing()
    filing = complete(make_filing())
    filing.refresh_from_db()
    other.refresh_from_db()
    assert other.state == FilingState.ACTIVE
    assert (filing.state, filing.icp_number, filing.ended_at) == (FilingState.COMPLETED, NUMBER, NOW)
    assert (filing.code.state, filing.completed_after_expiry) == (State.USED, False)


def test_the_event_tells_the_icp_number() -> None:
    filing = make_filing(client=make_client(name="platform"), order_number="A-1")
    with one_event(code=filing.code) as told:
        complete(filing)
    assert told == {
        "type": "completed",
        "actor": "client:platform",
        "channel": "api",
        "order_number": "A-1",
        "detail": {"domain": "shop.example.cn", "icp_number": NUMBER},
        "request_id": "req-7",
    }


def test_the_same_number_again_is_the_same_answer() -> None:
    filing = complete(make_filing())
    with nothing_changes():
        assert complete(filing) == filing


def test_another_number_is_refused() -> None:
    filing = complete(make_filing())
    with nothing_changes(FilingEnded) as refused:
        complete(filing, icp_number="京ICP备87654321号")
    assert refused.value.state == FilingState.COMPLETED


def test_an_abandoned_filing_is_refused() -> None:
    filing = make_filing()
    services.abandon_filing(filing, actor=filing.client, channel=Channel.API, now=NOW)
    with nothing_changes(FilingEnded) as refused:
        complete(filing)
    assert refused.value.state == FilingState.ABANDONED


def test_a_rejected_filing_may_still_succeed_and_its_event_has_no_reason() -> None:
    filing = make_filing()
    services.reject_filing(filing, reason="photo", actor=filing.client, channel=Channel.API, now=NOW)
    with one_event(code=filing.code) as told:
        complete(filing)
    assert (told["type"], "reason" in told) == ("completed", False)


@pytest.mark.parametrize(
    ("facts", "ip"),
    [
        ({"expires_at": NOW}, {}),
        ({"state": ServerState.ISOLATED}, {}),
        ({"state": ServerState.TERMINATED}, {}),
        ({"billing_mode": BillingMode.PAY_AS_YOU_GO}, {}),
        ({}, {"released_at": NOW}),
        ({}, {"expires_at": NOW}),
    ],
)
def test_a_success_after_the_code_lapsed_is_recorded_and_flagged(facts: dict[str, Any], ip: dict[str, Any]) -> None:
    filing = make_filing()
    if facts:
        Server.objects.filter(pk=filing.code.server_id).update(**facts)
    if ip:
        IPAddress.objects.filter(pk=filing.code.ip_id).update(**ip)
    complete(filing)
    filing.refresh_from_db()
    assert (filing.state, filing.completed_after_expiry, filing.code.state) == ("completed", True, "used")


def test_an_authorized_account_does_not_count_as_a_lapse() -> None:
    filing = make_filing(make_issued(authorized_account="1001"), account="1001")
    assert not complete(filing).completed_after_expiry
