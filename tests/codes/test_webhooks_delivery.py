"""Webhooks from event to receiver: what is sent, signed, ordered, retried, given up, disabled and sent again."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db.models import Min
from django.test import override_settings
from standardwebhooks import Webhook, WebhookVerificationError

from codes import services
from codes.choices import Channel, EventType
from codes.errors import NotEligible
from codes.models import AuthorizationCode, CodeEvent
from codes.services.events import Act, event, record
from codes.webhooks import services as webhooks
from codes.webhooks.choices import DeliveryState, DisabledReason
from codes.webhooks.delivering import LEASE, Sent, deliver_next
from codes.webhooks.fan_out import EVENTS_A_TURN, fan_out
from codes.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from codes.webhooks.schedule import TRIED_FOR
from icpportal.api.models import ApiClient
from servers.models import Server
from tests.codes.webhook_receiver import Receiver, Reply
from tests.factories import NOW, make_account, make_client, make_code, make_filing, make_issued, make_server

pytestmark = pytest.mark.django_db
ACT: dict[str, Any] = {"actor": None, "channel": Channel.COMMAND}


def make_endpoint(
    hook: Receiver, *types: str, client: ApiClient | None = None, now: datetime = NOW
) -> tuple[WebhookEndpoint, str]:
    chosen = types or ("generated", "withdrawn", "generation_refused", "revealed", "edited")
    return webhooks.create_endpoint(client or make_client(), url=hook.url, event_types=chosen, now=now)


def deliver(*, now: datetime = NOW) -> list[Sent]:
    """One round of the command at `now`."""
    fan_out(now=now)
    sent = []
    while each := deliver_next(now=now):
        sent.append(each)
    return sent


def reveal(code: AuthorizationCode, *, now: datetime = NOW) -> None:
    services.reveal(code, **ACT, now=now)


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def test_an_event_arrives_signed_for_the_standard_library_to_verify(hook: Receiver) -> None:
    _endpoint, secret = make_endpoint(hook, "generated")
    code = make_code()
    deliver()
    (got,) = hook.got
    with time_machine.travel(NOW, tick=False):
        payload = Webhook(secret).verify(got.body, got.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(got.body.replace(b"generated", b"withdrawn"), got.headers)
    assert payload["type"] == "generated"
    assert payload["timestamp"] == "2026-11-23T04:00:00Z"
    event = CodeEvent.objects.get()
    assert payload["data"] == {
        "id": event.pk,
        "type": "generated",
        "at": "2026-11-23T04:00:00Z",
        "account": code.server.account.uid,
        "server": code.server.instance_id,
        "code": code.pk,
        "order_number": "",
        "actor": "system",
        "channel": "command",
        "reason": "",
        "failed": [],
        "policy": {"codes_per_server": 5, "min_prepaid_months": 3, "elastic_ip_allowed": False},
    }
    assert got.headers["content-type"] == "application/json"


def test_no_value_and_no_token_is_sent_or_kept(hook: Receiver) -> None:
    _endpoint, secret = make_endpoint(hook)
    issued = make_issued()
    hook.answer = lambda got: (200, {}, f"thanks for {issued.value}".encode())
    reveal(issued.code)
    deliver()
    sent = b"".join(got.body + repr(got.headers).encode() for got in hook.got).decode()
    assert issued.value not in sent
    assert secret not in sent
    assert list(WebhookAttempt.objects.values_list("response", flat=True).distinct()) == [
        "(hidden: a code value stood in it)"
    ]
    assert secret.encode() not in bytes(WebhookEndpoint.objects.get().secret)


def test_only_the_chosen_types_are_sent(hook: Receiver) -> None:
    make_endpoint(hook, "begun", "withdrawn")
    make_filing()
    services.withdraw(make_code(), reason="asked for", **ACT, now=NOW)
    deliver()
    assert hook.events() == ["begun", "withdrawn"]


def test_what_happened_before_the_endpoint_is_not_sent(hook: Receiver) -> None:
    make_code()
    make_endpoint(hook)
    assert deliver() == []


def test_a_client_of_one_account_gets_its_events_alone(hook: Receiver) -> None:
    account = make_account()
    make_endpoint(hook, client=make_client(account=account))
    make_code()
    make_code(make_server(account=account))
    deliver()
    assert hook.events("account") == [account.uid]


def test_a_client_that_is_inactive_or_may_not_read_gets_nothing_until_it_may(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    make_code()
    ApiClient.objects.update(is_active=False)
    assert deliver() == []
    ApiClient.objects.update(is_active=True, scopes=["filings:write"])
    assert deliver() == []
    ApiClient.objects.update(scopes=endpoint.client.scopes)
    deliver()
    assert hook.events() == ["generated"]


def test_many_events_are_each_delivered_once_and_in_order(hook: Receiver) -> None:
    make_endpoint(hook, "revealed", "generated")
    code = make_code()
    act = Act(actor=None, channel=Channel.API, now=NOW)
    record(*(event(EventType.REVEALED, code.server, act, code=code) for _ in range(EVENTS_A_TURN)))
    assert fan_out(now=NOW) == EVENTS_A_TURN + 1
    assert fan_out(now=NOW) == 0
    ordered = list(WebhookDelivery.objects.order_by("pk").values_list("event", flat=True))
    assert ordered == list(CodeEvent.objects.order_by("pk").values_list("pk", flat=True))


def test_a_later_event_of_the_same_code_waits_for_the_earlier(hook: Receiver) -> None:
    make_endpoint(hook)
    stuck, free = make_code(), make_code()
    reveal(stuck)
    reveal(free)
    hook.answer = lambda got: 500 if got.event["code"] == stuck.pk else 204
    deliver()
    assert [(got.event["code"], got.event["type"]) for got in hook.got] == [
        (stuck.pk, "generated"),
        (free.pk, "generated"),
        (free.pk, "revealed"),
    ]
    hook.answer, hook.got = lambda got: 204, []
    deliver(now=NOW + timedelta(seconds=10))
    assert hook.events() == ["generated", "revealed"]


def test_events_without_a_code_keep_the_order_of_their_server(hook: Receiver) -> None:
    make_endpoint(hook)
    blocked, other = make_server(billing_mode="spot"), make_server(billing_mode="spot")
    for server in (blocked, blocked, other):
        _refuse(server)
    hook.answer = lambda got: 503 if got.event["server"] == blocked.instance_id else 204
    deliver()
    assert hook.events("server") == [blocked.instance_id, other.instance_id]


def _refuse(server: Server) -> None:
    with pytest.raises(NotEligible):
        services.generate(server, **ACT, now=NOW)


def test_endpoints_do_not_wait_for_each_other(hook: Receiver) -> None:
    failing, _ = make_endpoint(hook)
    well, _ = make_endpoint(hook)
    make_code()
    hook.answer = lambda got: 500 if got.headers["webhook-id"].startswith(f"msg_{failing.pk}_") else 200
    deliver()
    states = dict(WebhookDelivery.objects.values_list("endpoint", "state"))
    assert states == {failing.pk: "pending", well.pk: "delivered"}


def retry_until_settled(*, start: datetime = NOW) -> list[float]:
    """Deliver whenever something is due; the seconds after `start` at which something was tried."""
    at, tried = start, []
    while True:
        sent = deliver(now=at)
        tried += [(at - start).total_seconds()] * len(sent)
        due = WebhookDelivery.objects.pending().filter(due_at__gt=at).aggregate(first=Min("due_at"))["first"]
        if due is None or WebhookEndpoint.objects.filter(disabled_at__isnull=False).exists():
            return tried
        at = due


def test_endpoints_are_served_in_turn(hook: Receiver) -> None:
    make_endpoint(hook), make_endpoint(hook)
    make_code(), make_code()
    fan_out(now=NOW)
    sent = [deliver_next(now=NOW + timedelta(seconds=second)) for second in range(4)]
    served = [each.delivery.endpoint_id for each in sent if each]
    assert len(served) == 4 and all(before != after for before, after in pairwise(served))


def test_failures_are_tried_again_with_growing_waits_for_three_days(hook: Receiver) -> None:
    make_endpoint(hook)
    make_code()
    hook.answer = lambda got: 500
    tried = retry_until_settled()
    waits = [later - earlier for earlier, later in pairwise(tried)]
    planned = [5, 30, 120, 600, 1800, 7200, 21600, 43200, 86400]
    assert len(waits) in (10, 11)  # as the jitter falls
    for wait, plan in zip(waits, planned, strict=False):
        assert plan <= wait <= plan * 1.1 + 1  # a second for the answer itself
    assert tried[-1] == pytest.approx(TRIED_FOR.total_seconds(), abs=1)
    delivery = only()
    assert (delivery.state, delivery.tries) == (DeliveryState.GIVEN_UP, len(tried))
    assert WebhookAttempt.objects.filter(status=500).count() == len(tried)


def test_an_endpoint_that_failed_for_three_days_is_disabled_with_a_reason(
    hook: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint, _secret = make_endpoint(hook)
    make_code()
    hook.answer = lambda got: 500
    retry_until_settled()
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.FAILING
    assert endpoint.disabled_at is not None and endpoint.disabled_at - NOW >= TRIED_FOR
    assert f"Webhook endpoint {endpoint.pk} is disabled: failing" in caplog.text


def test_one_delivery_that_never_works_does_not_disable_an_endpoint_that_does(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    poison = make_code()
    hook.answer = lambda got: 500 if got.event["code"] == poison.pk else 204
    deliver()
    make_code(now=NOW + timedelta(days=1))
    tried = retry_until_settled(start=NOW + timedelta(days=1))
    assert tried
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    assert sorted(WebhookDelivery.objects.values_list("state", flat=True)) == ["delivered", "given_up"]


def test_a_given_up_delivery_lets_the_next_of_its_code_go(hook: Receiver) -> None:
    make_endpoint(hook)
    code = make_code()
    reveal(code)
    make_code(now=NOW + timedelta(days=1))
    hook.answer = lambda got: 500 if got.event["type"] == "generated" and got.event["code"] == code.pk else 204
    retry_until_settled()
    assert hook.events()[-1] == "revealed"


def test_an_endpoint_that_answers_410_is_disabled_at_once_and_loses_nothing(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    code = make_code()
    hook.answer = lambda got: 410
    deliver()
    reveal(code)
    assert deliver(now=NOW + timedelta(days=9)) == []
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.GONE
    hook.answer, hook.got = lambda got: 204, []
    webhooks.enable_endpoint(endpoint, now=NOW + timedelta(days=9))
    deliver(now=NOW + timedelta(days=9))
    assert hook.events() == ["generated", "revealed"]


def test_an_enabled_endpoint_goes_on_where_it_stopped(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    make_code()
    hook.answer = lambda got: 500
    retry_until_settled()
    make_code()
    hook.answer, hook.got = lambda got: 204, []
    webhooks.enable_endpoint(endpoint, now=NOW + timedelta(days=5))
    deliver(now=NOW + timedelta(days=5))
    assert [got.event["type"] for got in hook.got] == ["generated", "generated"]
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, endpoint.disabled_reason, endpoint.failing_since) == (None, "", None)


def test_a_disabled_endpoint_gets_nothing_and_enabling_twice_changes_nothing(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    webhooks.disable_endpoint(endpoint, now=NOW)
    webhooks.disable_endpoint(endpoint, now=NOW + timedelta(days=1))
    make_code()
    assert deliver() == []
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, endpoint.disabled_reason) == (NOW, DisabledReason.BY_STAFF)
    for _ in range(2):
        webhooks.enable_endpoint(endpoint, now=NOW)
    deliver()
    assert hook.events() == ["generated"]


def test_redelivery_sends_the_same_id_again_and_keeps_the_log(hook: Receiver) -> None:
    make_endpoint(hook)
    make_code()
    deliver()
    webhooks.redeliver(only(), now=NOW + timedelta(days=30))
    deliver(now=NOW + timedelta(days=30))
    first, second = hook.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert only().attempts.count() == 2
    assert only().state == DeliveryState.DELIVERED


def test_a_redelivered_failure_has_three_days_anew(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    make_code()
    hook.answer = lambda got: 500
    retry_until_settled()
    webhooks.enable_endpoint(endpoint, now=NOW + timedelta(days=4))
    webhooks.redeliver(only(), now=NOW + timedelta(days=4))
    deliver(now=NOW + timedelta(days=4))
    delivery = only()
    assert (delivery.state, delivery.tries) == (DeliveryState.PENDING, 1)


def test_a_rotated_secret_overlaps_for_a_day(hook: Receiver) -> None:
    endpoint, old = make_endpoint(hook)
    new = webhooks.rotate_secret(endpoint, now=NOW)
    make_code()
    deliver(now=NOW + timedelta(hours=23))
    make_code()
    deliver(now=NOW + timedelta(hours=24))
    during, after = hook.got
    with time_machine.travel(NOW + timedelta(hours=23), tick=False):
        for secret in (old, new):
            Webhook(secret).verify(during.body, during.headers)
    with time_machine.travel(NOW + timedelta(hours=24), tick=False):
        Webhook(new).verify(after.body, after.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(after.body, after.headers)


def test_a_secret_that_cannot_be_unsealed_is_a_failed_attempt(hook: Receiver, settings: Any) -> None:
    make_endpoint(hook)
    make_code()
    settings.CODE_KEYS = ["b3RoZXItaW5zZWN1cmUta2V5LWZvci10ZXN0cy0wMTI="]
    (sent,) = deliver()
    assert "CODE_KEYS" in sent.attempt.error
    assert hook.got == []


def test_a_deliverer_killed_in_the_middle_leaves_a_lease_that_ends(hook: Receiver) -> None:
    make_endpoint(hook)
    make_code()

    class Killed(BaseException):
        pass

    def killed(host: str, port: int) -> list[str]:
        raise Killed

    fan_out(now=NOW)
    with pytest.raises(Killed):
        deliver_next(resolver=killed, now=NOW)
    assert deliver(now=NOW + LEASE - timedelta(seconds=1)) == []
    deliver(now=NOW + LEASE)
    assert hook.events() == ["generated"]


def test_an_endpoint_out_of_reach_costs_one_attempt_at_a_time(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    for _ in range(3):
        make_code()
    WebhookEndpoint.objects.update(url="http://127.0.0.1:9/closed")
    (sent,) = deliver()
    assert sent.attempt.error == "The connection was refused"
    endpoint.refresh_from_db()
    assert endpoint.paused_until is not None and endpoint.paused_until > NOW
    WebhookEndpoint.objects.update(url=hook.url)
    assert len(deliver(now=NOW + timedelta(seconds=20))) == 3


def test_the_longer_an_endpoint_is_out_of_reach_the_longer_it_is_left_alone(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    make_code()
    WebhookEndpoint.objects.update(url="http://127.0.0.1:9/closed")
    for hours, seconds in ((0, 5), (1, 6 * 60), (8, 10 * 60)):
        now = NOW + timedelta(hours=hours)
        assert len(deliver(now=now)) == 1
        endpoint.refresh_from_db()
        assert endpoint.paused_until and endpoint.failing_since
        assert (endpoint.paused_until - now).total_seconds() == pytest.approx(seconds, abs=1)
        assert (endpoint.failing_since - NOW).total_seconds() == pytest.approx(0, abs=1)


THEIR_CLOCK = "Sun, 22 Nov 2026 20:00:00 GMT"  # it goes eight hours slow


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", ["120", "Sun, 22 Nov 2026 20:02:00 GMT"])
def test_an_endpoint_is_left_alone_for_as_long_as_it_asks(hook: Receiver, status: int, asked: str) -> None:
    make_endpoint(hook)
    stuck, _other = make_code(), make_code()
    hook.answer = lambda got: (status, {"Retry-After": asked, "Date": THEIR_CLOCK}, b"")
    (sent,) = deliver()
    assert sent.delivery.event.code == stuck
    assert timedelta(seconds=120) <= sent.delivery.due_at - NOW <= timedelta(seconds=133)  # a tenth, and the answer
    hook.answer = lambda got: 204
    assert deliver(now=NOW + timedelta(seconds=119)) == []
    assert len(deliver(now=NOW + timedelta(seconds=133))) == 2


@pytest.mark.parametrize(
    ("status", "asked"), [(503, "soon"), (503, "0"), (503, "2"), (500, "120"), (503, "Sun, 22 Nov 2026 19:00:00 GMT")]
)
def test_what_asks_for_no_longer_wait_is_tried_again_as_planned(hook: Receiver, status: int, asked: str) -> None:
    make_endpoint(hook)
    make_code()
    hook.answer = lambda got: (status, {"Retry-After": asked, "Date": THEIR_CLOCK}, b"")
    (sent,) = deliver()
    assert timedelta(seconds=5) <= sent.delivery.due_at - NOW <= timedelta(seconds=7)


def test_nobody_is_left_alone_for_more_than_a_day(hook: Receiver) -> None:
    endpoint, _secret = make_endpoint(hook)
    make_code()
    hook.answer = lambda got: (429, {"Retry-After": "999999999"}, b"")
    (sent,) = deliver()
    endpoint.refresh_from_db()
    assert endpoint.paused_until is not None
    assert timedelta(days=1) <= endpoint.paused_until - NOW <= timedelta(days=1, seconds=2)
    assert timedelta(days=1) <= sent.delivery.due_at - NOW <= timedelta(days=1.1, seconds=2)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(hook: Receiver, status: int) -> None:
    make_endpoint(hook)
    make_code()
    hook.answer = lambda got: (status, {"Location": hook.url + "/elsewhere"}, b"")
    (sent,) = deliver()
    assert sent.attempt.status == status
    assert sent.delivery.state == DeliveryState.PENDING
    assert [got.path for got in hook.got] == ["/hook"]


def test_each_attempt_is_logged_with_time_status_duration_and_answer(hook: Receiver) -> None:
    make_endpoint(hook)
    make_code()
    replies: list[Reply] = [(422, {}, b"no\x00\x1b[31m" + "谢".encode()), (200, {}, b"x" * 5000)]
    hook.answer = lambda got: replies.pop(0)
    deliver()
    deliver(now=NOW + timedelta(seconds=10))
    failed, done = only().attempts.order_by("pk")
    assert (failed.at, failed.status, failed.error, failed.response) == (NOW, 422, "", "no  [31m谢")
    assert (done.at, done.status, len(done.response)) == (NOW + timedelta(seconds=10), 200, 1024)
    assert 0 <= failed.duration_ms < 5000


def test_private_addresses_are_refused_again_at_delivery(hook: Receiver) -> None:
    make_endpoint(hook)
    make_code()
    with override_settings(WEBHOOK_ALLOW_PRIVATE=False):
        WebhookEndpoint.objects.update(url="https://hooks.example.com/")
        fan_out(now=NOW)
        sent = deliver_next(resolver=lambda host, port: ["127.0.0.1"], now=NOW)
    assert sent is not None
    assert sent.attempt.error == "The host leads to an address that is not public."
