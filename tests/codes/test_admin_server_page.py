"""The server page: what a renewal would change, what expires next, the reply, and facts' changes in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

from codes import services
from codes.admin import changes
from codes.admin.columns import page_url
from codes.admin.rows import dressed
from codes.admin.verdicts import replies, server_verdict, short_verdict
from codes.admin.what_if import endings
from codes.choices import Channel, EventType
from codes.eligibility import GENERATION
from codes.models import AuthorizationCode, CodeEvent
from codes.server_facts import Choice
from servers.choices import BillingMode, Jurisdiction, ServerState
from servers.models import Server
from tests import factories
from tests.codes.desk import signed_in
from tests.factories import NOW
from tests.servers.feeding import ip as ip_facts
from tests.servers.feeding import put

pytestmark = pytest.mark.django_db


def renewed(server: Server, months: int) -> list[str]:
    choice = Choice.renewal(server, months=months)
    return GENERATION.report(server, now=NOW, choice=choice).failed_codes


def test_a_renewal_adds_its_months_to_the_term() -> None:
    server = factories.make_server(prepaid_months=1)
    assert factories.failed_codes(server) == ["prepaid_term_too_short"]
    assert renewed(server, 1) == ["prepaid_term_too_short"]
    assert renewed(server, 2) == []
    assert factories.failed_codes(server) == ["prepaid_term_too_short"]


def test_a_renewal_moves_the_expiry_by_calendar_months_from_where_it_is() -> None:
    server = factories.make_server(expires_at=NOW - timedelta(days=40))
    assert renewed(server, 1) == ["server_expired"]
    assert renewed(server, 2) == []


def test_a_renewal_revives_an_isolated_server_and_no_terminated_one() -> None:
    isolated = factories.make_server(state=ServerState.ISOLATED, expires_at=NOW - timedelta(days=1))
    assert factories.failed_codes(isolated) == ["server_expired", "server_isolated"]
    assert renewed(isolated, 1) == []
    assert renewed(factories.make_server(state=ServerState.TERMINATED), 1) == ["server_terminated"]


def test_a_renewal_changes_no_other_condition() -> None:
    server = factories.make_server(prepaid_months=1, public_ip_assigned=False, region_code="ap-hongkong")
    assert renewed(server, 12) == ["not_mainland", "public_ip_not_assigned"]


def test_the_answer_says_what_was_judged() -> None:
    server = factories.make_server(prepaid_months=1)
    report = GENERATION.report(server, now=NOW, choice=Choice.renewal(server, months=1))
    assert {o.code: o.found for o in report.failed} == {"prepaid_term_too_short": "2 months"}
    assert "1 more month " in report.failed[0].remedy


def test_the_page_answers_what_if() -> None:
    now = timezone.now()
    server = factories.make_server(now=now, prepaid_months=1)
    client = signed_in()
    assert client.get(page_url(server)).context["what_if"].answer is None
    short = client.get(page_url(server), {"months": "1"}).context["what_if"].answer
    assert short.kind == "bad" and short.headline.startswith("No code can be generated")
    enough = client.get(page_url(server), {"months": "2"}).context["what_if"].answer
    assert (enough.kind, enough.headline) == ("ok", "It would pass")


@pytest.mark.parametrize("months", ["", "x", "0", "-1", "61", "1e9", "9" * 40, "\0"])
def test_months_that_cannot_be_are_said_at_the_field(months: str) -> None:
    page = signed_in().get(page_url(factories.make_server()), {"months": months})
    assert page.status_code == 200
    assert page.context["what_if"].form.errors["months"] and page.context["what_if"].answer is None


@pytest.mark.parametrize("facts", [{"billing_mode": BillingMode.SPOT}, {"state": ServerState.TERMINATED}])
def test_what_cannot_be_renewed_is_not_asked(facts: dict[str, Any]) -> None:
    asked = signed_in().get(page_url(factories.make_server(**facts)), {"months": "3"}).context["what_if"]
    assert asked.form is None and asked.why


def test_what_expires_next_is_listed_with_the_codes_that_go_with_it() -> None:
    server = factories.make_server(expires_at=NOW + timedelta(days=30), with_ip=False)
    ip = factories.make_ip(server, expires_at=NOW + timedelta(days=5))
    factories.make_ip(server, released_at=NOW, expires_at=NOW + timedelta(days=1))
    code = factories.make_code(server)
    codes = dressed(AuthorizationCode.objects.all(), now=NOW)
    first, second = endings(server, [ip, *server.ips.exclude(pk=ip.pk)], codes, now=NOW)
    assert (first.at, first.tone, second.at, second.tone) == (ip.expires_at, "warn", server.expires_at, "")
    assert [ip.address in first.things[0], code.masked in first.things[1]] == [True, True]
    assert len(first.things) == 2 and server.instance_id in second.things[0]


def test_nothing_expires_on_a_server_that_is_over() -> None:
    server = factories.make_server(expires_at=NOW)
    assert endings(server, server.ips.all(), [], now=NOW) == []


@pytest.mark.parametrize(("language", "first"), [("en", "en"), ("zh-hans", "zh-hans")])
def test_the_reply_in_the_pages_own_language_comes_first(language: str, first: str) -> None:
    page = signed_in().get(page_url(factories.make_server()), headers={"accept-language": language})
    assert next(reply.language for reply in page.context["replies"]) == first
    assert f'id="choose-reply-{first}" class="visually-hidden" checked' in page.content.decode()


@pytest.mark.parametrize(("generated", "left"), [(4, "1 of 5 codes is left."), (3, "2 of 5 codes are left.")])
def test_codes_left_are_counted_in_words_that_fit(generated: int, left: str) -> None:
    server = factories.make_server()
    for _slot in range(generated):
        factories.make_issued(server)
    report = GENERATION.report(server, now=NOW)
    assert server_verdict(report).line.endswith(left)
    reply = next(each.text for each in replies(report, []) if each.language == "en")
    assert reply.endswith("1 is left." if generated == 4 else "2 are left.")


def test_copying_is_the_primary_button_where_nothing_can_be_generated() -> None:
    now = timezone.now()
    good, bad = factories.make_server(now=now), factories.make_server(billing_mode=BillingMode.SPOT)
    agent, auditor = signed_in(), signed_in("Auditor")
    assert not agent.get(page_url(good)).context["reply_is_primary"]
    for client, server in ((agent, bad), (auditor, good)):
        html = client.get(page_url(server)).content.decode()
        assert html.count("btn-primary") == 2 and 'data-copy-target="reply-en"' in html


def story(**after: Any) -> list[str]:
    """The sentences of the newest change of a server that was put once and then again with `after`."""
    account = factories.make_account(uid="100012345678")
    heard: list[Any] = []

    def hear(found: Any) -> None:
        heard.extend(dict(detail) for _server, detail in found)

    put(account, heard=hear)
    put(after.pop("account", account), version=2, heard=hear, **after)
    return changes.sentences(heard[-1])


def test_a_new_server_is_told_as_first_seen() -> None:
    assert changes.sentences({"created": [None, "ins-a"]}) == ["First seen here"]


def test_state_and_expiry_are_told_in_words() -> None:
    assert story(state=ServerState.ISOLATED, expires_at=NOW)[:2] == [
        "Isolated (was Running)",
        "Now expires earlier: 23 Nov 2026, 12:00 (was 30 Apr 2027, 16:00)",
    ]


def test_a_renewal_is_told_as_one() -> None:
    told = story(expires_at=datetime(2027, 5, 31, 8, tzinfo=UTC))
    assert told == [
        "Renewed until 31 May 2027, 16:00, from 30 Apr 2027, 16:00",
        "Prepaid months in total: 16 (was 15)",
        "Facts version 2",
    ]


def test_billing_and_ips_are_told_in_words() -> None:
    told = story(billing_mode=BillingMode.PAY_AS_YOU_GO, expires_at=None, ips=(ip_facts("203.0.113.8"),))
    assert told[0] == "Billing changed from Prepaid (monthly subscription) to Pay-as-you-go"
    assert "No longer has an expiry time (was 30 Apr 2027, 16:00)" in told
    assert "IP gained: 203.0.113.8" in told and "IP lost: 203.0.113.7" in told


def test_kind_and_expiry_of_an_ip_are_told_by_its_address() -> None:
    told = story(ips=(ip_facts("203.0.113.7", kind="elastic", expires_at=NOW),))
    assert told[:2] == [
        "203.0.113.7 is now Elastic IP (was ordinary public IP)",
        "203.0.113.7 expires 23 Nov 2026, 12:00 (was No expiry time)",
    ]


def test_a_transfer_is_told_to_both_accounts() -> None:
    assert changes.sentences({"account": ["1", None]}) == ["Transferred from account 1 to another"]
    assert changes.sentences({"account": ["1", "2"]}) == ["Transferred from account 1 to 2, with its codes"]


def test_a_time_of_purchase_that_nobody_stated_is_no_expiry() -> None:
    told = changes.sentences({"purchased_at": [None, "2026-01-31T08:00:00+00:00"]})
    assert told == ["Purchased 31 Jan 2026, 16:00 (was recorded as –)"]


def test_a_fact_without_words_stands_by_its_name() -> None:
    assert changes.sentences({"shoe_size": [1, 2], "by": "x", "none": []}) == ["shoe_size: 1 → 2"]


def test_the_page_tells_changes_and_not_field_names() -> None:
    server = factories.make_server()
    detail = {"state": ["running", "isolated"], "prepaid_months": [12, 13], "version": [1, 2]}
    services.record_server_changes([(server, detail)], actor=None, channel=Channel.API, now=NOW)
    html = signed_in().get(page_url(server)).content.decode()
    assert "<strong>Isolated (was Running)</strong>" in html and "prepaid_months" not in html
    event = CodeEvent.objects.get(type=EventType.SERVER_CHANGED)
    with override("zh-hans"):
        assert changes.sentences(event.detail)


@pytest.mark.parametrize(("language", "word"), [("en", "Not judged"), ("zh-hans", "未判定")])
def test_beside_the_end_of_a_server_no_condition_is_said_to_pass(language: str, word: str) -> None:
    server = factories.make_server(state=ServerState.TERMINATED, now=timezone.now())
    page = signed_in(language=language).get(page_url(server)).content.decode()
    assert page.count("rule-unjudged") == 11 and page.count("rule-fails") == 1 and "rule-passes" not in page
    assert page.count(word) == 11


def test_a_condition_that_does_not_apply_is_not_said_to_pass() -> None:
    region = factories.make_region(code="ap-new", jurisdiction=Jurisdiction.UNCLASSIFIED)
    server = factories.make_server(billing_mode="spot", region=region, public_ip_assigned=False, with_ip=False)
    report = GENERATION.report(server, now=NOW)
    unjudged = ["prepaid_term_too_short", "not_mainland", "no_live_public_ip"]
    assert [each.code for each in report.outcomes if not each.judged] == unjudged
    assert all(each.passed and each.found.startswith("Not judged: ") for each in report.outcomes if not each.judged)
    page = signed_in().get(page_url(server)).content.decode()
    assert (page.count("rule-unjudged"), page.count("rule-fails"), page.count("rule-passes")) == (3, 3, 6)


def test_nothing_of_a_terminated_server_expires_next() -> None:
    server = factories.make_server(state=ServerState.TERMINATED)
    assert endings(server, [], [], now=NOW) == []


@pytest.mark.parametrize(("assigned", "word"), [(True, "1 of 12 fails"), (False, "2 of 12 fail")])
def test_a_row_counts_what_fails(assigned: bool, word: str) -> None:
    server = factories.make_server(prepaid_months=1, public_ip_assigned=assigned)
    assert short_verdict(GENERATION.report(server, now=NOW)) == word


def test_a_server_named_in_the_reply_does_not_break_at_its_hyphen():
    server = factories.make_server(now=timezone.now())
    page = signed_in().get(page_url(server)).content.decode()
    assert f'Server <span class="nowrap">{server.instance_id}</span> can generate' in page
