"""From events to deliveries: each endpoint is given what is new in the feed, once and in order."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from codes.append_only import final_until
from codes.models import CodeEvent
from codes.webhooks.models import WebhookDelivery, WebhookEndpoint
from icpportal.api.models import Scope

EVENTS_A_TURN = 500


def receiving() -> list[WebhookEndpoint]:
    """The endpoints that get deliveries, the one that waited longest first: enabled, of a client that reads codes."""
    endpoints = WebhookEndpoint.objects.enabled().select_related("client")
    served = sorted(
        endpoints, key=lambda each: (each.served_at is not None, each.served_at or each.created_at, each.pk)
    )
    return [endpoint for endpoint in served if Scope.CODES_READ in endpoint.client.scopes]


def fan_out(*, now: datetime) -> int:
    """Make deliveries of all that is new, due at once; returns how many. Several may run at once."""
    made = 0
    for endpoint in receiving():
        is_more = True
        while is_more:
            count, is_more = _turn(endpoint.pk, now=now)
            made += count
    return made


def _turn(endpoint_id: int, *, now: datetime) -> tuple[int, bool]:
    """One page of events for one endpoint: how many deliveries were made, and whether there may be more."""
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).select_related("client")
        endpoint = locked.get(pk=endpoint_id)
        final = final_until(connection)
        if final <= endpoint.cursor:
            return 0, False
        events = list(_wanted(endpoint).filter(pk__gt=endpoint.cursor, pk__lte=final).order_by("pk")[:EVENTS_A_TURN])
        is_more = len(events) == EVENTS_A_TURN
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(endpoint=endpoint, event=event, lane=lane(event), due_at=now) for event in events
        )
        endpoint.cursor = events[-1].pk if is_more else final
        endpoint.save(update_fields=["cursor"])
        return len(events), is_more


def _wanted(endpoint: WebhookEndpoint) -> QuerySet[CodeEvent]:
    """The events of the chosen types; those of one account alone when the client is limited to it."""
    events = CodeEvent.objects.filter(type__in=endpoint.event_types)
    account_id = endpoint.client.account_id
    return events if account_id is None else events.filter(account_id=account_id)


def lane(event: CodeEvent) -> str:
    """What keeps its order: the code, or the server of an event without one."""
    return f"code:{event.code_id}" if event.code_id is not None else f"server:{event.server_id}"
