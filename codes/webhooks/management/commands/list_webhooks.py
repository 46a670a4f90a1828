"""List the endpoints, one a line: what each gets, and how it stands."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Q

from codes.webhooks.choices import DeliveryState
from codes.webhooks.models import WebhookEndpoint
from icpportal.dates import shanghai


class Command(BaseCommand):
    help = "List the webhook endpoints."

    def handle(self, *args: Any, **options: Any) -> None:
        """Times are China's."""
        pending = Count("deliveries", filter=Q(deliveries__state=DeliveryState.PENDING))
        endpoints = WebhookEndpoint.objects.select_related("client").annotate(pending_count=pending)
        for each in endpoints.order_by("pk"):
            parts = [each.pk, each.client.name, each.place, ",".join(each.event_types), f"{each.pending_count} pending"]
            self.stdout.write("\t".join([*map(str, parts), _standing(each)]))


def _standing(endpoint: WebhookEndpoint) -> str:
    if endpoint.disabled_at is not None:
        return f"disabled since {shanghai(endpoint.disabled_at)}: {endpoint.get_disabled_reason_display()}"
    if not endpoint.client.is_active:
        return "the API client is not active"
    return f"failing since {shanghai(endpoint.failing_since)}" if endpoint.failing_since else "enabled"
