"""A form of the desk that is sent twice (a double click, Back and the same form again) does its work once."""

import copy
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codes.admin.columns import page_url
from codes.choices import EventType, State
from codes.models import AuthorizationCode, CodeEvent
from codes.webhooks.models import WebhookEndpoint
from icpportal.api.models import ApiClient, ApiToken
from servers.choices import BillingMode
from servers.models import Server
from tests import factories
from tests.codes.desk import signed_in
from tests.codes.pages import new_form, text
from tests.codes.webhook_receiver import receiver
from tests.threads import at_once

WHY = {"reason": "asked for by the customer", "ticket": ""}
AGAIN = "Nothing was done again."
SHOWN_BEFORE = "This form was sent before: what it made was shown then, and cannot be shown again."


def make_server(**facts: Any) -> Server:
    return factories.make_server(now=timezone.now(), **facts)


def generate_url(server: Server) -> str:
    return reverse("admin:servers_server_generate", args=[server.pk])


def fields(server: Server, count: int) -> dict[str, Any]:
    return {"ip": server.ips.get().pk, "count": count} | new_form()


def act_url(code: AuthorizationCode, action: str) -> str:
    return reverse("admin:codes_authorizationcode_act", args=[code.pk, action])


def twice(client: Client, url: str, sent: dict[str, Any]) -> Any:
    """The answer to the second time."""
    client.post(url, sent)
    return client.post(url, sent, follow=True)


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_generate_form_sent_again_generates_no_second_time(count: int) -> None:
    client, server = signed_in(), make_server()
    answer = twice(client, generate_url(server), fields(server, count))
    assert answer.redirect_chain == [(page_url(server), 302)] and AGAIN in text(answer)
    assert server.codes.count() == count
    assert not CodeEvent.objects.filter(type=EventType.GENERATION_REFUSED).exists()


@pytest.mark.django_db
def test_each_form_that_is_opened_generates() -> None:
    client, server = signed_in(), make_server()
    for _ in range(2):
        html = client.get(generate_url(server)).content.decode()
        (form_id,) = re.findall(r'type="hidden" name="form_id" value="([^"]+)"', html)
        client.post(generate_url(server), fields(server, 1) | {"form_id": form_id})
    assert server.codes.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("spoilt", [{}, {"form_id": ""}, {"form_id": "x"}])
def test_a_form_that_lost_its_id_is_asked_again_under_a_new_one(spoilt: dict[str, str]) -> None:
    client, server = signed_in(), make_server()
    sent = {"ip": server.ips.get().pk, "count": 1, "remark": "shop"}
    html = client.post(generate_url(server), sent | spoilt).content.decode()
    assert "The form arrived incomplete." in html and 'value="shop"' in html and not server.codes.exists()
    fresh = re.findall(r'name="form_id" value="([^"]+)"', html)
    client.post(generate_url(server), sent | {"form_id": fresh})
    assert server.codes.count() == 1


@pytest.mark.django_db
def test_a_refusal_is_recorded_and_does_not_spend_the_form() -> None:
    client, server = signed_in(), make_server()
    sent = fields(server, 1)
    Server.objects.filter(pk=server.pk).update(billing_mode=BillingMode.SPOT)
    assert "The server is not prepaid" in text(client.post(generate_url(server), sent, follow=True))
    Server.objects.filter(pk=server.pk).update(billing_mode=BillingMode.PREPAID)
    client.post(generate_url(server), sent)
    assert server.codes.count() == 1


def test_six_clicks_at_once_generate_two_codes_and_not_five(own_database: Any) -> None:
    server = make_server()
    client, sent = signed_in(), fields(server, 2)

    def click() -> int:
        browser = copy.copy(client)
        browser.cookies = copy.deepcopy(client.cookies)
        return browser.post(generate_url(server), sent).status_code

    assert at_once(*[click] * 6) == [302] * 6
    assert server.codes.count() == 2


@pytest.mark.django_db
def test_a_rotation_sent_again_leaves_the_new_value_alone() -> None:
    client, code = signed_in(), factories.make_issued(make_server(), now=timezone.now()).code
    sent = WHY | new_form()
    client.post(act_url(code, "rotate"), sent)
    rotated = AuthorizationCode.objects.get().digest
    answer = client.post(act_url(code, "rotate"), sent, follow=True)
    assert AGAIN in text(answer) and AuthorizationCode.objects.get().digest == rotated


@pytest.mark.django_db
def test_a_reset_sent_again_leaves_the_next_filing_alone() -> None:
    now = timezone.now()
    issued = factories.make_issued(make_server(), now=now)
    factories.make_filing(issued, now=now)
    client, sent = signed_in(), WHY | new_form()
    client.post(act_url(issued.code, "reset"), sent)
    factories.make_filing(issued, now=now, order_number="2026110099")
    assert AGAIN in text(client.post(act_url(issued.code, "reset"), sent, follow=True))
    assert AuthorizationCode.objects.get().state == State.IN_USE


@pytest.mark.django_db
def test_an_api_client_made_twice_is_one_and_its_token_is_not_shown_again() -> None:
    sent = {"name": "console", "scopes": ["codes:read"], "account": "", "days": ""} | new_form()
    answer = twice(signed_in("Supervisor"), "/admin/api/apiclient/add/", sent)
    assert SHOWN_BEFORE in text(answer) and answer.redirect_chain == [(page_url(ApiClient.objects.get()), 302)]
    assert ApiToken.objects.count() == 1


@pytest.mark.django_db
def test_a_token_made_twice_is_one() -> None:
    known = factories.make_client()
    sent = {"hours": "24", "days": ""} | new_form()
    answer = twice(signed_in("Supervisor"), f"/admin/api/apiclient/{known.pk}/rotate/", sent)
    assert SHOWN_BEFORE in text(answer) and known.tokens.filter(expires_at=None).count() == 1


@pytest.mark.django_db
def test_an_endpoint_made_twice_is_one_and_its_secret_rotates_once(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    client = signed_in("Supervisor")
    with receiver() as hook:
        sent = {"client": factories.make_client().pk, "url": hook.url, "event_types": ["generated"]} | new_form()
        assert SHOWN_BEFORE in text(twice(client, "/admin/webhooks/webhookendpoint/add/", sent))
    endpoint = WebhookEndpoint.objects.get()
    rotate, form = f"/admin/webhooks/webhookendpoint/{endpoint.pk}/rotate/", new_form()
    client.post(rotate, form)
    rotated = WebhookEndpoint.objects.get().secret
    assert SHOWN_BEFORE in text(client.post(rotate, form, follow=True))
    assert WebhookEndpoint.objects.get().secret == rotated
