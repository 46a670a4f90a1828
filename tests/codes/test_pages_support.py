"""Contact customer service: from any refusal and any code, sent once with the report, answered on its page."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from codes import services
from codes.choices import SupportState
from codes.models import SupportMessage, SupportRequest
from codes.support import MAX_OPEN, MAX_TEXT
from servers.choices import BillingMode, ServerState
from tests.codes.pages import VALUE, client_of, post_raw, text
from tests.factories import (
    NOW,
    make_account,
    make_agent,
    make_code,
    make_issued,
    make_region,
    make_request,
    make_server,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
ASK = {"text": "I renewed yesterday and it still says no."}


def ask_url(server, query=""):
    return reverse("codes:contact_server", args=[server.instance_id]) + query


def request_url(request):
    return reverse("codes:request", args=[request.reference])


@pytest.mark.parametrize(
    "facts",
    [
        {"prepaid_months": 1},
        {"billing_mode": BillingMode.PAY_AS_YOU_GO},
        {"state": ServerState.ISOLATED},
        {"state": ServerState.TERMINATED},
    ],
)
def test_every_refused_server_leads_to_customer_service(facts):
    server = make_server(**facts)
    client = client_of(server.account)
    for url in ("/", reverse("codes:server", args=[server.instance_id])):
        assert client.get(url).content.decode().count(f'href="{ask_url(server)}"') == 1


def test_an_unclassified_region_leads_there_first():
    server = make_server(region=make_region(jurisdiction="unclassified"))
    html = client_of(server.account).get("/").content.decode()
    assert html.count(f'class="btn btn-primary" href="{ask_url(server)}"') == 1 and html.count(ask_url(server)) == 1


def test_the_refused_page_leads_there_with_the_failed_try():
    server = make_server(prepaid_months=1)
    client = client_of(server.account)
    url = reverse("codes:generate", args=[server.instance_id])
    html = client.get(url).content.decode()
    assert f'href="{ask_url(server)}"' in html


def test_code_help_and_footer_lead_there():
    code = make_code()
    client = client_of(code.server.account)
    page = client.get(reverse("codes:code", args=[code.pk])).content.decode()
    assert reverse("codes:contact_code", args=[code.pk]) in page
    for url in ("/", reverse("codes:faq")):
        html = client.get(url).content.decode()
        assert f'href="{reverse("codes:contact")}"' in html and f'href="{reverse("codes:requests")}"' in html


def test_the_page_shows_the_report_that_is_sent_along():
    server = make_server(billing_mode=BillingMode.PAY_AS_YOU_GO)
    page = text(client_of(server.account).get(ask_url(server, "?request=8f2c41d7")))
    assert "This report is sent along" in page and "Pay-as-you-go" in page and "8f2c41d7" in page
    assert "Every condition passes" not in page


def test_sending_leads_to_the_page_with_the_reference():
    server = make_server(prepaid_months=1)
    client = client_of(server.account)
    answer = client.post(ask_url(server, "?request=8f2c41d7"), ASK, follow=True)
    request = SupportRequest.objects.get()
    assert answer.redirect_chain == [(request_url(request), 302)]
    assert (request.server, request.request_id, request.all_passed) == (server, "8f2c41d7", False)
    page = text(answer)
    assert request.reference in page and ASK["text"] in page and "Waiting for customer service" in page
    assert "The report that was sent along" in page and "1 month" in page
    assert 'class="rule-found" lang="en">1 month<' in answer.content.decode()


def test_a_message_that_is_too_long_is_told_and_comes_back_whole():
    server = make_server()
    client, typed = client_of(server.account), "line\r\n" * (MAX_TEXT // 5) + "end"
    assert "maxlength" not in client.get(ask_url(server)).content.decode()
    answer = client.post(ask_url(server), {"text": typed})
    assert answer.status_code == 400
    assert "at most 4000 characters; this has 4003" in text(answer) and ">\nline" in answer.content.decode()
    assert client.post(ask_url(server), {"text": typed.removesuffix("\r\nend")}).status_code == 302


def test_an_answer_is_told_on_the_first_page_for_a_week_and_to_its_account_alone():
    request = make_request()
    client, told = client_of(request.account), f"Customer service has answered your request {request.reference}"
    assert told not in text(client.get("/"))
    services.answer(request, text="Renewed servers count at once.", actor=make_agent(), now=NOW)
    page = client.get("/")
    assert f"{told} (just now)." in text(page) and f'href="{request_url(request)}"' in page.content.decode()
    assert told not in text(client_of(make_account()).get("/"))
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        assert told not in text(client.get("/"))
    services.follow_up(request, text="It does not.", actor=request.opened_by, now=NOW)
    assert told not in text(client.get("/"))


def test_an_answer_that_was_read_is_told_no_more_but_a_newer_one_is():
    request = make_request()
    client, told = client_of(request.account), f"Customer service has answered your request {request.reference}"
    for minutes in (0, 5):
        at = NOW + timedelta(minutes=minutes)
        services.answer(request, text="Renewed servers count at once.", actor=make_agent(), now=at)
        client.head(request_url(request))  # whoever asks for the headers alone has read nothing
        assert told in text(client.get("/"))
        client.get(request_url(request))
        assert told not in text(client.get("/"))
        services.follow_up(request, text="It does not.", actor=request.opened_by, now=at)


def test_all_passes_and_it_failed_is_an_answer_of_its_own():
    server = make_server()
    client = client_of(server.account)
    assert "only we can resolve it" in text(client.get(ask_url(server)))
    answer = client.post(ask_url(server), ASK, follow=True)
    page = text(answer)
    assert "Every condition passes: only we can resolve this" in page
    assert SupportRequest.objects.get().reference in page and 'class="verdict verdict-warn"' in answer.content.decode()


def test_a_question_about_a_code_and_about_nothing():
    code = make_code()
    client = client_of(code.server.account)
    for url in (reverse("codes:contact_code", args=[code.pk]), reverse("codes:contact")):
        assert client.post(url, ASK, follow=True).status_code == 200
    about_code, about_nothing = SupportRequest.objects.order_by("pk")
    assert (about_code.code, about_nothing.server, about_nothing.report) == (code, None, [])
    page = client.get(request_url(about_nothing)).content.decode()
    assert "The report that was sent along" not in page
    assert code.masked in client.get(request_url(about_code)).content.decode()


def test_a_form_sent_twice_makes_one_request():
    server = make_server(prepaid_months=1)
    client = client_of(server.account)
    answers = {client.post(ask_url(server), ASK).url for _ in range(2)}
    request = SupportRequest.objects.get()
    assert answers == {request_url(request)}
    for _ in range(2):
        client.post(request_url(request), {"text": "More."})
    assert SupportMessage.objects.count() == 2


@pytest.mark.parametrize(
    "query", ["?request=%00", "?request=a%20b", f"?request={'x' * 65}", "?request=%0A", "?other=1"]
)
def test_a_failed_try_that_cannot_be_is_left_out(query):
    server = make_server()
    client_of(server.account).post(ask_url(server, query), ASK)
    assert SupportRequest.objects.get().request_id == ""


@pytest.mark.parametrize("typed", ["", "   ", "\0", "a\0b", "x" * (MAX_TEXT + 1)])
def test_a_text_that_is_none_is_an_error_at_its_field(typed):
    server = make_server()
    client, request = client_of(server.account), make_request(server)
    for url in (ask_url(server), request_url(request)):
        answer = post_raw(client, url, typed, "text")
        assert answer.status_code == 400 and 'href="#id_text"' in answer.content.decode()
    assert SupportMessage.objects.count() == 1


def test_no_value_is_sent_or_shown():
    issued = make_issued()
    server, value = issued.code.server, issued.value
    client, request = client_of(server.account), make_request(server)
    for url in (ask_url(server), request_url(request)):
        answer = client.post(url, {"text": f"my code {value} fails"})
        assert answer.status_code == 400 and "contains a code value" in text(answer)
    assert SupportMessage.objects.count() == 1
    assert not VALUE.search(client.get(request_url(request)).content.decode())


def test_markup_in_a_text_stays_text():
    server = make_server()
    client = client_of(server.account)
    html = client.post(ask_url(server), {"text": "<script>alert(1)</script>"}, follow=True).content.decode()
    assert "<script>alert" not in html and "&lt;script&gt;" in html


def test_too_many_waiting_requests_are_refused_with_what_to_do():
    account = make_account()
    for n in range(MAX_OPEN):
        make_request(account=account, text=f"No. {n}")
    answer = client_of(account).post(reverse("codes:contact"), ASK)
    assert answer.status_code == 400 and "20 requests of this account are already waiting for an answer" in text(answer)


def test_the_answer_appears_and_a_follow_up_goes_back():
    server, agent = make_server(), make_agent(username="linyue")
    request, client = make_request(server), client_of(server.account)
    services.answer(request, text="Generate again, please.", actor=agent, now=timezone.now())
    page = text(client.get(request_url(request)))
    assert "Answered" in page and "Customer service" in page and "Generate again, please." in page
    assert "linyue" not in page
    assert client.post(request_url(request), {"text": "Still no."}).status_code == 302
    request.refresh_from_db()
    assert (request.state, request.taken_by) == (SupportState.TAKEN, agent)


def test_members_see_who_of_them_wrote():
    server = make_server()
    request = make_request(server)
    mine = client_of(server.account, first_name="Zhao", last_name="Min")
    mine.post(request_url(request), {"text": "Me too."})
    page = text(mine.get(request_url(request)))
    assert "You" in page and request.opened_by.username in page


def test_a_server_that_went_to_another_account_is_named_without_a_link():
    server = make_server()
    request, client = make_request(server), client_of(server.account)
    server.account = make_account()
    server.save()
    html = client.get(request_url(request)).content.decode()
    assert server.instance_id in html and f'href="{reverse("codes:server", args=[server.instance_id])}"' not in html


def test_my_requests_are_those_of_the_account_newest_first():
    account = make_account()
    client = client_of(account)
    assert "Your requests to customer service appear here" in text(client.get(reverse("codes:requests")))
    requests = [make_request(account=account, text=f"No. {n}", now=NOW) for n in range(3)]
    other = make_request()
    html = client.get(reverse("codes:requests")).content.decode()
    found = re.findall(r">(SR-[0-9A-Z]{4}-[0-9A-Z]{2})<", html)
    assert found == [request.reference for request in reversed(requests)] and other.reference not in html


def test_the_list_is_paged_and_costs_the_same_for_3_and_for_30():
    account, agent = make_account(), make_agent()
    client, url = client_of(account), reverse("codes:requests")

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    def fill(count):
        for n in range(count):
            request = make_request(make_server(account=account), text=f"No. {n}")
            services.answer(request, text="Yes.", actor=agent, now=NOW)

    fill(3)
    few = cost()
    fill(27)
    assert cost() == few <= 8
    html = client.get(url).content.decode()
    cursor = re.search(r"cursor=(\d+)", html)
    assert cursor and html.count('class="card"') == 20
    assert client.get(url, {"cursor": cursor[1]}).content.decode().count('class="card"') == 10


def test_a_long_conversation_costs_as_a_short_one():
    server, agent = make_server(), make_agent()
    request, client = make_request(server), client_of(server.account)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(request_url(request))
        counts.append(len(queries))
        for n in range(15):
            services.answer(request, text=f"No. {n}", actor=agent, now=NOW)
            services.follow_up(request, text=f"Yes {n}", actor=request.opened_by, now=NOW)
    assert counts[0] == counts[1] <= 8
