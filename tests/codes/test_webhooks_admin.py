"""Webhooks on the desk: who may do what, the secret once, the notice, the log, and Redeliver by POST."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codes.admin.columns import list_url, page_url
from codes.webhooks import services
from codes.webhooks.choices import DeliveryState, DisabledReason
from codes.webhooks.delivering import deliver_next
from codes.webhooks.fan_out import fan_out
from codes.webhooks.models import WebhookDelivery, WebhookEndpoint
from icpportal import sealing
from tests.codes.desk import signed_in
from tests.codes.pages import FORM, text
from tests.codes.webhook_receiver import Receiver
from tests.factories import make_client, make_code

pytestmark = pytest.mark.django_db
REDELIVER = "/admin/webhooks/webhookdelivery/redeliver/"
ADD = "/admin/webhooks/webhookendpoint/add/"


def make_endpoint(hook: Receiver) -> WebhookEndpoint:
    asked: dict[str, Any] = {"url": f"{hook.url}?key=hunter2", "event_types": ["generated"], "now": timezone.now()}
    return services.create_endpoint(make_client(), **asked)[0]


def make_delivery(hook: Receiver) -> WebhookDelivery:
    make_endpoint(hook)
    make_code()
    now = timezone.now()
    fan_out(now=now)
    deliver_next(now=now)
    return WebhookDelivery.objects.get()


def act_urls(endpoint: WebhookEndpoint) -> list[str]:
    name = "admin:webhooks_webhookendpoint"
    return [
        reverse(f"{name}_types", args=[endpoint.pk]),
        reverse(f"{name}_rotate", args=[endpoint.pk]),
        reverse(f"{name}_act", args=[endpoint.pk, "disable"]),
        reverse(f"{name}_act", args=[endpoint.pk, "enable"]),
    ]


@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
def test_each_role_reads_endpoints_and_the_log(hook: Receiver, role: str) -> None:
    hook.answer = lambda got: (422, {}, b"<b>not yet</b>")
    delivery = make_delivery(hook)
    client = signed_in(role)
    for each in (delivery, delivery.endpoint):
        assert client.get(list_url(type(each))).status_code == 200
        assert client.get(page_url(each)).status_code == 200
    log = client.get(page_url(delivery)).content.decode()
    assert "422" in log and '<td class="breaks">&lt;b&gt;not yet&lt;/b&gt;' in log, "whole, however long a word is"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("The connection was refused", "连接被拒绝"),
        ("The certificate is not valid: certificate has expired", "证书无效: certificate has expired"),
        ("The host leads to an address that is not public.", "主机名指向非公网地址。"),
        ("ConnectionResetError: as written before", "ConnectionResetError: as written before"),
    ],
)
def test_why_there_was_no_answer_is_read_in_the_readers_language(hook: Receiver, error: str, shown: str) -> None:
    delivery = make_delivery(hook)
    delivery.attempts.update(status=None, response="", error=error)
    assert shown in text(signed_in("Agent", language="zh-hans").get(page_url(delivery)))


def test_neither_secret_nor_the_address_query_is_shown_afterwards(hook: Receiver) -> None:
    delivery = make_delivery(hook)
    secret = sealing.unseal(delivery.endpoint.secret)
    client = signed_in("Supervisor")
    for each in (delivery, delivery.endpoint):
        for url in (list_url(type(each)), page_url(each)):
            page = client.get(url).content.decode()
            assert secret not in page and "hunter2" not in page


@pytest.mark.parametrize("role", ["Agent", "Auditor"])
def test_only_supervisors_keep_endpoints(hook: Receiver, role: str) -> None:
    endpoint = make_endpoint(hook)
    client = signed_in(role)
    for url in (ADD, *act_urls(endpoint)):
        assert client.get(url).status_code == 403
        assert client.post(url).status_code == 403
    assert "act/disable" not in client.get(page_url(endpoint)).content.decode()
    assert "act/disable" in signed_in("Supervisor").get(page_url(endpoint)).content.decode()


def test_a_supervisor_adds_an_endpoint_and_sees_its_secret_once(hook: Receiver) -> None:
    client = signed_in("Supervisor")
    assert "---" not in client.get(ADD).content.decode()
    asked = {"client": make_client().pk, "url": hook.url, "event_types": ["generated", "begun"]} | FORM
    response = client.post(ADD, asked)
    endpoint = WebhookEndpoint.objects.get()
    assert sealing.unseal(endpoint.secret) in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert endpoint.event_types == ["generated", "begun"]
    entry = LogEntry.objects.get()
    assert "whsec_" not in entry.change_message + entry.object_repr


def test_an_address_that_may_not_be_called_is_refused_at_its_field(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    client = signed_in("Supervisor")
    api_client, writer = make_client(), make_client(scopes=("filings:write",))
    asked = {"client": api_client.pk, "url": "https://127.0.0.1/", "event_types": ["generated"]} | FORM
    page = client.post(ADD, asked).content.decode()
    assert "The host leads to an address that is not public." in page
    settings.WEBHOOK_ALLOW_PRIVATE = True
    page = client.post(ADD, {**asked, "client": writer.pk}).content.decode()
    assert "The API client needs the scope codes:read." in page
    assert not WebhookEndpoint.objects.exists()


def test_a_supervisor_chooses_types(hook: Receiver) -> None:
    endpoint = make_endpoint(hook)
    client, url = signed_in("Supervisor"), act_urls(endpoint)[0]
    assert re.search(r'value="generated"[^>]*checked', client.get(url).content.decode())
    assert client.post(url, {"event_types": []}).status_code == 200
    client.post(url, {"event_types": ["withdrawn", "begun"]})
    endpoint.refresh_from_db()
    assert endpoint.event_types == ["begun", "withdrawn"]


def test_a_supervisor_rotates_the_secret_and_sees_it_once(hook: Receiver) -> None:
    endpoint = make_endpoint(hook)
    old = sealing.unseal(endpoint.secret)
    client, url = signed_in("Supervisor"), act_urls(endpoint)[1]
    assert "whsec_" not in client.get(url).content.decode()
    response = client.post(url, FORM)
    endpoint.refresh_from_db()
    assert sealing.unseal(endpoint.secret) in response.content.decode()
    assert endpoint.previous_secret is not None and sealing.unseal(endpoint.previous_secret) == old
    assert "no-store" in response["Cache-Control"]


def test_a_supervisor_disables_and_enables_by_post_alone(hook: Receiver) -> None:
    endpoint = make_endpoint(hook)
    client = signed_in("Supervisor")
    disable, enable = act_urls(endpoint)[2:]
    client.get(disable)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    client.post(disable)
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.BY_STAFF
    assert "A supervisor disabled it" in client.get(page_url(endpoint)).content.decode()
    client.post(enable)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    told = [row.title for row in client.get(page_url(endpoint)).context["timeline"]]
    assert told == ["<strong>Endpoint enabled</strong>", "<strong>Endpoint disabled</strong>"]


def test_what_cannot_be_logged_is_not_done(hook: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, client = make_endpoint(hook), signed_in("Supervisor")
    types, _rotate, disable, _enable = act_urls(endpoint)
    monkeypatch.setattr(LogEntry.objects, "log_actions", lambda **named: 1 / 0)
    for url, sent in ((types, {"event_types": ["revealed"]}), (disable, {})):
        with pytest.raises(ZeroDivisionError):
            client.post(url, sent)
    known = WebhookEndpoint.objects.get()
    assert (known.event_types, known.disabled_at) == (endpoint.event_types, None)


def test_each_endpoint_is_under_one_tab(hook: Receiver) -> None:
    endpoint = make_endpoint(hook)
    client = signed_in("Agent")
    for change, tab in (
        ({}, "enabled"),
        ({"failing_since": timezone.now()}, "failing"),
        ({"disabled_at": timezone.now(), "disabled_reason": DisabledReason.FAILING}, "disabled"),
    ):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**change)
        lists = {
            each: client.get(list_url(WebhookEndpoint, standing=each)) for each in ("enabled", "failing", "disabled")
        }
        assert [each for each, page in lists.items() if page.context["cl"].result_count] == [tab]


def test_a_disabled_endpoint_has_a_notice_with_reason_and_time(hook: Receiver) -> None:
    endpoint = make_endpoint(hook)
    at = timezone.now() - timedelta(days=1)
    WebhookEndpoint.objects.update(disabled_at=at, disabled_reason=DisabledReason.FAILING)
    client = signed_in("Agent")
    page = client.get(page_url(endpoint)).content.decode()
    assert "Disabled since" in page and "Every delivery failed for three days" in page
    assert "Every delivery failed for three days" in client.get(list_url(WebhookEndpoint)).content.decode()
    assert client.get(list_url(WebhookEndpoint, standing="disabled")).context["cl"].result_count == 1
    assert client.get(list_url(WebhookEndpoint, standing="enabled")).context["cl"].result_count == 0


def test_an_agent_redelivers_by_post_alone(hook: Receiver) -> None:
    delivery = make_delivery(hook)
    client = signed_in("Agent")
    question = client.get(f"{REDELIVER}?delivery={delivery.pk}")
    assert question.status_code == 200
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DELIVERED
    response = client.post(REDELIVER, {"delivery": [delivery.pk]})
    assert response.status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.PENDING
    deliver_next(now=timezone.now())
    assert len(hook.got) == 2


def test_redelivering_to_a_disabled_endpoint_says_first_that_nothing_is_sent_to_it(hook: Receiver) -> None:
    delivery = make_delivery(hook)
    asked, said = f"{REDELIVER}?delivery={delivery.pk}", "Nothing is sent to it until a supervisor enables it."
    client = signed_in("Agent")
    assert said not in text(client.get(asked))
    services.disable_endpoint(delivery.endpoint, now=timezone.now())
    assert said in text(client.get(asked))


def test_several_are_redelivered_from_the_list(hook: Receiver) -> None:
    delivery = make_delivery(hook)
    client = signed_in("Agent")
    chosen = {"action": "redeliver", "_selected_action": [delivery.pk]}
    page = client.post(list_url(WebhookDelivery), chosen).content.decode()
    assert delivery.message_id in page and "Redeliver 1 event?" in page and ">Redeliver 1 event</button>" in page


def test_an_auditor_cannot_redeliver_and_forged_ids_are_refused(hook: Receiver) -> None:
    delivery = make_delivery(hook)
    assert signed_in("Auditor").post(REDELIVER, {"delivery": [delivery.pk]}).status_code == 403
    agent = signed_in("Agent")
    assert agent.post(REDELIVER, {"delivery": ["x"]}).status_code == 400
    assert agent.post(REDELIVER, {}).status_code == 400
    assert agent.post(REDELIVER, {"delivery": ["999999"]}).status_code == 404


def test_the_log_is_filtered_by_state_endpoint_event_and_type(hook: Receiver) -> None:
    delivery = make_delivery(hook)
    client = signed_in("Agent")
    for filters, count in (
        ({"endpoint": delivery.endpoint_id}, 1),
        ({"endpoint": 999999}, 0),
        ({"event": delivery.event_id, "state": "delivered", "type": "generated"}, 1),
        ({"state": "pending"}, 0),
    ):
        assert client.get(list_url(WebhookDelivery, **filters)).context["cl"].result_count == count
    assert client.get(list_url(WebhookDelivery, endpoint="x" * 30)).status_code == 302


def test_an_empty_list_says_what_fills_it_to_whoever_reads_it() -> None:
    pages = {role: text(signed_in(role).get(list_url(WebhookEndpoint))) for role in ("Supervisor", "Auditor")}
    assert "Nothing is here yet. What you add appears here. Add the first one" in pages["Supervisor"]
    assert "Add the first one" not in pages["Auditor"]


def test_an_endpoint_leads_to_how_signatures_are_checked(hook: Receiver) -> None:
    page = signed_in("Auditor").get(page_url(make_endpoint(hook))).content.decode()
    anchor = re.search(r'href="/api/v1/docs/#([a-z]+)"', page)
    assert anchor is not None
    assert f'id="{anchor[1]}"' in Client().get("/api/v1/docs/").content.decode()


def test_the_list_counts_every_attempt_also_those_before_a_redelivery(hook: Receiver) -> None:
    delivery = make_delivery(hook)
    services.redeliver(delivery, now=timezone.now())
    page = signed_in("Agent").get(list_url(WebhookDelivery)).content.decode()
    assert '<td class="field-attempt_count">1</td>' in page
