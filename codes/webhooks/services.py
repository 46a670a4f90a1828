"""What people do with endpoints and deliveries: create, edit, disable, enable, rotate the secret, redeliver."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from codes.append_only import final_until
from codes.choices import EventType
from codes.webhooks.addresses import Resolver, callable_addresses, parse, system_resolver
from codes.webhooks.choices import DeliveryState, DisabledReason
from codes.webhooks.delivering import disable
from codes.webhooks.models import WebhookDelivery, WebhookEndpoint
from codes.webhooks.signing import OVERLAP, new_secret
from icpportal import sealing
from icpportal.api.models import ApiClient, Scope
from icpportal.sentences import StrPromise


class EndpointRefused(Exception):
    """The endpoint cannot be as asked for: `field` says what of it and `reason` why, for people."""

    def __init__(self, field: str, reason: StrPromise) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


def check_url(url: str, *, resolver: Resolver = system_resolver) -> None:
    """Raises AddressRefused unless `url` may be called now; it is asked again at every delivery."""
    callable_addresses(parse(url), resolver=resolver)


def create_endpoint(
    client: ApiClient, *, url: str, event_types: Iterable[str], resolver: Resolver = system_resolver, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """An endpoint that is sent what happens from now on, and its secret, which is readable this once.

    Raises AddressRefused and EndpointRefused.
    """
    check_url(url, resolver=resolver)
    if Scope.CODES_READ not in client.scopes:
        raise EndpointRefused("client", _("The API client needs the scope codes:read."))
    secret = new_secret()
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.create(
            client=client,
            url=url,
            event_types=_known(event_types),
            secret=sealing.seal(secret),
            cursor=final_until(connection),
            created_at=now,
        )
    return endpoint, secret


def choose_types(endpoint: WebhookEndpoint, *, event_types: Iterable[str]) -> None:
    """Send these types from the next event on. Raises EndpointRefused."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(event_types=_known(event_types))


def _known(event_types: Iterable[str]) -> list[str]:
    chosen = set(event_types)
    if not chosen or chosen - set(EventType.values):
        raise EndpointRefused("event_types", _("Choose one or more of the event types."))
    return [each for each in EventType.values if each in chosen]


def disable_endpoint(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Send nothing more; what is pending waits. Again: the first reason stays."""
    with transaction.atomic():
        fresh = _locked(endpoint)
        disable(fresh, DisabledReason.BY_STAFF, now=now)
        fresh.save(update_fields=["disabled_at", "disabled_reason"])


def enable_endpoint(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Go on where it stopped: what is pending, and what was given up since the last success, is due at once.

    The three days begin anew. An enabled endpoint stays as it is.
    """
    with transaction.atomic():
        fresh = _locked(endpoint)
        if fresh.disabled_at is None:
            return
        for stopped in (fresh.deliveries.pending(), fresh.deliveries.missed()):
            stopped.update(**_anew(now))
        fresh.disabled_at, fresh.disabled_reason = None, ""
        fresh.failing_since = fresh.paused_until = None
        fresh.save(update_fields=["disabled_at", "disabled_reason", "failing_since", "paused_until"])


def rotate_secret(endpoint: WebhookEndpoint, *, now: datetime) -> str:
    """A new secret, readable this once. The old one signs too for 24 hours; one before that no longer."""
    secret = new_secret()
    with transaction.atomic():
        fresh = _locked(endpoint)
        fresh.previous_secret, fresh.previous_until = fresh.secret, now + OVERLAP
        fresh.secret = sealing.seal(secret)
        fresh.save(update_fields=["secret", "previous_secret", "previous_until"])
    return secret


def redeliver(delivery: WebhookDelivery, *, now: datetime) -> None:
    """Send it again at once, with the same `webhook-id`, for three days anew; whether or not it was delivered."""
    with transaction.atomic():
        # A pause is for what comes by itself. The endpoint is locked before its deliveries, here as everywhere.
        WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(paused_until=None)
        WebhookDelivery.objects.filter(pk=delivery.pk).update(**_anew(now))


def _anew(now: datetime) -> dict[str, Any]:
    """A delivery as if it had never been tried; its attempts stay in the log."""
    return {"state": DeliveryState.PENDING, "due_at": now, "began_at": None, "tries": 0, "settled_at": None}


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
