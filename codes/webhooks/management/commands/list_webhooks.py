"""List the endpoints, one a line: what each gets, and how it stands."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from codes.webhooks.models import WebhookDelivery, WebhookEndpoint
from icpportal.dates import shanghai


class Command(BaseCommand):
    help = "List the webhook endpoints."

    def handle(self, *args: Any, **options: Any) -> None:
        """Times are China's."""
        pending = dict(WebhookDelivery.objects.pending().values_list("endpoint").annotate(Count("pk")))
        for each in WebhookEndpoint.objects.select_related("client").order_by("pk"):
            waiting = f"{pending.get(each.pk, 0)} pending"
            parts = [str(each.pk), each.client.name, each.place, ",".join(each.event_types), waiting, _state(each)]
            self.stdout.write("\t".join(parts))


def _state(endpoint: WebhookEndpoint) -> str:
    if endpoint.disabled_at is not None:
        return f"disabled since {shanghai(endpoint.disabled_at)}: {endpoint.get_disabled_reason_display()}"
    if not endpoint.client.is_active:
        return "the API client is not active"
    return f"failing since {shanghai(endpoint.failing_since)}" if endpoint.failing_since else "enabled"
