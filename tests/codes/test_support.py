"""Support requests: opened with the report as it was, taken, answered, followed up, closed; what is sent twice once."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from codes import services
from codes.choices import WAITING, SupportAction, SupportState
from codes.eligibility import GENERATION
from codes.errors import SupportRefused, TextUnfit, TooManyMessages, TooManyRequests, ValueInText
from codes.models import CodeEvent, SupportMessage, SupportRequest
from codes.support import MAX_MESSAGES, MAX_OPEN, MAX_TEXT, SUPPORT, mint_reference, references, report_then
from servers.choices import BillingMode, ServerState
from tests import factories
from tests.factories import NOW, make_request, make_server

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)


def in_state(state: str) -> SupportRequest:
    request = make_request()
    agent = factories.make_agent()
    if state == SupportState.TAKEN:
        services.take(request, actor=agent, now=NOW)
    if state == SupportState.ANSWERED:
        services.answer(request, text="Please try again.", actor=agent, now=NOW)
    if state == SupportState.CLOSED:
        services.close(request, actor=agent, now=NOW)
    request.refresh_from_db()
    assert request.state == state
    return request


def do(action: str, request: SupportRequest) -> SupportRequest:
    agent = factories.make_agent()
    match action:
        case SupportAction.TAKE:
            return services.take(request, actor=agent, now=LATER)
        case SupportAction.ANSWER:
            return services.answer(request, text="It is put right.", actor=agent, now=LATER)
        case SupportAction.CLOSE:
            return services.close(request, actor=agent, now=LATER)
    return services.follow_up(request, text="It still fails.", actor=request.opened_by, now=LATER)


def test_a_request_keeps_the_report_and_the_policy_of_then():
    server = make_server(billing_mode=BillingMode.PAY_AS_YOU_GO)
    request = make_request(server, request_id="8f2c41d7")
    assert [row["code"] for row in request.report] == [rule.code for rule in GENERATION.rules]
    assert {row["code"]: row["found"] for row in request.report if not row["passed"]} == {
        "not_prepaid": {"en": "Pay-as-you-go", "zh-hans": "按量计费"}
    }
    assert request.policy == {"codes_per_server": 5, "min_prepaid_months": 3, "elastic_ip_allowed": False}
    assert (request.all_passed, request.state, request.waiting_since) == (False, SupportState.OPEN, NOW)
    assert (request.account, request.server, request.request_id) == (server.account, server, "8f2c41d7")
    assert set(request.report[0]) == {"code", "passed", "judged", "found"}


def test_the_report_of_then_stays_when_the_server_changes():
    server = make_server(billing_mode=BillingMode.PAY_AS_YOU_GO)
    request = make_request(server)
    server.billing_mode = BillingMode.PREPAID
    server.save()
    assert [outcome.code for outcome in report_then(request).failed] == ["not_prepaid"]
    assert GENERATION.report(server, now=NOW).passed


@pytest.mark.parametrize(("language", "found"), [("en", "Pay-as-you-go"), ("zh-hans", "按量计费")])
@pytest.mark.parametrize("asked_in", ["en", "zh-hans"])
def test_what_was_found_then_is_read_in_the_readers_language(asked_in, language, found):
    with override(asked_in):
        request = make_request(make_server(billing_mode=BillingMode.PAY_AS_YOU_GO))
    request.refresh_from_db()
    with override(language):
        assert [outcome.found for outcome in report_then(request).failed] == [found]


def test_beside_the_end_of_a_server_nothing_else_was_judged() -> None:
    request = make_request(make_server(state=ServerState.TERMINATED))
    assert [outcome.code for outcome in report_then(request).outcomes if outcome.judged] == ["server_terminated"]


def test_what_did_not_apply_then_was_not_judged() -> None:
    request = make_request(make_server(billing_mode=BillingMode.PAY_AS_YOU_GO))
    request.refresh_from_db()
    assert [each.code for each in report_then(request).outcomes if not each.judged] == ["prepaid_term_too_short"]


def test_an_older_request_says_no_more_than_it_kept() -> None:
    request = make_request(make_server(state=ServerState.TERMINATED))
    for row in request.report:
        del row["judged"]
    assert [each.code for each in report_then(request).outcomes if each.judged] == ["server_terminated"]


def test_titles_of_then_name_the_policy_of_then(settings):
    request = make_request()
    settings.MIN_PREPAID_MONTHS = 6
    titles = [outcome.title for outcome in report_then(request).outcomes]
    assert "Prepaid for at least 3 months in total" in titles


def test_a_rule_that_is_no_more_is_named_by_its_code():
    request = make_request()
    request.report = [{"code": "of_old", "passed": False, "found": "something"}]
    assert [outcome.title for outcome in report_then(request).outcomes] == ["of_old"]


def test_where_every_condition_passes_is_marked():
    assert make_request().all_passed
    assert not make_request(account=factories.make_account()).all_passed


def test_a_request_about_a_code_keeps_the_codes_report_and_names_its_server():
    code = factories.make_code()
    request = make_request(code=code)
    assert (request.code, request.server, request.all_passed) == (code, code.server, True)
    assert "code_used" in {row["code"] for row in request.report}


def test_opening_is_no_event():
    server = make_server()
    make_request(server)
    assert not CodeEvent.objects.filter(server=server).exists()


def test_the_message_says_who_and_when():
    person = factories.make_user()
    message = make_request(actor=person, text="  Why?\r\nReally.  ").messages.get()
    assert (message.author, message.is_staff, message.at, message.text) == (person, False, NOW, "Why?\nReally.")


@pytest.mark.parametrize("state", SupportState)
@pytest.mark.parametrize("action", SupportAction)
def test_each_action_in_each_state(action, state):
    request = in_state(state)
    if not SUPPORT[action].allows(state):
        with pytest.raises(SupportRefused) as refused:
            do(action, request)
        assert str(refused.value.explanation)
        return
    after = do(action, request)
    after.refresh_from_db()
    expected = SUPPORT[action].target
    if action == SupportAction.FOLLOW_UP and state in (SupportState.TAKEN, SupportState.ANSWERED):
        expected = SupportState.TAKEN  # it is somebody's already
    assert after.state == expected
    assert (after.waiting_since is not None) == (after.state in WAITING)


def test_taking_names_the_agent_and_a_colleague_may_take_over():
    request, first, second = make_request(), factories.make_agent(), factories.make_agent()
    assert services.take(request, actor=first, now=NOW).taken_by == first
    again = services.take(request, actor=first, now=LATER)
    assert again.taken_at == NOW
    over = services.take(request, actor=second, now=LATER)
    assert (over.taken_by, over.taken_at) == (second, LATER)


def test_an_answer_takes_and_ends_the_waiting():
    request, agent = make_request(), factories.make_agent()
    after = services.answer(request, text="Renewed for you.", actor=agent, now=LATER)
    assert (after.taken_by, after.answered_at, after.waiting_since) == (agent, LATER, None)
    message = after.messages.order_by("-pk")[0]
    assert (message.is_staff, message.author) == (True, agent)


def test_a_follow_up_keeps_the_longer_waiting():
    request = make_request()
    assert services.follow_up(request, text="Hello?", actor=request.opened_by, now=LATER).waiting_since == NOW


def test_a_follow_up_opens_a_closed_request_for_anybody():
    request = in_state(SupportState.CLOSED)
    after = services.follow_up(request, text="Once more.", actor=request.opened_by, now=LATER)
    assert (after.state, after.taken_by, after.closed_by, after.closed_at) == (SupportState.OPEN, None, None, None)
    assert after.waiting_since == LATER


def test_closing_says_who_and_when():
    request, agent = make_request(), factories.make_agent()
    after = services.close(request, actor=agent, now=LATER)
    assert (after.closed_by, after.closed_at) == (agent, LATER)


def test_what_is_sent_twice_is_kept_once():
    server, person, agent = make_server(), factories.make_user(), factories.make_agent()
    first, second = (make_request(server, actor=person) for _ in range(2))
    assert first == second and first.messages.count() == 1
    for _ in range(2):
        services.follow_up(first, text="More.", actor=person, now=NOW)
    for _ in range(2):
        services.answer(first, text="So.", actor=agent, now=NOW)
    assert [message.text for message in first.messages.order_by("pk")][1:] == ["More.", "So."]


def test_the_same_question_about_another_server_is_another_request():
    account, person = factories.make_account(), factories.make_user()
    servers = [make_server(account=account) for _ in range(2)]
    assert make_request(servers[0], actor=person) != make_request(servers[1], actor=person)


def test_the_same_question_of_a_colleague_or_about_a_code_is_another_request():
    issued = factories.make_issued()
    server, actor = issued.code.server, factories.make_user()
    asked = [
        make_request(server, actor=actor),
        make_request(server, actor=factories.make_user()),
        make_request(server, code=issued.code, actor=actor),
    ]
    assert len({each.pk for each in asked}) == 3


def test_the_language_of_the_question_is_kept():
    with override("zh-hans"):
        assert make_request().language == "zh-hans"


def test_a_reference_that_is_taken_is_not_given_again(monkeypatch):
    server, people, letters = make_server(), [factories.make_user() for _ in "ab"], iter("AAAAAA" * 2 + "BBBBBB")
    monkeypatch.setattr("secrets.choice", lambda alphabet: next(letters))
    assert [make_request(server, actor=each).reference for each in people] == ["SR-AAAA-AA", "SR-BBBB-BB"]


def test_a_colleague_who_answers_does_not_take_over():
    request, lin = make_request(), factories.make_agent()
    services.take(request, actor=lin, now=NOW)
    assert services.answer(request, text="Try again.", actor=factories.make_agent(), now=LATER).taken_by == lin


def test_an_account_has_at_most_so_many_waiting_requests():
    account, person = factories.make_account(), factories.make_user()
    sent = [make_request(account=account, actor=person, text=f"No. {n}") for n in range(MAX_OPEN)]
    with pytest.raises(TooManyRequests):
        make_request(account=account, actor=person, text="one more")
    make_request(account=account, actor=factories.make_agent(), text="for the customer", by_staff=True)
    make_request(text="another account's")
    for request in sent[:2]:
        services.answer(request, text="Yes.", actor=factories.make_agent(), now=NOW)
    assert make_request(account=account, actor=person, text="one more")


def test_a_customer_writes_at_most_so_many_messages_in_one_request():
    request = make_request()
    SupportMessage.objects.bulk_create(
        SupportMessage(request=request, author=request.opened_by, at=NOW, text=str(n)) for n in range(2, MAX_MESSAGES)
    )
    services.answer(request, text="Go on.", actor=factories.make_agent(), now=NOW)  # which does not count
    services.follow_up(request, text="the last", actor=request.opened_by, now=NOW)
    assert request.messages.filter(is_staff=False).count() == MAX_MESSAGES
    with pytest.raises(TooManyMessages):
        services.follow_up(request, text="more", actor=request.opened_by, now=NOW)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (MAX_TEXT + 1), "a\0b"])
def test_a_text_that_is_none_is_refused(text):
    request = make_request()
    with pytest.raises(TextUnfit):
        make_request(text=text)
    with pytest.raises(TextUnfit):
        services.follow_up(request, text=text, actor=request.opened_by, now=NOW)
    with pytest.raises(TextUnfit):
        services.answer(request, text=text, actor=factories.make_agent(), now=NOW)
    assert SupportMessage.objects.count() == 1


def test_a_text_of_all_the_characters_that_it_may_have_is_sent():
    assert make_request(text="x" * MAX_TEXT).messages.get().text == "x" * MAX_TEXT


def test_no_text_holds_a_value():
    request, value = make_request(), factories.make_issued().value
    for text in (value, f"my code {value.lower()} fails", value.replace("-", " ")):
        with pytest.raises(ValueInText):
            make_request(text=text)
        with pytest.raises(ValueInText):
            services.follow_up(request, text=text, actor=request.opened_by, now=NOW)
        with pytest.raises(ValueInText):
            services.answer(request, text=text, actor=factories.make_agent(), now=NOW)
    assert SupportMessage.objects.count() == 1


def test_a_reference_is_six_characters_for_reading_aloud():
    for _ in range(50):
        reference = mint_reference()
        assert references(reference) == [reference] and not set(reference[2:]) & set("OIL")


@pytest.mark.parametrize(
    "text",
    [
        "SR-4W7K-29",
        "sr-4w7k-29",
        "Customer quotes SR 4W7K 29, please",
        "SR4W7K29",
        "Ref: SR-4W7K-29.",
    ],
)
def test_a_reference_is_read_however_it_is_typed(text):
    assert references(text) == ["SR-4W7K-29"]


def test_letters_that_look_like_digits_are_forgiven_in_a_reference():
    assert references("SR-OIL4-29") == ["SR-0114-29"]


@pytest.mark.parametrize("text", ["", "SR", "SR-4W7K", "SR-4W7K-2", "SR-4W7K-299", "XSR-4W7K-29", "ins-4h8t2wnc"])
def test_what_is_no_reference_is_none(text):
    assert references(text) == []


def test_requests_are_visible_to_members_alone():
    member = factories.make_user()
    request = make_request(make_server(account=factories.make_account(members=(member,))))
    make_request()
    assert list(SupportRequest.objects.visible_to(member)) == [request]
    assert not SupportRequest.objects.visible_to(factories.make_user()).exists()


def test_the_queue_lists_first_what_only_we_can_resolve():
    plain = make_request(make_server(prepaid_months=2))
    late, early = make_request(now=LATER), make_request(now=NOW)
    services.answer(make_request(), text="Done.", actor=factories.make_agent(), now=NOW)
    assert list(SupportRequest.objects.waiting().in_order()) == [early, late, plain]
