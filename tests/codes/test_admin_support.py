"""The desk's support requests: the queue, both reports, taking, answering, closing; by roles, and once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from codes import services
from codes.admin.columns import list_url, page_url
from codes.choices import SupportState
from codes.lookup import Handle, resolve
from codes.models import SupportMessage, SupportRequest
from codes.support import MAX_TEXT
from servers.choices import BillingMode
from tests.codes.pages import VALUE, post_raw, text
from tests.factories import make_account, make_agent, make_code, make_issued, make_request, make_server, make_user

pytestmark = pytest.mark.django_db
ANSWER = {"text": "It is put right: please generate again."}


@pytest.fixture(autouse=True)
def _counted_anew():
    cache.clear()


def signed_in(role="Agent", **fields):
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.agent = make_agent(role=role, **fields)
    client.force_login(client.agent)
    return client


def ask(server=None, **fields):
    now = timezone.now()
    return make_request(server or make_server(now=now), now=now, **fields)


def act_url(request, action):
    return reverse(f"admin:codes_supportrequest_{action}", args=[request.pk])


def open_url(server):
    return reverse("admin:codes_supportrequest_open", args=[server.pk])


def state_of(request):
    return SupportRequest.objects.get(pk=request.pk).state


def listed(client, **filters):
    html = client.get(list_url(SupportRequest, **filters)).content.decode()
    return [each for each in SupportRequest.objects.order_by("pk") if each.reference in html]


def test_the_tabs_list_whose_turn_it_is():
    client = signed_in()
    waiting, mine, answered, closed = (ask(text=f"No. {n}") for n in range(4))
    services.take(mine, actor=client.agent, now=timezone.now())
    services.answer(answered, text="Yes.", actor=client.agent, now=timezone.now())
    services.close(closed, actor=client.agent, now=timezone.now())
    assert listed(client) == listed(client, tab="open") == [waiting, mine]
    assert listed(client, tab="mine") == [mine]
    assert listed(client, tab="answered") == [answered]
    assert listed(client, tab="closed") == [closed]
    assert listed(client, tab="all") == [waiting, mine, answered, closed]
    assert listed(client, account=waiting.account.uid) == [waiting]


def test_all_requests_are_a_list_of_several_pages():
    now = timezone.now()
    for number in range(51):
        make_request(account=make_account(uid=f"1000000000{number:02}"), now=now)
    answer = signed_in().get(list_url(SupportRequest, tab="all"))
    assert (answer.status_code, answer.context["cl"].result_count) == (200, 51)


def test_the_queue_starts_with_what_only_we_can_resolve():
    now, client = timezone.now(), signed_in()
    plain = make_request(make_server(now=now, prepaid_months=1), now=now - timedelta(days=3))
    passing = make_request(make_server(now=now), now=now - timedelta(hours=3, minutes=40))
    html = client.get(list_url(SupportRequest)).content.decode()
    assert html.index(passing.reference) < html.index(plain.reference)
    assert (
        "All 12 conditions pass, yet it failed" in html
        and "Prepaid for 1 month in total; at least 3 are needed." in html
    )
    assert "3\xa0hours, 40\xa0minutes" in html and "Nobody yet" in html


@pytest.mark.parametrize("tab", ["x", "\0", "open'--"])
def test_a_tab_that_cannot_be_is_said_to_be_none(tab):
    client = signed_in()
    assert client.get(list_url(SupportRequest), {"tab": tab}, follow=True).status_code in (200, 400)


def test_the_sidebar_counts_who_waits():
    client = signed_in()
    assert '<span class="count">' not in client.get(list_url(SupportRequest)).content.decode()
    request = ask()
    cache.clear()
    assert '<span class="count">1</span>' in client.get(list_url(SupportRequest)).content.decode()
    client.post(act_url(request, "answer"), ANSWER)
    assert '<span class="count">' not in client.get(list_url(SupportRequest)).content.decode()


def test_the_start_page_shows_the_head_of_the_queue():
    client = signed_in()
    assert "Nobody waits for customer service." in text(client.get(reverse("admin:index")))
    request = ask()
    html = client.get(reverse("admin:index")).content.decode()
    assert request.reference in html and "All requests" in html and "only we can resolve those" in html


def test_both_reports_stand_side_by_side_with_what_changed():
    server = make_server(now=timezone.now(), billing_mode=BillingMode.PAY_AS_YOU_GO)
    request, client = ask(server), signed_in()
    assert "Changed" not in text(client.get(page_url(request)))
    server.billing_mode = BillingMode.PREPAID
    server.save()
    html = client.get(page_url(request)).content.decode()
    assert html.count('class="changed"') == 1
    row = html.split('class="changed"')[1].split("</tr>")[0]
    assert "Pay-as-you-go" in row and row.index("Fails") < row.index("Passes")
    assert "1 of 12 conditions failed when it was sent" in html


def test_a_condition_that_was_not_judged_then_counts_as_changed():
    asked = ask()
    SupportRequest.objects.filter(pk=asked.pk).update(report=asked.report[1:])
    html = signed_in().get(page_url(asked)).content.decode()
    assert html.count('class="changed"') == 1 and "Billing mode is prepaid" in html.split('class="changed"')[1]


def test_the_failed_try_is_named_by_its_request():
    client, tried = signed_in(), ask(request_id="8f2c41d7")
    assert "Failed request 8f2c41d7" in text(client.get(page_url(tried)))
    assert "Failed request" not in text(client.get(page_url(ask())))


def test_the_answer_is_prefilled_in_the_customers_language():
    server = make_server(now=timezone.now(), billing_mode=BillingMode.PAY_AS_YOU_GO)
    request, client = ask(server), signed_in()
    assert "cannot generate an ICP filing authorization code" in client.get(page_url(request)).content.decode()
    SupportRequest.objects.filter(pk=request.pk).update(language="zh-hans")
    form = client.get(page_url(request)).content.decode().split("<textarea")[1].split("</textarea>")[0]
    assert server.instance_id in form and "cannot generate" not in form


def test_what_no_condition_explains_is_not_answered_by_us_beforehand():
    client = signed_in()
    for request in (ask(), ask(text="x", code=make_code(now=timezone.now())), ask(account=make_account(), server=None)):
        form = client.get(page_url(request)).content.decode().split("<textarea")[1].split("</textarea>")[0]
        assert form.split(">")[1].strip() == ""


def test_a_request_is_taken_answered_and_closed():
    client, request = signed_in(first_name="Lin", last_name="Yue"), ask()
    assert "SR-" in text(client.post(act_url(request, "take"), follow=True))
    assert state_of(request) == SupportState.TAKEN
    assert "Lin Yue" in text(client.get(page_url(request)))
    answer = client.post(act_url(request, "answer"), ANSWER, follow=True)
    assert f"{request.reference} is answered." in text(answer) and ANSWER["text"] in text(answer)
    question = client.get(act_url(request, "close"))
    assert question.status_code == 200 and f"Close {request.reference}?" in text(question)
    assert state_of(request) == SupportState.ANSWERED
    client.post(act_url(request, "close"))
    assert state_of(request) == SupportState.CLOSED
    again = text(client.post(act_url(request, "close"), follow=True))
    assert "It is closed already." in again and again.count("a new message from the customer reopens it") == 1
    assert text(signed_in().get(page_url(request))).count("a new message from the customer reopens it") == 1


def test_an_answer_sent_twice_is_kept_once():
    client, request = signed_in(), ask()
    for _ in range(2):
        client.post(act_url(request, "answer"), ANSWER)
    assert request.messages.filter(is_staff=True).count() == 1


@pytest.mark.parametrize("action", ["take", "answer"])
def test_no_get_changes_anything(action):
    client, request = signed_in(), ask()
    assert client.get(act_url(request, action)).status_code == 405
    assert state_of(request) == SupportState.OPEN


def test_an_agent_opens_one_for_a_customer():
    client, server = signed_in(), make_server(now=timezone.now(), prepaid_months=1)
    assert open_url(server) in client.get(page_url(server)).content.decode()
    assert "Open a support request for" in text(client.get(open_url(server)))
    client.post(open_url(server), {"text": "The customer rang: it is renewed, and still refused."})
    request = SupportRequest.objects.get()
    assert (request.account, request.server, request.opened_by) == (server.account, server, client.agent)
    assert request.messages.get().is_staff and request.state == SupportState.OPEN


@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
def test_what_each_role_may_do(role):
    client, request = signed_in(role), ask()
    page = client.get(page_url(request))
    assert page.status_code == client.get(list_url(SupportRequest)).status_code == 200
    may = role != "Auditor"
    html = page.content.decode()
    assert (act_url(request, "answer") in html) == (act_url(request, "take") in html) == may
    assert (open_url(request.server) in client.get(page_url(request.server)).content.decode()) == may
    expected = 302 if may else 403
    for action, data in (("take", {}), ("answer", ANSWER), ("close", {})):
        assert client.post(act_url(request, action), data).status_code == expected, action
    assert client.get(open_url(request.server)).status_code == (200 if may else 403)
    assert client.post(open_url(request.server), ANSWER).status_code == expected
    assert (state_of(request) == SupportState.CLOSED) == may


def test_customers_and_staff_without_a_role_reach_nothing():
    request = ask()
    for person, status in ((make_user(), 302), (make_user(is_staff=True), 403)):
        client = Client()
        client.force_login(person)
        for url in (list_url(SupportRequest), page_url(request), act_url(request, "close"), open_url(request.server)):
            assert client.get(url).status_code == status, url
        assert client.post(act_url(request, "take")).status_code == status
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert request.reference not in client.get(reverse("admin:index")).content.decode()
    assert state_of(request) == SupportState.OPEN


@pytest.mark.parametrize("typed", ["", "  ", "\0", "a\0b", "x" * (MAX_TEXT + 1)])
def test_a_text_that_is_none_is_an_error_at_its_field(typed):
    client, request = signed_in(), ask()
    for url in (act_url(request, "answer"), open_url(request.server)):
        answer = post_raw(client, url, typed, "text")
        assert answer.status_code == 400 and 'href="#id_text"' in answer.content.decode()
    assert SupportMessage.objects.count() == 1


def test_no_value_is_sent_or_shown():
    issued = make_issued(make_server(now=timezone.now()), now=timezone.now())
    client, request = signed_in(), ask(code=issued.code, server=issued.code.server)
    for url in (act_url(request, "answer"), open_url(issued.code.server)):
        answer = client.post(url, {"text": f"use {issued.value}"})
        assert answer.status_code == 400 and "contains a code value" in text(answer)
    assert SupportMessage.objects.count() == 1
    assert not VALUE.search(client.get(page_url(request)).content.decode())


@pytest.mark.parametrize("path", ["0/take/", "999999/take/", f"{10**30}/close/", "x/answer/", "open/999999/"])
def test_what_is_not_there_is_not_500(path):
    answer = signed_in().post(f"{list_url(SupportRequest)}{path}", ANSWER)
    assert answer.status_code in (302, 404)


def test_nothing_adds_changes_or_deletes_past_the_services():
    client, request = signed_in("Supervisor"), ask()
    for name, args in (("add", []), ("delete", [request.pk])):
        assert client.get(reverse(f"admin:codes_supportrequest_{name}", args=args)).status_code == 403
    assert client.post(page_url(request), {"state": "closed"}).status_code == 405


@pytest.mark.parametrize("typed", ["{}", " {} ", "Ref: {}.", "客户工单 {}，请看"])
def test_the_look_up_finds_a_reference(typed):
    client, request = signed_in(), ask()
    answer = client.post("/admin/lookup/", {"q": typed.format(request.reference.lower())}, follow=True)
    assert answer.redirect_chain[-1][0] == page_url(request)
    found = resolve(request.reference.replace("-", " "), user=client.agent)
    assert found.requests == [request] and found.read_as == [Handle.REFERENCE]


def test_the_look_up_hides_requests_from_who_may_not_see_them():
    request, person = ask(), make_user(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_server"))
    found = resolve(request.reference, user=person)
    assert not found.objects and found.tried and Handle.REFERENCE not in found.tried


def test_list_and_page_cost_the_same_for_3_and_for_40():
    client, counts = signed_in(), []
    first = ask()
    for rows in (3, 37):
        for n in range(rows):
            request = ask(text=f"No. {n}")
            services.follow_up(first, text=f"Again {n} {rows}", actor=request.opened_by, now=timezone.now())
        cost = []
        for url in (list_url(SupportRequest), page_url(first), reverse("admin:index")):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            cost.append(len(queries))
        counts.append(cost)
    assert counts[0] == counts[1]
    assert counts[1][0] <= 9  # one of them, the sidebar's count, is otherwise kept for ten seconds


def test_an_empty_queue_is_said_to_be_one_and_leads_to_the_rest():
    client, request = signed_in(), make_request()
    services.close(request, actor=make_agent(), now=timezone.now())
    page = text(client.get(list_url(SupportRequest)))
    assert "Nothing is under “Open”." in page and "Nothing is here yet" not in page
    assert 'href="?tab=all">All</a>' in client.get(list_url(SupportRequest)).content.decode()


def test_neither_a_region_in_the_report_nor_a_reference_in_a_message_breaks_at_its_hyphen():
    client, request = signed_in(), ask(make_server(now=timezone.now(), region_code="ap-hongkong"))
    page = client.post(act_url(request, "answer"), ANSWER, follow=True).content.decode()
    said = page.split('<ul class="messagelist">')[1].split("</ul>")[0]
    assert f'<span class="nowrap">{request.reference}</span>' in said
    assert page.count('<span class="nowrap">ap-hongkong</span>') >= 2  # when it was sent, and now


def test_a_server_and_its_account_lead_to_their_requests():
    first, client = ask(), signed_in()
    ask(first.server)
    services.close(first, actor=client.agent, now=timezone.now())
    other = make_server(account=first.account)
    for obj, filters in [
        (first.server, {"server": first.server.instance_id}),
        (first.account, {"account": first.account.uid}),
    ]:
        page, url = client.get(page_url(obj)).content.decode(), list_url(SupportRequest, tab="all", **filters)
        assert f'<a href="{url.replace("&", "&amp;")}">1 open of 2</a>' in page
        assert len(listed(client, tab="all", **filters)) == 2
    assert "<dt>Support requests</dt>" not in client.get(page_url(other)).content.decode()


def test_who_opens_a_request_reads_of_the_one_that_waits_already():
    waiting, client = ask(), signed_in()
    said = f"{waiting.reference}</a> about this server is open already."
    assert said in client.get(open_url(waiting.server)).content.decode()
    services.close(waiting, actor=client.agent, now=timezone.now())
    assert said not in client.get(open_url(waiting.server)).content.decode()
