"""Beginning a filing: an exclusive hold, keyed by the client's order number (FAQ 5.1, decisions 9, 10 and 12)."""

from typing import Any

import pytest

from codes import services
from codes.choices import Channel, FilingState, State
from codes.errors import CodeNotFound, CodeRefused, OrderConflict
from codes.models import AuthorizationCode, CodeEvent, Filing
from icpportal.api.models import ApiClient
from servers.choices import BillingMode, ServerState
from servers.models import IPAddress, Server
from tests.codes.witness import nothing_changes, one_event
from tests.factories import NOW, make_client, make_filing, make_issued, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform() -> ApiClient:
    return make_client(name="platform")


def begin(issued: services.Issued, client: ApiClient, **fields: Any) -> tuple[Filing, bool]:
    usual = {"value": issued.value, "order_number": "A-1", "domain": "shop.example.cn"}
    return services.begin_filing(issued.code, actor=client, channel=Channel.API, now=NOW, **(usual | fields))


def test_a_filing_holds_its_code(platform: ApiClient) -> None:
    issued = make_issued()
    filing, is_new = begin(issued, platform, account="1001")
    assert is_new
    filing.refresh_from_db()
    assert (filing.code, filing.client, filing.order_number) == (issued.code, platform, "A-1")
    assert (filing.domain, filing.account, filing.state) == ("shop.example.cn", "1001", FilingState.ACTIVE)
    assert (filing.began_at, filing.ended_at, filing.completed_after_expiry) == (NOW, None, False)
    assert filing.code.state == State.IN_USE


def test_the_event_tells_the_order_and_the_domain(platform: ApiClient) -> None:
    issued = make_issued()
    with one_event(code=issued.code) as told:
        begin(issued, platform)
    assert told == {
        "type": "begun",
        "actor": "client:platform",
        "channel": "api",
        "order_number": "A-1",
        "detail": {"domain": "shop.example.cn"},
        "request_id": "req-7",
    }


def test_the_value_may_be_typed_as_people_type(platform: ApiClient) -> None:
    issued = make_issued()
    assert begin(issued, platform, value=f" {issued.value.lower().replace('-', ' ')} ")[1]


def test_the_same_order_again_is_the_same_answer(platform: ApiClient) -> None:
    issued = make_issued()
    filing, _ = begin(issued, platform, account="1001")
    with nothing_changes():
        assert begin(issued, platform, account="1001") == (filing, False)


@pytest.mark.parametrize("other", [{"domain": "other.example.cn"}, {"account": "1002"}])
def test_the_same_order_on_other_terms_is_a_conflict(platform: ApiClient, other: dict[str, str]) -> None:
    issued = make_issued()
    begin(issued, platform, account="1001")
    with nothing_changes(OrderConflict):
        begin(issued, platform, **({"account": "1001"} | other))


def test_the_same_order_with_another_code_is_a_conflict(platform: ApiClient) -> None:
    begin(make_issued(), platform)
    other = make_issued()
    with nothing_changes(OrderConflict):
        begin(other, platform)


def test_order_numbers_are_each_clients_own(platform: ApiClient) -> None:
    begin(make_issued(), platform)
    assert begin(make_issued(), make_client())[1]


def test_another_order_is_refused_while_the_code_is_held(platform: ApiClient) -> None:
    issued = make_issued()
    begin(issued, platform)
    with nothing_changes(CodeRefused) as refused:
        begin(issued, platform, order_number="A-2")
    assert refused.value.report.failed_codes == ["code_in_use"]


def test_another_clients_order_of_the_same_number_is_refused_too(platform: ApiClient) -> None:
    issued = make_issued()
    begin(issued, platform)
    with nothing_changes(CodeRefused):
        begin(issued, make_client())


def test_a_rejected_order_begun_again_is_active_again(platform: ApiClient) -> None:
    issued = make_issued()
    filing, _ = begin(issued, platform)
    services.reject_filing(filing, reason="photo", actor=platform, channel=Channel.API, now=NOW)
    with one_event(code=issued.code) as told:
        again, is_new = begin(issued, platform)
    again.refresh_from_db()
    assert (again, is_new, again.state) == (filing, False, FilingState.ACTIVE)
    assert (told["type"], told["order_number"], "reason" in told) == ("begun", "A-1", False)
    with nothing_changes():
        begin(issued, platform)


