"""One server's report is the bulk report narrowed to it, and every server passes or fails: over generated rows."""

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.admin.servers import TABS
from codes.choices import State
from codes.eligibility import FILING_NOT_REQUIRED, GENERATION
from codes.models import AuthorizationCode
from codes.reports import Report
from codes.server_facts import Choice
from codes.standing import places
from codes.validity import VALIDITY, FiledBy, with_shown_state
from servers.choices import BillingMode, IPKind, Jurisdiction, ServerState
from servers.models import IPAddress, Region, Server
from tests.factories import NOW, make_account, make_region

pytestmark = pytest.mark.django_db

TICK = timedelta(microseconds=1)
MOMENTS = [NOW - timedelta(days=400), NOW - TICK, NOW, NOW + TICK, NOW + timedelta(days=400)]


def make_rows(number: int, *, seed: int = 7) -> None:
    """Servers with zero to three IPs and zero to five codes; every fact drawn from its boundary and absent values."""
    draw = random.Random(seed)
    account, regions = make_account(), [make_region(jurisdiction=each) for each in Jurisdiction]
    servers = Server.objects.bulk_create(
        _server(draw, n, account_id=account.pk, regions=regions) for n in range(number)
    )
    ips = IPAddress.objects.bulk_create(
        IPAddress(
            server=server,
            address=f"198.51.{server.pk % 250}.{place}:{server.pk}",
            kind=mostly(draw, IPKind.PUBLIC, IPKind.values),
            assigned_at=draw.choice(MOMENTS),
            position=draw.randint(0, 1),
            expires_at=mostly(draw, None, MOMENTS),
            released_at=mostly(draw, None, MOMENTS[:3]),
        )
        for server in servers
        for place in range(draw.randint(0, 3))
    )
    of_server: dict[int, list[IPAddress]] = {}
    for ip in ips:
        of_server.setdefault(ip.server_id, []).append(ip)
    AuthorizationCode.objects.bulk_create(
        AuthorizationCode(
            server_id=server_id,
            ip=draw.choice(own),
            slot=slot,
            state=draw.choice(State.values),
            digest=f"{server_id}:{slot}".encode(),
            sealed=b"",
            generated_at=NOW,
            authorized_account=draw.choice(["", "1001", "1002"]),
        )
        for server_id, own in of_server.items()
        for slot in range(1, draw.choice([0, 1, 4, 5]) + 1)
    )


def mostly(draw: random.Random, usual: Any, others: Iterable[Any]) -> Any:
    """So that some servers pass and others fail by one rule, by several, by all."""
    return usual if draw.random() < 0.75 else draw.choice([*others])


def _server(draw: random.Random, number: int, *, account_id: int, regions: list[Region]) -> Server:
    mode = mostly(draw, BillingMode.PREPAID, BillingMode.values)
    bought, ends = MOMENTS[0] - timedelta(days=400), mostly(draw, MOMENTS[-1], MOMENTS)
    if mode != BillingMode.PREPAID:
        bought, ends = draw.choice([None, bought]), draw.choice([None, ends])  # type: ignore[assignment]
    return Server(
        instance_id=f"ins-{number}",
        account_id=account_id,
        region=mostly(draw, regions[0], regions),
        billing_mode=mode,
        purchased_at=bought,
        expires_at=ends,
        prepaid_months=mostly(draw, 3, [0, 2, 4, 36]),
        state=mostly(draw, ServerState.RUNNING, ServerState.values),
        state_since=NOW,
        public_ip_assigned=mostly(draw, True, [False]),
        facts_at=NOW,
    )


def told(report: Report[Any]) -> list[tuple[object, ...]]:
    """Everything that a report says, texts too."""
    outcomes = [(each.code, each.passed, each.title, each.found, each.remedy) for each in report.outcomes]
    return [*outcomes, tuple(report.notes), tuple(report.failed_codes)]


def all_told(reports: Iterable[Report[Any]]) -> dict[int, list[tuple[object, ...]]]:
    return {report.subject.pk: told(report) for report in reports}


@pytest.mark.parametrize("elastic_ip_allowed", [False, True])
def test_the_report_of_one_server_is_the_bulk_report(settings: Any, elastic_ip_allowed: bool) -> None:
    settings.ELASTIC_IP_ALLOWED = elastic_ip_allowed
    make_rows(200)
    bulk = all_told(GENERATION.reports(Server.objects.all(), now=NOW))
    assert len(bulk) == 200
    assert bulk == {server.pk: told(GENERATION.report(server, now=NOW)) for server in Server.objects.all()}


def test_the_rows_hold_every_refusal_and_servers_that_pass() -> None:
    make_rows(200)
    reports = GENERATION.reports(Server.objects.all(), now=NOW)
    assert {code for report in reports for code in report.failed_codes} == {rule.code for rule in GENERATION.rules}
    assert 0 < sum(report.passed for report in reports) < 200
    codes = VALIDITY.reports(AuthorizationCode.objects.all(), now=NOW, choice=FiledBy(account="1001"))
    assert {code for report in codes for code in report.failed_codes} == {rule.code for rule in VALIDITY.rules}


def test_every_server_passes_or_fails_and_none_does_both() -> None:
    make_rows(400)
    everything = Server.objects.all()
    passing = set(GENERATION.passing(everything, now=NOW).values_list("pk", flat=True))
    failing = set(GENERATION.failing(everything, now=NOW).values_list("pk", flat=True))
    assert passing | failing == set(everything.values_list("pk", flat=True))
    assert passing & failing == set()
    reports = GENERATION.reports(everything, now=NOW)
    assert passing == {report.subject.pk for report in reports if report.passed}


