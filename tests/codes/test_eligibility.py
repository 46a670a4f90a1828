"""May this server generate a code, and why not: every refusal of the README, both sides of every boundary, by hand."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from codes.eligibility import FILING_NOT_REQUIRED, GENERATION, codes_left
from codes.messages import reason, sentence
from codes.reports import Report
from codes.server_facts import Choice, usable_ips
from servers.choices import BillingMode, IPKind, Jurisdiction, ServerState
from servers.models import IPAddress, Region, Server
from tests.factories import NOW, failed_codes, make_code, make_ip, make_region, make_server

pytestmark = pytest.mark.django_db

TICK = timedelta(microseconds=1)
GONE = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)  # 20 November, midnight, in Shanghai
IN_FAQ_ORDER = [
    ("not_prepaid", "4.1"),
    ("prepaid_term_too_short", "4.1"),
    ("not_mainland", "4.1"),
    ("region_unknown", "4.1"),
    ("public_ip_not_assigned", "4.2"),
    ("no_live_public_ip", "4.2"),
    ("elastic_ip", "4.2"),
    ("code_limit_reached", "4.3"),
    ("clb_ip", "4.4"),
    ("server_expired", "6"),
    ("server_isolated", "6"),
    ("server_terminated", "6"),
]


SAID = ("code", "faq", "title", "found", "explanation", "remedy")


def report_of(server: Server, **choice: Any) -> Report[Server]:
    return GENERATION.report(server, now=NOW, choice=Choice(**choice) if choice else None)


def found(server: Server, code: str, **choice: Any) -> str:
    return next(outcome for outcome in report_of(server, **choice).outcomes if outcome.code == code).found


def remedy(server: Server, code: str) -> str:
    return next(outcome for outcome in report_of(server).outcomes if outcome.code == code).remedy


def test_an_ordinary_server_may_generate() -> None:
    report = report_of(make_server())
    assert (report.passed, report.failed_codes, report.notes) == (True, [], [])


def test_a_report_names_every_rule_in_faq_order() -> None:
    assert [(outcome.code, outcome.faq) for outcome in report_of(make_server()).outcomes] == IN_FAQ_ORDER


# FAQ 4.1: prepaid


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        (BillingMode.PAY_AS_YOU_GO, "Pay-as-you-go"),
        (BillingMode.SPOT, "Spot"),
        (BillingMode.DEDICATED_HOST, "Dedicated host"),
        (BillingMode.DEDICATED_CLUSTER, "Dedicated cluster"),
    ],
)
def test_only_prepaid_qualifies_and_its_term_alone_is_judged(mode: str, seen: str) -> None:
    server = make_server(billing_mode=mode, prepaid_months=0)
    assert failed_codes(server) == ["not_prepaid"]
    assert found(server, "not_prepaid") == seen


def test_pay_as_you_go_never_qualifies_however_old() -> None:
    old = make_server(billing_mode=BillingMode.PAY_AS_YOU_GO, purchased_at=NOW - timedelta(days=4000), expires_at=None)
    assert failed_codes(old) == ["not_prepaid"]


@pytest.mark.parametrize(
    ("months", "expected"),
    [(0, ["prepaid_term_too_short"]), (2, ["prepaid_term_too_short"]), (3, []), (4, [])],
)
def test_three_months_pass_and_two_fail(months: int, expected: list[str]) -> None:
    assert failed_codes(make_server(prepaid_months=months)) == expected


@pytest.mark.parametrize(
    ("months", "seen", "advice"),
    [
        (0, "0 months", "Renew for 3 more months or longer: the terms add up."),
        (1, "1 month", "Renew for 2 more months or longer: the terms add up."),
        (2, "2 months", "Renew for 1 more month or longer: the terms add up."),
    ],
)
def test_a_short_term_says_how_many_months_there_are_and_are_missing(months: int, seen: str, advice: str) -> None:
    server = make_server(prepaid_months=months)
    assert found(server, "prepaid_term_too_short") == seen
    assert remedy(server, "prepaid_term_too_short") == advice


def test_a_term_that_is_long_enough_lacks_no_zero_months() -> None:
    server = make_server()
    assert remedy(server, "prepaid_term_too_short") == "Renew for 1 more month or longer: the terms add up."
    with translation.override("zh-hans"):
        assert "0" not in remedy(server, "prepaid_term_too_short")


def test_the_policy_names_the_months(settings: Any) -> None:
    settings.MIN_PREPAID_MONTHS = 6
    server = make_server(prepaid_months=5)
    (outcome,) = report_of(server).failed
    assert (outcome.code, outcome.title) == ("prepaid_term_too_short", "Prepaid for at least 6 months in total")
    assert "6 months are enough" in outcome.explanation
    assert outcome.remedy == "Renew for 1 more month or longer: the terms add up."
    assert "for 6 months or longer" in remedy(server, "not_prepaid")
    settings.MIN_PREPAID_MONTHS = 5
    assert failed_codes(server) == []


# FAQ 4.1: mainland China


@pytest.mark.parametrize(
    ("jurisdiction", "expected", "notes"),
    [
        (Jurisdiction.MAINLAND, [], []),
        (Jurisdiction.HONG_KONG, ["not_mainland"], [FILING_NOT_REQUIRED]),
        (Jurisdiction.MACAO, ["not_mainland"], []),
        (Jurisdiction.TAIWAN, ["not_mainland"], []),
        (Jurisdiction.OVERSEAS, ["not_mainland"], []),
        (Jurisdiction.UNCLASSIFIED, ["region_unknown"], []),
    ],
)
def test_the_region_is_mainland(jurisdiction: str, expected: list[str], notes: list[str]) -> None:
    report = report_of(make_server(region=make_region(jurisdiction=jurisdiction)))
    assert (report.failed_codes, report.notes) == (expected, notes)


@pytest.mark.parametrize(
    ("code", "expected", "seen"),
    [
        ("ap-guangzhou", [], "Guangzhou (ap-guangzhou)"),
        ("ap-hongkong", ["not_mainland"], "Hong Kong, China (ap-hongkong)"),
        ("ap-taipei", ["not_mainland"], "Taipei, China (ap-taipei), Taiwan, China"),
        ("ap-singapore", ["not_mainland"], "Singapore (ap-singapore), overseas"),
    ],
)
def test_the_region_is_named(code: str, expected: list[str], seen: str) -> None:
    server = make_server(region_code=code)
    assert (failed_codes(server), found(server, "not_mainland")) == (expected, seen)


def test_a_region_that_nobody_classified_is_not_said_to_be_in_mainland_china() -> None:
    server = make_server(region=make_region(code="ap-new", jurisdiction=Jurisdiction.UNCLASSIFIED))
    assert found(server, "not_mainland") == "Not judged: the region is not classified"
    assert found(server, "region_unknown") == "Test (ap-new)"


def test_in_chinese_a_region_stands_in_the_brackets_of_the_script() -> None:
    with translation.override("zh-hans"):
        assert found(make_server(), "not_mainland") == "广州（ap-guangzhou）"


# FAQ 4.2: the public IP


def test_a_public_ip_has_to_be_assigned_at_purchase() -> None:
    server = make_server(public_ip_assigned=False)
    assert failed_codes(server) == ["public_ip_not_assigned"]
    assert found(server, "public_ip_not_assigned") == "Not selected at purchase"


def test_what_was_never_assigned_is_not_missed_too() -> None:
    server = make_server(public_ip_assigned=False, with_ip=False)
    assert failed_codes(server) == ["public_ip_not_assigned"]
    assert found(server, "no_live_public_ip") == "Not judged: no public IP was assigned at purchase"
    make_ip(server, kind=IPKind.CLB, address="203.0.113.7")
    assert found(server, "no_live_public_ip") == "203.0.113.7, CLB IP"


def test_an_assigned_ip_has_to_be_on_record() -> None:
    server = make_server(with_ip=False)
    assert failed_codes(server) == ["no_live_public_ip"]
    assert found(server, "no_live_public_ip") == "No public IP on record"


@pytest.mark.parametrize("gone", [{"released_at": GONE}, {"expires_at": GONE}])
def test_a_lost_ip_is_named_with_its_end(gone: dict[str, datetime]) -> None:
    server = make_server(with_ip=False)
    make_ip(server, address="203.0.113.7", **gone)
    assert failed_codes(server) == ["no_live_public_ip"]
    assert found(server, "no_live_public_ip") == "203.0.113.7, gone since 20 Nov 2026, 00:00"
    with translation.override("zh-hans"):
        assert "2026-11-20 00:00" in found(server, "no_live_public_ip")


@pytest.mark.parametrize("last", ["released_at", "expires_at"])
def test_of_several_lost_ips_the_last_one_is_named(last: str) -> None:
    first = {"released_at": "expires_at", "expires_at": "released_at"}[last]
    server = make_server(with_ip=False)
    make_ip(server, address="203.0.113.7", **{last: GONE})
    make_ip(server, address="203.0.113.8", **{first: GONE - timedelta(days=9)})
    assert found(server, "no_live_public_ip") == "203.0.113.7, gone since 20 Nov 2026, 00:00"


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [(NOW - TICK, ["no_live_public_ip"]), (NOW, ["no_live_public_ip"]), (NOW + TICK, []), (None, [])],
)
def test_an_ip_ends_at_the_instant_of_its_own_expiry(expires_at: datetime | None, expected: list[str]) -> None:
    server = make_server(with_ip=False)
    make_ip(server, expires_at=expires_at)
    assert failed_codes(server) == expected


def test_an_ip_of_another_server_does_not_count() -> None:
    server, other = make_server(with_ip=False), make_server()
    assert failed_codes(server, choice=Choice(ip_id=other.ips.get().pk)) == ["no_live_public_ip"]


# Decision 5 and FAQ 4.4: which IP

PUBLIC, ELASTIC, CLB = IPKind.PUBLIC, IPKind.ELASTIC, IPKind.CLB


@pytest.mark.parametrize(
    ("kinds", "by_default", "with_elastic_allowed"),
    [
        ([PUBLIC], [], []),
        ([ELASTIC], ["elastic_ip"], []),
        ([CLB], ["clb_ip"], ["clb_ip"]),
        ([ELASTIC, CLB], ["elastic_ip", "clb_ip"], []),
        ([PUBLIC, ELASTIC, CLB], [], []),
    ],
)
def test_only_an_ordinary_ip_generates_and_an_elastic_one_where_allowed(
    settings: Any, kinds: list[str], by_default: list[str], with_elastic_allowed: list[str]
) -> None:
    server = make_server(with_ip=False)
    for kind in kinds:
        make_ip(server, kind=kind)
    assert failed_codes(server) == by_default
    settings.ELASTIC_IP_ALLOWED = True
    assert failed_codes(server) == with_elastic_allowed


@pytest.mark.parametrize(
    ("kind", "by_default", "with_elastic_allowed"),
    [(PUBLIC, [], []), (ELASTIC, ["elastic_ip"], []), (CLB, ["clb_ip"], ["clb_ip"])],
)
def test_a_chosen_ip_is_judged_alone(
    settings: Any, kind: str, by_default: list[str], with_elastic_allowed: list[str]
) -> None:
    server = make_server(with_ip=False)
    ips = {each: make_ip(server, kind=each) for each in (PUBLIC, ELASTIC, CLB)}
    choice = Choice(ip_id=ips[kind].pk)
    assert failed_codes(server, choice=choice) == by_default
    settings.ELASTIC_IP_ALLOWED = True
    assert failed_codes(server, choice=choice) == with_elastic_allowed


def test_a_chosen_ip_that_is_gone_is_named_beside_live_ones() -> None:
    server = make_server()
    lost = make_ip(server, address="203.0.113.7", released_at=GONE)
    assert report_of(server, ip_id=lost.pk).failed_codes == ["no_live_public_ip"]
    assert found(server, "no_live_public_ip", ip_id=lost.pk) == "203.0.113.7, gone since 20 Nov 2026, 00:00"


def test_elastic_and_clb_are_each_found_by_address() -> None:
    server = make_server(with_ip=False)
    make_ip(server, kind=ELASTIC, address="203.0.113.8")
    make_ip(server, kind=CLB, address="203.0.113.9")
    assert found(server, "elastic_ip") == "203.0.113.8, Elastic IP"
    assert found(server, "clb_ip") == "203.0.113.9, CLB IP"
    assert found(server, "no_live_public_ip") == "203.0.113.8, Elastic IP; 203.0.113.9, CLB IP"
    make_ip(server, address="203.0.113.7")
    assert found(server, "elastic_ip") == found(server, "clb_ip") == "203.0.113.7, ordinary public IP"


def default_ip(server: Server) -> IPAddress | None:
    return usable_ips(server, now=NOW).first()


def test_the_default_ip_is_the_ordinary_one_assigned_first() -> None:
    server = make_server(with_ip=False)
    make_ip(server, assigned_at=NOW - timedelta(days=1), position=0)
    first = make_ip(server, assigned_at=NOW - timedelta(days=2), position=9)
    make_ip(server, assigned_at=NOW - timedelta(days=3), released_at=GONE)
    make_ip(server, assigned_at=NOW - timedelta(days=3), expires_at=NOW)
    assert default_ip(server) == first
    assert make_code(server).ip == first


def test_the_first_listed_of_those_assigned_together_is_the_default() -> None:
    server = make_server(with_ip=False)
    make_ip(server, position=1)
    first = make_ip(server, position=0)
    assert default_ip(server) == first
    assert make_code(server).ip == first


def test_an_elastic_ip_is_the_default_only_without_an_ordinary_one(settings: Any) -> None:
    settings.ELASTIC_IP_ALLOWED = True
    server = make_server(with_ip=False)
    make_ip(server, kind=CLB, assigned_at=NOW - timedelta(days=900))
    elastic = make_ip(server, kind=ELASTIC, assigned_at=NOW - timedelta(days=800))
    assert default_ip(server) == elastic
    ordinary = make_ip(server)
    assert list(usable_ips(server, now=NOW)) == [ordinary, elastic]
    assert make_code(server).ip == ordinary
    settings.ELASTIC_IP_ALLOWED = False
    assert list(usable_ips(server, now=NOW)) == [ordinary]


# FAQ 4.3: the limit


def test_four_codes_leave_one_and_five_none() -> None:
    server = make_server()
    for _ in range(4):
        make_code(server)
    assert (failed_codes(server), codes_left(report_of(server))) == ([], 1)
    make_code(server)
    assert (failed_codes(server), codes_left(report_of(server))) == (["code_limit_reached"], 0)
    assert found(server, "code_limit_reached") == "5 of 5 generated"


@pytest.mark.parametrize(("count", "expected"), [(1, []), (3, []), (4, ["code_limit_reached"])])
def test_all_that_are_asked_for_have_to_fit(count: int, expected: list[str]) -> None:
    server = make_server()
    make_code(server, count=2)
    assert failed_codes(server, choice=Choice(count=count)) == expected


def test_asking_for_too_many_says_so() -> None:
    server = make_server()
    make_code(server, count=2)
    assert found(server, "code_limit_reached", count=4) == "2 of 5 generated, 4 more asked for"


def test_the_codes_of_another_server_do_not_count() -> None:
    other = make_server()
    make_code(other, count=5)
    assert failed_codes(make_server(account=other.account)) == []


def test_a_lowered_limit_holds_at_once_and_is_named(settings: Any) -> None:
    server = make_server()
    make_code(server, count=3)
    settings.CODES_PER_SERVER = 4
    assert failed_codes(server) == []
    settings.CODES_PER_SERVER = 3
    (outcome,) = report_of(server).failed
    assert (outcome.title, outcome.found) == ("Fewer than 3 codes generated", "3 of 3 generated")
    assert "at most 3 codes" in outcome.explanation
    settings.CODES_PER_SERVER = 2
    assert (found(server, "code_limit_reached"), codes_left(report_of(server))) == ("3 of 2 generated", 0)


def test_a_policy_of_one_is_said_in_the_singular(settings: Any) -> None:
    settings.CODES_PER_SERVER = settings.MIN_PREPAID_MONTHS = 1
    report = report_of(make_server(billing_mode=BillingMode.PAY_AS_YOU_GO))
    texts = [text for each in report.outcomes for text in (each.title, each.explanation, each.remedy)]
    texts += [reason(each.code, report.policy.as_dict()) for each in report.outcomes]
    texts += [sentence(each.code, each.found, report.policy.as_dict()) for each in report.outcomes]
    assert [text for text in texts if re.search(r"\b1 (codes|months|are)\b", text)] == []


# FAQ 6: the server's state


@pytest.mark.parametrize(
    ("expires_at", "expected"), [(NOW - TICK, ["server_expired"]), (NOW, ["server_expired"]), (NOW + TICK, [])]
)
def test_a_server_ends_at_the_instant_of_its_expiry(expires_at: datetime, expected: list[str]) -> None:
    assert failed_codes(make_server(expires_at=expires_at)) == expected


def test_an_expired_server_says_when() -> None:
    assert found(make_server(expires_at=GONE), "server_expired") == "20 Nov 2026, 00:00"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ServerState.RUNNING, []),
        (ServerState.STOPPED, []),
        (ServerState.ISOLATED, ["server_isolated"]),
        (ServerState.TERMINATED, ["server_terminated"]),
    ],
)
def test_running_and_stopped_are_fine(state: str, expected: list[str]) -> None:
    assert failed_codes(make_server(state=state)) == expected


def test_a_state_says_since_when() -> None:
    server = make_server(state=ServerState.ISOLATED, state_since=GONE)
    assert found(server, "server_isolated") == "Isolated since 20 Nov 2026"


def everything_wrong(state: str, **fields: Any) -> Server:
    """With a short term, abroad, Elastic and CLB IPs alone, five codes, expired."""
    server = make_server(
        region=make_region(jurisdiction=Jurisdiction.HONG_KONG), prepaid_months=2, expires_at=NOW, **fields
    )
    ip = server.ips.get()
    for slot in range(1, 6):
        server.codes.create(ip=ip, slot=slot, digest=f"{server.pk}:{slot}".encode(), sealed=b"", generated_at=NOW)
    IPAddress.objects.filter(pk=ip.pk).update(released_at=GONE)
    make_ip(server, kind=ELASTIC)
    make_ip(server, kind=CLB)
    Server.objects.filter(pk=server.pk).update(state=state)
    return server


def test_all_that_fail_are_reported_together_in_faq_order() -> None:
    report = report_of(everything_wrong(ServerState.ISOLATED, public_ip_assigned=False))
    assert report.failed_codes == [
        "prepaid_term_too_short",
        "not_mainland",
        "public_ip_not_assigned",
        "elastic_ip",
        "code_limit_reached",
        "clb_ip",
        "server_expired",
        "server_isolated",
    ]
    assert report.notes == [FILING_NOT_REQUIRED]


def test_a_terminated_server_fails_alone_without_notes() -> None:
    report = report_of(everything_wrong(ServerState.TERMINATED))
    assert (report.failed_codes, report.notes) == (["server_terminated"], [])
    assert {each.code for each in report.outcomes if each.judged} == {"server_terminated"}


def test_the_report_is_of_the_database_and_not_of_the_object_at_hand() -> None:
    server = make_server()
    Server.objects.filter(pk=server.pk).update(prepaid_months=1)
    assert failed_codes(server) == ["prepaid_term_too_short"]


def test_what_is_said_of_one_server_is_not_said_of_the_next() -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for server in _various():
                for outcome in report_of(server).outcomes:
                    assert outcome.said(language) == {name: getattr(outcome, name) for name in SAID}


def _various() -> list[Server]:
    region = make_region()
    plain = make_server(region=region)
    Region.objects.filter(pk=region.pk).update(name_en="Elsewhere", name_zh="别处")
    return [
        plain,
        make_server(region=region, with_ip=False),
        make_server(region=make_region(jurisdiction=Jurisdiction.OVERSEAS), public_ip_assigned=False),
        make_server(billing_mode=BillingMode.SPOT, purchased_at=None, expires_at=None),
        make_server(expires_at=NOW, prepaid_months=2),
        make_server(state=ServerState.ISOLATED, state_since=GONE),
        make_code().server,
    ]


def test_a_region_that_is_renamed_is_called_so_at_once() -> None:
    server = make_server()
    assert [report_of(server).outcomes[2].said("en")["found"] for _ in range(2)] == [str(server.region)] * 2
    Region.objects.filter(pk=server.region_id).update(name_en="Elsewhere")
    assert report_of(server).outcomes[2].said("en")["found"] == f"Elsewhere ({server.region.code})"


def test_those_that_can_are_found_by_columns_first_and_then_by_what_looks_least_up() -> None:
    sql = str(GENERATION.passing(Server.objects.all(), now=NOW).query).partition("WHERE")[2]
    places = [sql.index(name) for name in ("prepaid_months", "codes_authorizationcode", "servers_ipaddress")]
    assert places == sorted(places)
