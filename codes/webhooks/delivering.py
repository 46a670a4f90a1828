"""Sending: claim what is due, post it, write down what came of it. No transaction is open while a receiver answers."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_noop

from codes.api.payloads import event_payload
from codes.models import CodeEvent
from codes.webhooks.addresses import Resolver, system_resolver
from codes.webhooks.choices import DeliveryState, DisabledReason
from codes.webhooks.fan_out import receiving
from codes.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from codes.webhooks.schedule import asked_wait, next_attempt, pause
from codes.webhooks.signing import headers
from codes.webhooks.transport import Answer, post
from icpportal.api.fields import iso

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than any attempt takes (transport.LIMITS, and addresses.RESOLVE_SECONDS)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One attempt that was made, and how its delivery stands after it."""

    delivery: WebhookDelivery
    attempt: WebhookAttempt


class Turns:
    """The endpoints that threads of this process are calling: each by one at a time, so a slow one holds up itself."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken: set[int] = set()

    def take(self, endpoint_id: int) -> bool:
        """Whether the endpoint is the caller's now, until it gives it back."""
        with self._lock:
            is_free = endpoint_id not in self._taken
            self._taken.add(endpoint_id)
            return is_free

    def give_back(self, endpoint_id: int) -> None:
        """Others may have it."""
        with self._lock:
            self._taken.remove(endpoint_id)


def deliver_next(*, turns: Turns | None = None, resolver: Resolver = system_resolver, now: datetime) -> Sent | None:
    """Send the next delivery that is due, of the endpoint that waited longest; None when nothing is due.

    With `turns`, of an endpoint that no other thread calls.
    """
    turns = turns or Turns()
    delivery = _claim(turns, now=now)
    if delivery is None:
        return None
    try:
        answer = _send(delivery, resolver=resolver, now=now)
        return _settle(delivery, answer, began=now, jitter=random.random())
    finally:
        turns.give_back(delivery.endpoint_id)


def _send(delivery: WebhookDelivery, *, resolver: Resolver, now: datetime) -> Answer:
    body = message(delivery.event)
    try:
        signed = headers(delivery.endpoint, message_id=delivery.message_id, body=body, now=now)
    except InvalidToken:
        return Answer(error=gettext_noop("CODE_KEYS lacks the key that sealed the endpoint's secret"))
    return post(delivery.endpoint.url, body.encode(), {"Content-Type": "application/json", **signed}, resolver=resolver)


def message(event: CodeEvent) -> str:
    """What is posted: the event's type as the feed names it, its time, and the event as the API shows it.

    No code value is in it, since none is in an event.
    """
    payload = {"type": event.type, "timestamp": iso(event.at), "data": event_payload(event)}
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _claim(turns: Turns, *, now: datetime) -> WebhookDelivery | None:
    """A delivery to send, whose endpoint is taken: the caller gives it back."""
    for endpoint in receiving():
        is_paused = endpoint.paused_until is not None and now < endpoint.paused_until
        if is_paused or not turns.take(endpoint.pk):
            continue
        claimed = None
        try:
            claimed = _claim_of(endpoint, now=now)
        finally:
            if claimed is None:
                turns.give_back(endpoint.pk)
        if claimed is not None:
            return claimed
    return None


def _claim_of(endpoint: WebhookEndpoint, *, now: datetime) -> WebhookDelivery | None:
    """The first due delivery of this endpoint, with what is told of it; the endpoint has had its turn."""
    claimed = _lease(endpoint, now=now)
    if claimed is None:
        return None
    # After the claim's transaction, which holds the delivery: elsewhere the endpoint is locked first.
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(served_at=now)
    told = ("endpoint", "event__account", "event__server", "event__user", "event__client")
    return WebhookDelivery.objects.select_related(*told).get(pk=claimed)


def _lease(endpoint: WebhookEndpoint, *, now: datetime) -> int | None:
    """The first due delivery of this endpoint that nothing earlier of its lane holds up, leased."""
    pending = WebhookDelivery.objects.pending().filter(endpoint=endpoint)
    earlier = pending.filter(lane=OuterRef("lane"), event__lt=OuterRef("event"))
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    with transaction.atomic():
        due = pending.filter(~Exists(earlier), free, due_at__lte=now).order_by("event")
        delivery = due.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
        if delivery is None:
            return None
        delivery.leased_until = now + LEASE
        delivery.began_at = delivery.began_at or now
        delivery.save(update_fields=["leased_until", "began_at"])
        return delivery.pk


def _settle(claimed: WebhookDelivery, answer: Answer, *, began: datetime, jitter: float) -> Sent:
    """Write down the attempt, and what follows from it for the delivery and its endpoint."""
    now = began + timedelta(seconds=answer.seconds)
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=claimed.endpoint_id)
        delivery = WebhookDelivery.objects.select_for_update(no_key=True).get(pk=claimed.pk)
        attempt = WebhookAttempt.objects.create(
            delivery=delivery,
            at=began,
            status=answer.status,
            error=answer.error,
            duration_ms=round(answer.seconds * 1000),
            response=answer.text,
        )
        if answer.is_success:
            _succeeded(delivery, endpoint, now=now)
        elif delivery.leased_until == claimed.leased_until:
            _failed(delivery, endpoint, answer, jitter=jitter, now=now)
        delivery.save(update_fields=["state", "due_at", "tries", "leased_until", "settled_at"])
        endpoint.save(update_fields=["succeeded_at", "failing_since", "paused_until", "disabled_at", "disabled_reason"])
        return Sent(delivery=delivery, attempt=attempt)


def _succeeded(delivery: WebhookDelivery, endpoint: WebhookEndpoint, *, now: datetime) -> None:
    delivery.state, delivery.settled_at, delivery.leased_until = DeliveryState.DELIVERED, now, None
    delivery.tries += 1
    endpoint.succeeded_at, endpoint.failing_since, endpoint.paused_until = now, None, None


def _failed(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer, *, jitter: float, now: datetime
) -> None:
    began_at = delivery.began_at or now
    delivery.tries += 1
    delivery.leased_until = None
    endpoint.failing_since = endpoint.failing_since or now
    asked = asked_wait(answer.retry_after)
    if asked is not None:
        endpoint.paused_until = now + asked
    elif answer.status is None:
        endpoint.paused_until = now + pause(failing_since=endpoint.failing_since, now=now)
    due_at = next_attempt(tries=delivery.tries, began_at=began_at, asked=asked, jitter=jitter, now=now)
    if due_at is not None:
        delivery.due_at = due_at
    else:
        delivery.state, delivery.settled_at = DeliveryState.GIVEN_UP, now
    if answer.status == HTTPStatus.GONE:
        disable(endpoint, DisabledReason.GONE, now=now)
    elif due_at is None and (endpoint.succeeded_at is None or endpoint.succeeded_at < began_at):
        disable(endpoint, DisabledReason.FAILING, now=now)


def disable(endpoint: WebhookEndpoint, reason: DisabledReason, *, now: datetime) -> None:
    """Mark the locked endpoint as disabled, unless it already is, and log it. The caller saves."""
    if endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_reason = now, reason
        log.warning("Webhook endpoint %d is disabled: %s", endpoint.pk, reason.value)
