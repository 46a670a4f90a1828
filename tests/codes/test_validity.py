"""Why a code cannot begin a filing, and the state that is shown: by hand from docs/domain.md and the README."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from codes.choices import State
from codes.models import AuthorizationCode
from codes.validity import VALIDITY, FiledBy, expires_at, with_shown_state
from servers.choices import BillingMode, ServerState
from servers.models import IPAddress, Server
from tests.factories import NOW, make_code, make_ip, make_server

pytestmark = pytest.mark.django_db

TICK = timedelta(microseconds=1)
LATER, EARLIER = NOW + timedelta(days=9), NOW - timedelta(days=9)


def a_code(*, stored: str = State.UNUSED, ip: dict[str, Any] | None = None, **server: Any) -> AuthorizationCode:
    """A code, whose stored state and whose server's and IP's facts became these since."""
    code = make_code()
    AuthorizationCode.objects.filter(pk=code.pk).update(state=stored)
    Server.objects.filter(pk=code.server_id).update(**server) if server else None
    IPAddress.objects.filter(pk=code.ip_id).update(**ip) if ip else None
    return AuthorizationCode.objects.get(pk=code.pk)


def shown(code: AuthorizationCode, *, now: datetime = NOW) -> str:
    state: str = with_shown_state(AuthorizationCode.objects.filter(pk=code.pk), now=now).get().shown_state  # type: ignore[attr-defined]
    return state


def refusals(code: AuthorizationCode, *, now: datetime = NOW, account: str | None = None) -> list[str]:
    choice = None if account is None else FiledBy(account=account)
    return VALIDITY.report(code, now=now, choice=choice).failed_codes


def found(code: AuthorizationCode, rule: str, *, account: str | None = None) -> str:
    choice = None if account is None else FiledBy(account=account)
    report = VALIDITY.report(code, now=NOW, choice=choice)
    return next(outcome for outcome in report.outcomes if outcome.code == rule).found


FACTS: dict[str, dict[str, Any]] = {
    "intact": {},
    "server expired": {"expires_at": NOW},
    "IP expired": {"ip": {"expires_at": NOW}},
    "isolated": {"state": ServerState.ISOLATED},
    "IP released": {"ip": {"released_at": EARLIER}},
    "terminated": {"state": ServerState.TERMINATED},
    "pay-as-you-go": {"billing_mode": BillingMode.PAY_AS_YOU_GO, "expires_at": None},
    "released and expired": {"expires_at": NOW, "ip": {"released_at": EARLIER, "expires_at": EARLIER}},
    "spot and isolated": {"billing_mode": BillingMode.SPOT, "state": ServerState.ISOLATED},
}
EXPIRED, INVALID = "expired", "invalid"
# facts: shown when stored as unused, in use, used, withdrawn
SHOWN = {
    "intact": ("unused", "in_use", "used", "withdrawn"),
    "server expired": (EXPIRED, EXPIRED, "used", "withdrawn"),
    "IP expired": (EXPIRED, EXPIRED, "used", "withdrawn"),
    "isolated": (EXPIRED, EXPIRED, "used", "withdrawn"),
    "IP released": (INVALID, INVALID, "used", "withdrawn"),
    "terminated": (INVALID, INVALID, "used", "withdrawn"),
    "pay-as-you-go": (INVALID, INVALID, "used", "withdrawn"),
    "released and expired": (INVALID, INVALID, "used", "withdrawn"),
    "spot and isolated": (INVALID, INVALID, "used", "withdrawn"),
}
STORED = (State.UNUSED, State.IN_USE, State.USED, State.WITHDRAWN)


@pytest.mark.parametrize(
    ("facts", "stored", "expected"),
    [(facts, stored, row[place]) for facts, row in SHOWN.items() for place, stored in enumerate(STORED)],
)
def test_the_facts_of_server_and_ip_decide_what_a_stored_state_is_shown_as(
    facts: str, stored: str, expected: str
) -> None:
    assert shown(a_code(stored=stored, **FACTS[facts])) == expected


@pytest.mark.parametrize(
    ("server_ends", "ip_ends", "expected"),
    [
        (LATER, None, LATER),
        (LATER, LATER + TICK, LATER),
        (LATER + TICK, LATER, LATER),
        (None, LATER, LATER),
        (None, None, None),
    ],
)
def test_a_code_expires_with_server_or_ip_whichever_is_earlier(
    server_ends: datetime | None, ip_ends: datetime | None, expected: datetime | None
) -> None:
    facts: dict[str, Any] = {} if server_ends else {"billing_mode": BillingMode.PAY_AS_YOU_GO}
    code = a_code(expires_at=server_ends, ip={"expires_at": ip_ends}, **facts)
    assert expires_at(code) == expected


@pytest.mark.parametrize("whose", ["server", "ip"])
@pytest.mark.parametrize(
    ("after", "state", "expected"),
    [(-TICK, "unused", []), (0 * TICK, "expired", ["code_expired"]), (TICK, "expired", ["code_expired"])],
)
def test_at_the_instant_of_expiry_a_code_is_expired(
    whose: str, after: timedelta, state: str, expected: list[str]
) -> None:
    code = a_code(expires_at=LATER) if whose == "server" else a_code(ip={"expires_at": LATER})
    assert (shown(code, now=LATER + after), refusals(code, now=LATER + after)) == (state, expected)


def test_renewing_the_server_revives_an_unused_code_at_once() -> None:
    code = a_code(expires_at=NOW)
    assert shown(code) == EXPIRED
    Server.objects.filter(pk=code.server_id).update(expires_at=NOW + TICK)
    assert (shown(code), refusals(code)) == ("unused", [])


def test_an_isolated_server_recovers() -> None:
    code = a_code(state=ServerState.ISOLATED)
    assert (shown(code), refusals(code)) == (EXPIRED, ["code_expired"])
    Server.objects.filter(pk=code.server_id).update(state=ServerState.RUNNING)
    assert (shown(code), refusals(code)) == ("unused", [])


def test_a_recycled_address_revives_nothing() -> None:
    code = a_code(ip={"released_at": EARLIER})
    make_ip(make_server(), address=code.ip.address)
    assert (shown(code), refusals(code)) == (INVALID, ["code_invalid"])


def test_the_same_address_in_a_new_assignment_on_the_same_server_revives_nothing() -> None:
    code = a_code(ip={"released_at": EARLIER})
    make_ip(code.server, address=code.ip.address)
    assert (shown(code), refusals(code)) == (INVALID, ["code_invalid"])


def test_the_restored_assignment_revives_its_codes() -> None:
    code = a_code(ip={"released_at": EARLIER})
    IPAddress.objects.filter(pk=code.ip_id).update(released_at=None)
    assert (shown(code), refusals(code)) == ("unused", [])


def test_a_code_is_invalid_while_its_server_is_pay_as_you_go() -> None:
    code = a_code(billing_mode=BillingMode.PAY_AS_YOU_GO)
    assert (shown(code), refusals(code)) == (INVALID, ["code_invalid"])
    Server.objects.filter(pk=code.server_id).update(billing_mode=BillingMode.PREPAID)
    assert (shown(code), refusals(code)) == ("unused", [])


def test_what_no_longer_holds_for_generating_does_not_hurt_a_code(settings: Any) -> None:
    code = a_code(prepaid_months=1, public_ip_assigned=False)
    settings.CODES_PER_SERVER = 1
    assert refusals(code) == []


# facts: refusals when stored as unused, in use, used, withdrawn
IN_USE, USED, WITHDRAWN = "code_in_use", "code_used", "code_withdrawn"
REFUSALS: dict[str, list[str]] = {
    "intact": [],
    "server expired": ["code_expired"],
    "IP expired": ["code_expired"],
    "isolated": ["code_expired"],
    "IP released": ["code_invalid"],
    "terminated": ["code_invalid"],
    "pay-as-you-go": ["code_invalid"],
    "released and expired": ["code_expired", "code_invalid"],
    "spot and isolated": ["code_expired", "code_invalid"],
}


@pytest.mark.parametrize("facts", REFUSALS)
@pytest.mark.parametrize(
    ("stored", "first"),
    [(State.UNUSED, []), (State.IN_USE, [IN_USE]), (State.USED, [USED]), (State.WITHDRAWN, [WITHDRAWN])],
)
def test_the_refusals_are_named_together_in_order(facts: str, stored: str, first: list[str]) -> None:
    assert refusals(a_code(stored=stored, **FACTS[facts])) == first + REFUSALS[facts]


def test_a_report_names_every_rule_in_order_with_its_faq_number() -> None:
    report = VALIDITY.report(a_code(), now=NOW)
    assert [(outcome.code, outcome.faq) for outcome in report.outcomes] == [
        ("code_used", "5.2"),
        ("code_in_use", "5.1"),
        ("code_withdrawn", "5"),
        ("code_expired", "6"),
        ("code_invalid", "6"),
        ("not_authorized_account", ""),
    ]


@pytest.mark.parametrize(
    ("named", "files", "expected"),
    [
        ("", "1001", []),
        ("", "", []),
        ("1001", "1001", []),
        ("1001", "1002", ["not_authorized_account"]),
        ("1001", "", ["not_authorized_account"]),
        ("1001", None, []),  # not judged
    ],
)
def test_only_the_named_account_may_begin(named: str, files: str | None, expected: list[str]) -> None:
    code = make_code(authorized_account=named)
    assert refusals(code, account=files) == expected


def test_the_owner_too_is_another_account_than_the_one_named() -> None:
    code = make_code(authorized_account="1001")
    assert refusals(code, account=code.server.account.uid) == ["not_authorized_account"]


@pytest.mark.parametrize(
    ("facts", "rule", "expected"),
    [
        ({"expires_at": NOW}, "code_expired", "23 Nov 2026, 12:00"),
        ({"ip": {"expires_at": NOW}}, "code_expired", "23 Nov 2026, 12:00"),
        (
            {"state": ServerState.ISOLATED, "state_since": EARLIER},
            "code_expired",
            "The server has been isolated since 14 Nov 2026",
        ),
        (
            {"state": ServerState.TERMINATED, "state_since": EARLIER},
            "code_invalid",
            "The server was terminated on 14 Nov 2026",
        ),
        (
            {"ip": {"released_at": EARLIER, "address": "203.0.113.7"}},
            "code_invalid",
            "203.0.113.7 was released on 14 Nov 2026",
        ),
        ({"billing_mode": BillingMode.PAY_AS_YOU_GO}, "code_invalid", "Pay-as-you-go"),
    ],
)
def test_the_fact_is_named(facts: dict[str, Any], rule: str, expected: str) -> None:
    assert found(a_code(**facts), rule) == expected


def test_the_account_that_files_is_named() -> None:
    code = make_code(authorized_account="1001")
    assert found(code, "not_authorized_account", account="1002") == "1002"
    assert found(code, "not_authorized_account", account="") == "No account given"