def test_a_completed_order_begun_again_is_the_same_answer(platform: ApiClient) -> None:
    issued = make_issued()
    filing, _ = begin(issued, platform)
    number = "粤ICP备12345678号"
    services.complete_filing(filing, icp_number=number, actor=platform, channel=Channel.API, now=NOW)
    with nothing_changes():
        again, is_new = begin(issued, platform)
    assert (again, again.state, is_new) == (filing, FilingState.COMPLETED, False)


def test_an_abandoned_order_begins_anew_on_any_terms(platform: ApiClient) -> None:
    issued = make_issued()
    filing, _ = begin(issued, platform)
    services.abandon_filing(filing, actor=platform, channel=Channel.API, now=NOW)
    other = make_issued()
    anew, is_new = begin(other, platform, domain="other.example.cn")
    assert is_new
    assert (anew.code, anew.state) == (other.code, FilingState.ACTIVE)
    assert begin(issued, platform, order_number="A-2")[1]


@pytest.mark.parametrize(
    ("state", "expected"),
    [(State.USED, ["code_used"]), (State.WITHDRAWN, ["code_withdrawn"])],
)
def test_a_code_that_ended_is_refused(platform: ApiClient, state: str, expected: list[str]) -> None:
    issued = make_issued()
    AuthorizationCode.objects.filter(pk=issued.code.pk).update(state=state)
    with nothing_changes(CodeRefused) as refused:
        begin(issued, platform)
    assert refused.value.report.failed_codes == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"expires_at": NOW}, ["code_expired"]),
        ({"state": ServerState.ISOLATED}, ["code_expired"]),
        ({"state": ServerState.TERMINATED}, ["code_invalid"]),
        ({"billing_mode": BillingMode.PAY_AS_YOU_GO}, ["code_invalid"]),
    ],
)
def test_a_code_whose_server_does_not_stand_is_refused(
    platform: ApiClient, facts: dict[str, Any], expected: list[str]
) -> None:
    issued = make_issued(authorized_account="1001")
    Server.objects.filter(pk=issued.code.server_id).update(**facts)
    with nothing_changes(CodeRefused) as refused:
        begin(issued, platform, account="1002")
    assert refused.value.report.failed_codes == [*expected, "not_authorized_account"]


def test_a_code_whose_ip_was_released_is_refused(platform: ApiClient) -> None:
    issued = make_issued()
    IPAddress.objects.filter(pk=issued.code.ip_id).update(released_at=NOW)
    with nothing_changes(CodeRefused) as refused:
        begin(issued, platform)
    assert refused.value.report.failed_codes == ["code_invalid"]


@pytest.mark.parametrize(("account", "allowed"), [("1001", True), ("1002", False), ("", False)])
def test_only_the_named_account_may_begin(platform: ApiClient, account: str, allowed: bool) -> None:
    issued = make_issued(authorized_account="1001")
    if allowed:
        assert begin(issued, platform, account=account)[1]
        return
    with nothing_changes(CodeRefused) as refused:
        begin(issued, platform, account=account)
    assert refused.value.report.failed_codes == ["not_authorized_account"]


def test_another_account_may_use_a_code_that_names_nobody(platform: ApiClient) -> None:
    issued = make_issued()
    assert begin(issued, platform, account="another")[1]


def test_a_code_rotated_meanwhile_is_not_held_by_its_old_value(platform: ApiClient) -> None:
    issued = make_issued()
    services.rotate(issued.code, reason="leaked", actor=make_user(), channel=Channel.ADMIN, now=NOW)
    with nothing_changes(CodeNotFound):
        begin(issued, platform)


def test_the_value_of_another_code_does_not_hold_this_one(platform: ApiClient) -> None:
    issued, other = make_issued(), make_issued()
    with nothing_changes(CodeNotFound):
        begin(issued, platform, value=other.value)


def test_a_held_code_still_holds_after_its_server_expired(platform: ApiClient) -> None:
    filing = make_filing(client=platform, order_number="A-1")
    Server.objects.filter(pk=filing.code.server_id).update(expires_at=NOW)
    events = CodeEvent.objects.count()
    again, is_new = services.begin_filing(
        filing.code,
        value="whatever",
        order_number="A-1",
        domain=filing.domain,
        actor=platform,
        channel=Channel.API,
        now=NOW,
    )
    assert (again, is_new, CodeEvent.objects.count()) == (filing, False, events)
