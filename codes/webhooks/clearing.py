"""What of the delivery log may go: deliveries that were settled long ago, with their attempts."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from codes.webhooks.models import WebhookAttempt, WebhookDelivery

CHUNK = 500


@transaction.atomic
def clear_deliveries(*, before: datetime) -> int:
    """Delete the next deliveries that were settled before then, with their attempts: how many; 0 when none is left.

    Those stay that their endpoint gets once it is enabled again. What somebody redelivers meanwhile is left alone.
    """
    missed = WebhookDelivery.objects.missed().values("pk")
    gone = WebhookDelivery.objects.filter(settled_at__lt=before).exclude(pk__in=missed).order_by("pk")
    locked = gone.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
    numbers = list(locked[:CHUNK])
    WebhookAttempt.objects.filter(delivery__in=numbers).delete()
    WebhookDelivery.objects.filter(pk__in=numbers).delete()
    return len(numbers)
