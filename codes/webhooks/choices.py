"""The closed vocabularies of webhooks."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DeliveryState(TextChoices):
    """Where a delivery stands. A given up one is sent again when somebody asks for it or enables the endpoint."""

    PENDING = "pending", _("Pending")
    DELIVERED = "delivered", _("Delivered")
    GIVEN_UP = "given_up", _("Given up")


class DisabledReason(TextChoices):
    """Why an endpoint gets nothing any more."""

    FAILING = "failing", _("Every delivery failed for three days")
    GONE = "gone", _("It answered 410 Gone")
    BY_STAFF = "by_staff", _("A supervisor disabled it")