def test_the_filter_on_a_refusal_is_the_reports_refusal() -> None:
    make_rows(400)
    reports = GENERATION.reports(Server.objects.all(), now=NOW)
    for rule in GENERATION.rules:
        filtered = GENERATION.failing(Server.objects.all(), now=NOW, code=rule.code)
        expected = {report.subject.pk for report in reports if rule.code in report.failed_codes}
        assert set(filtered.values_list("pk", flat=True)) == expected, rule.code


def test_an_unknown_refusal_is_no_filter() -> None:
    with pytest.raises(KeyError):
        GENERATION.failing(Server.objects.all(), now=NOW, code="no_such_rule")


def test_a_terminated_server_fails_by_that_alone() -> None:
    make_rows(400)
    for report in GENERATION.reports(Server.objects.filter(state=ServerState.TERMINATED), now=NOW):
        assert report.failed_codes == ["server_terminated"]


def test_the_rules_agree_with_a_second_reading_of_them() -> None:
    """The conditions once more, in Python, on rows where several facts are wrong at a time."""
    make_rows(300)
    for report in GENERATION.reports(Server.objects.prefetch_related("ips", "codes"), now=NOW):
        assert report.failed_codes == _by_hand(report.subject), report.subject.instance_id


def _by_hand(server: Server) -> list[str]:
    if server.state == "terminated":
        return ["server_terminated"]
    kinds = {
        ip.kind for ip in server.ips.all() if ip.released_at is None and (ip.expires_at is None or ip.expires_at > NOW)
    }
    where = server.region.jurisdiction
    fails = {
        "not_prepaid": server.billing_mode != "prepaid",
        "prepaid_term_too_short": server.billing_mode == "prepaid" and server.prepaid_months < 3,
        "not_mainland": where in ("hong_kong", "macao", "taiwan", "overseas"),
        "region_unknown": where == "unclassified",
        "public_ip_not_assigned": not server.public_ip_assigned,
        "no_live_public_ip": server.public_ip_assigned and not kinds,
        "elastic_ip": "elastic" in kinds and "public" not in kinds,
        "code_limit_reached": len(server.codes.all()) >= 5,
        "clb_ip": "clb" in kinds and "public" not in kinds,
        "server_expired": server.expires_at is not None and server.expires_at <= NOW,
        "server_isolated": server.state == "isolated",
    }
    return [code for code, does in fails.items() if does]


@pytest.mark.parametrize("choice", [None, FiledBy(account=""), FiledBy(account="1001")])
def test_the_report_of_one_code_is_the_bulk_report(choice: FiledBy | None) -> None:
    make_rows(100)
    codes = AuthorizationCode.objects.all()
    bulk = all_told(VALIDITY.reports(codes, now=NOW, choice=choice))
    assert len(bulk) == codes.count() > 50
    assert bulk == {code.pk: told(VALIDITY.report(code, now=NOW, choice=choice)) for code in codes}
    passing = set(VALIDITY.passing(codes, now=NOW).values_list("pk", flat=True))
    failing = set(VALIDITY.failing(codes, now=NOW).values_list("pk", flat=True))
    assert (passing | failing, passing & failing) == (set(bulk), set())


def test_a_code_that_nobody_is_kept_from_is_shown_as_unused_and_no_other() -> None:
    make_rows(200)
    usable = set(VALIDITY.passing(AuthorizationCode.objects.all(), now=NOW).values_list("pk", flat=True))
    shown = with_shown_state(AuthorizationCode.objects.all(), now=NOW).filter(shown_state="unused")
    assert usable == set(shown.values_list("pk", flat=True))
    assert usable


def tab_told(report: Report[Server]) -> str:
    if report.passed:
        return "true"
    if report.failed_codes == ["server_terminated"]:
        return "terminated"
    return "not_required" if FILING_NOT_REQUIRED in report.notes else "false"


def test_each_server_is_in_the_tab_that_its_report_says() -> None:
    make_rows(400)
    found = {
        value: {pk for pk, standing in standing_by_pk().items() if standing in meant}
        for value, (_label, meant) in TABS.items()
    }
    told_of: dict[str, set[int]] = {value: set() for value in TABS}
    for report in GENERATION.reports(Server.objects.all(), now=NOW):
        told_of[tab_told(report)].add(report.subject.pk)
    assert found == told_of and all(found.values())


def standing_by_pk() -> dict[int, int]:
    return {place.pk: place.standing for place in places(Server.objects.all(), now=NOW)}


def test_one_query_judges_a_hundred_servers_and_one_judges_one() -> None:
    make_rows(100)
    with CaptureQueriesContext(connection) as queries:
        reports = GENERATION.reports(Server.objects.all(), now=NOW)
        all_told(reports)
    assert (len(reports), len(queries)) == (100, 1)
    with CaptureQueriesContext(connection) as queries:
        told(GENERATION.report(reports[0].subject, now=NOW, choice=Choice(count=2)))
    assert len(queries) == 1


def test_one_query_judges_every_code_and_one_judges_one() -> None:
    make_rows(50)
    with CaptureQueriesContext(connection) as queries:
        reports = VALIDITY.reports(AuthorizationCode.objects.all(), now=NOW)
        all_told(reports)
    assert (len(reports) > 30, len(queries)) == (True, 1)
    with CaptureQueriesContext(connection) as queries:
        told(VALIDITY.report(reports[0].subject, now=NOW))
    assert len(queries) == 1
