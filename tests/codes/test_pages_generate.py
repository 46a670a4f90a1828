"""Generating: from the form to the code that is shown once, and never twice from one form."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from codes.choices import Channel, EventType
from codes.models import AuthorizationCode, CodeEvent
from codes.views import generation
from servers.choices import BillingMode, IPKind
from servers.models import Server
from tests.codes.pages import VALUE, client_of, form_id, generate_url, text
from tests.factories import NOW, make_code, make_ip, make_issued, make_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def server():
    return make_server()


@pytest.fixture
def client(server):
    return client_of(server.account)


def send(client, server, **fields):
    return client.post(generate_url(server), {"form_id": form_id(client, server), **fields})


def test_generating_leads_to_the_code_in_full_once(client, server):
    answer = send(client, server, remark="shop", authorized_account="100098765432")
    code = server.codes.get()
    assert (answer.status_code, answer.url) == (302, reverse("codes:code", args=[code.pk]))
    page = client.get(answer.url)
    shown = VALUE.search(page.content.decode()).group()
    assert AuthorizationCode.objects.of_value(shown).get() == code
    assert "Your code is ready" in text(page) and "Account 100098765432 only" in text(page)
    assert page["Cache-Control"] == "no-store"
    again = client.get(answer.url)
    assert not VALUE.search(again.content.decode())
    assert code.masked in text(again) and "shop" in text(again)


def test_the_value_is_in_no_address_session_or_cookie(client, server):
    answer = send(client, server)
    shown = VALUE.search(client.get(answer.url).content.decode()).group()
    group = shown.split("-")[1]
    kept = f"{answer.url} {dict(client.session)} {client.cookies}"
    assert group not in kept


def test_what_was_typed_and_who_did_it_is_recorded(client, server):
    send(client, server, remark=" shop ", authorized_account="12345")
    code = server.codes.get()
    assert (code.remark, code.authorized_account) == ("shop", "12345")
    event = code.events.get()
    assert (event.type, event.channel) == (EventType.GENERATED, Channel.SELF_SERVICE)
    assert event.user_id == int(client.session["_auth_user_id"])


def test_showing_the_new_code_is_recorded_once(client, server):
    url = send(client, server).url
    client.get(url), client.get(url)
    assert [event.type for event in server.codes.get().events.order_by("pk")] == ["generated", "revealed"]


def test_the_same_form_sent_again_leads_to_the_same_code(client, server):
    fields = {"form_id": form_id(client, server)}
    first, again = (client.post(generate_url(server), fields) for _ in range(2))
    assert first.url == again.url
    assert server.codes.count() == 1
    assert "This form was sent before" in text(client.get(again.url))


def test_another_form_generates_another_code(client, server):
    send(client, server), send(client, server)
    assert server.codes.count() == 2


def test_a_form_that_another_tab_overtook_asks_again_before_a_second_code(client, server):
    def opened():
        return dict(
            re.findall(r'name="(form_id|seen)" value="([^"]+)"', client.get(generate_url(server)).content.decode())
        )

    first, second = opened(), opened()
    assert client.post(generate_url(server), first).status_code == 302
    asked = client.post(generate_url(server), {**second, "remark": "blog"})
    code = server.codes.get()
    assert asked.status_code == 409 and 'value="blog"' in asked.content.decode()
    assert f"{code.masked} was generated from this server while this form was open" in text(asked)
    again = dict(re.findall(r'name="(form_id|seen)" value="([^"]+)"', asked.content.decode()))
    assert client.post(generate_url(server), again).status_code == 302
    assert client.post(generate_url(server), first).url == reverse("codes:code", args=[code.pk])
    assert server.codes.count() == 2


def test_a_form_that_another_tab_overtook_with_the_last_code_says_that_none_is_left(client, server, settings):
    settings.CODES_PER_SERVER = 1
    form = dict(re.findall(r'name="(form_id|seen)" value="([^"]+)"', client.get(generate_url(server)).content.decode()))
    send(client, server)
    answer = client.post(generate_url(server), form)
    assert answer.status_code == 409 and "The only code is generated" in text(answer)
    assert "Send the form again" not in text(answer)


def test_whoever_goes_back_to_generate_again_is_told_of_the_code_that_there_is(client, server):
    said = "was generated from this server a few minutes ago"
    assert said not in text(client.get(generate_url(server)))
    with time_machine.travel(NOW) as clock:
        send(client, server)
        page = client.get(generate_url(server))
        assert f"{server.codes.get().masked} {said}" in text(page)
        assert f'href="{reverse("codes:code", args=[server.codes.get().pk])}"' in page.content.decode()
        clock.shift(11 * 60)
        assert said not in text(client.get(generate_url(server)))


def test_a_form_without_its_id_generates_nothing_and_gets_a_new_one(client, server):
    answer = client.post(generate_url(server), {"remark": "shop"})
    assert answer.status_code == 400
    assert "arrived incomplete" in text(answer) and 'value="shop"' in answer.content.decode()
    assert "Error: Generate a code" in text(answer)
    client.cookies["django_language"] = "zh-hans"
    assert "错误：生成授权码" in text(client.post(generate_url(server)))
    fresh = re.search(r'name="form_id" value="([^"]+)"', answer.content.decode()).group(1)
    assert client.post(generate_url(server), {"form_id": fresh}).status_code == 302


def test_a_code_shown_late_is_masked(client, server):
    with time_machine.travel(NOW) as clock:
        url = send(client, server).url
        clock.shift(11 * 60)
        assert not VALUE.search(client.get(url).content.decode())


@pytest.mark.parametrize("uid", ["Lan Ye", "li@example.com", "9" * 33, "青山"])
def test_what_cannot_be_an_account_is_refused_at_the_field(client, server, uid):
    answer = send(client, server, authorized_account=uid)
    assert answer.status_code == 400 and not server.codes.exists()
    assert 'href="#id_authorized_account"' in answer.content.decode()
    assert f'value="{uid}' in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "uid"),
    [("9" * 32, "9" * 32), ("acme_cn-1.a", "acme_cn-1.a"), (" １０００１２３４５６７８", "100012345678")],
)
def test_every_uid_that_the_api_takes_is_an_account_here(client, server, typed, uid):
    assert send(client, server, authorized_account=typed).status_code == 302
    assert server.codes.get().authorized_account == uid


def test_no_browser_cuts_off_what_is_pasted(client, server):
    assert "maxlength" not in client.get(generate_url(server)).content.decode()
    answer = send(client, server, remark="x" * 201, authorized_account="1" * 33)
    assert answer.status_code == 400
    assert "Write at most 200 characters; this has 201." in text(answer) and "up to 32 letters" in text(answer)


def test_a_remark_that_holds_a_code_is_refused_at_the_field(client, server):
    value = make_issued().value
    answer = send(client, server, remark=f"use {value}")
    assert answer.status_code == 400 and not server.codes.exists()
    assert 'href="#id_remark"' in answer.content.decode()


def test_one_ip_is_no_choice(client, server):
    page = client.get(generate_url(server)).content.decode()
    assert 'type="radio"' not in page and server.ips.get().address in page


def test_several_ips_are_chosen_from_and_the_others_say_why_not(client, server):
    second = make_ip(server)
    clb = make_ip(server, kind=IPKind.CLB)
    page = client.get(generate_url(server))
    assert page.content.decode().count('type="radio"') == 2
    assert f"{clb.address} (CLB IP): A load balancer (CLB) is pay-as-you-go" in text(page)
    chinese = text(client.get(generate_url(server), headers={"Accept-Language": "zh-hans"}))
    assert f"{clb.address} （负载均衡（CLB）IP）：负载均衡（CLB）为按量计费" in chinese
    assert send(client, server).status_code == 400
    assert send(client, server, ip=clb.pk).status_code == 400
    assert send(client, server, ip=second.pk).status_code == 302
    assert server.codes.get().ip == second


def test_an_ip_that_arrives_while_the_form_is_made_is_not_told_to_be_barred(client, server, monkeypatch):
    def cards(*args, **kwargs):
        make_ip(server)
        return made(*args, **kwargs)

    made = generation.cards
    monkeypatch.setattr(generation, "cards", cards)
    page = client.get(generate_url(server))
    assert (page.status_code, page.context["barred"]) == (200, [])


def test_an_ip_that_expires_soon_is_warned_of_before_and_after(client, server):
    assert "and its codes with it" not in text(client.get(generate_url(server)))
    ip = server.ips.get()
    ip.expires_at = NOW + timedelta(days=5)
    ip.save()
    page = text(client.get(generate_url(server)))
    assert f"You can generate a code, but the IP {ip.address} expires in 5 days" in page
    assert "and its codes with it" not in page  # said once
    page = text(client.get(send(client, server).url))
    assert "It expires in 5 days, with its IP. Renew the IP first" in page and "Renew the server first" not in page


def test_of_several_ips_each_that_expires_soon_is_warned_of_once(client, server):
    default = server.ips.get()
    server.ips.update(expires_at=NOW + timedelta(days=5))
    other = make_ip(server, expires_at=NOW + timedelta(days=7))
    page = text(client.get(generate_url(server)))
    assert f"but the IP {default.address} expires in 5 days" in page
    assert f"The IP {other.address} expires on 30 Nov 2026, 12:00, and its codes with it. Renew it first" in page
    assert page.count("and its codes with it") == 1


def test_an_ip_of_another_server_cannot_be_chosen(client, server):
    make_ip(server)
    assert send(client, server, ip=make_server().ips.get().pk).status_code == 400


def test_a_server_that_fails_shows_why_instead_of_the_form(client, server):
    Server.objects.update(billing_mode=BillingMode.PAY_AS_YOU_GO)
    page = client.get(generate_url(server))
    assert page.status_code == 200 and "form_id" not in page.content.decode()
    assert "1 of 12 conditions fails" in text(page) and "The server is not prepaid" in text(page)
    assert not CodeEvent.objects.exists()


def test_a_server_that_fails_meanwhile_is_refused_with_all_reasons_and_a_reference(client, server):
    form = {"form_id": form_id(client, server)}
    Server.objects.update(billing_mode=BillingMode.PAY_AS_YOU_GO, public_ip_assigned=False)
    page = client.post(generate_url(server), form)
    event = CodeEvent.objects.get()
    assert page.status_code == 409
    assert (event.type, event.failed) == ("generation_refused", ["not_prepaid", "public_ip_not_assigned"])
    assert event.request_id in text(page) and event.request_id == page["X-Request-ID"]
    assert "The server is not prepaid" in text(page) and "was not selected at purchase" in text(page)
    Server.objects.update(billing_mode=BillingMode.PREPAID, public_ip_assigned=True)
    assert client.post(generate_url(server), form).status_code == 302


def test_the_last_slot_taken_meanwhile_is_refused(client, server):
    form = {"form_id": form_id(client, server)}
    for _ in range(5):
        make_code(server)
    page = client.post(generate_url(server), form)
    assert page.status_code == 409 and "All 5 codes are generated" in text(page)


@pytest.mark.parametrize(
    ("facts", "headline"),
    [
        ({}, "All 5 codes are generated"),
        ({"region_code": "ap-hongkong"}, "No ICP filing is needed for this server"),
    ],
)
def test_what_is_no_fault_is_said_once_and_not_in_red_beside_the_way_to_the_codes(facts, headline):
    server = make_server(**facts)
    if not facts:
        make_issued(server, count=5)
    page = client_of(server.account).get(generate_url(server))
    assert headline in text(page) and "verdict-idle" in page.content.decode()
    assert "#i-fail" not in page.content.decode().split("<main")[1]
    assert ("See its 5 codes" in text(page)) == (not facts)


def test_the_chosen_ip_released_meanwhile_is_refused_at_the_field(client, server):
    second, _third = make_ip(server), make_ip(server)
    form = {"form_id": form_id(client, server), "ip": second.pk}
    second.released_at = NOW
    second.save()
    assert client.post(generate_url(server), form).status_code == 400


def test_whoever_generates_for_the_first_time_is_led_to_what_a_code_is(client, server):
    page = client.get(generate_url(server)).content.decode()
    assert 'href="/help/">How codes work</a></p>' in page[page.index('class="lead"') :]


def test_the_page_says_that_codes_are_not_for_sale(client, server):
    assert "Codes are not for sale" in text(client.get(generate_url(server)))
