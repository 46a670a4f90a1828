"""Endpoints, what each is to be sent, and every attempt to send it.

Only codes/webhooks writes here. All datetimes are aware and stored in UTC. Secrets are sealed like code values.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from codes.models import CodeEvent
from codes.webhooks.choices import DeliveryState, DisabledReason
from icpportal.api.models import ApiClient


class EndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def enabled(self) -> EndpointQuerySet:
        """Not disabled, of an active API client."""
        return self.filter(disabled_at__isnull=True, client__is_active=True)


class WebhookEndpoint(models.Model):
    """Where an API client wants its events posted, and which types.

    `cursor` is the number of the last event that was turned into deliveries, or passed over. `previous_secret` signs
    too until `previous_until`, so that a receiver can change over. `failing_since` is the first failure after the
    last success; nothing is tried before `paused_until`, while the endpoint cannot be reached or asked for a wait.
    """

    client = models.ForeignKey(
        ApiClient, verbose_name=_("API client"), on_delete=models.PROTECT, related_name="webhook_endpoints"
    )
    url = models.CharField(_("address"), max_length=500)
    event_types = models.JSONField(_("event types"), default=list)
    secret = models.BinaryField(max_length=300, editable=False)
    previous_secret = models.BinaryField(max_length=300, null=True, editable=False)
    previous_until = models.DateTimeField(_("the old secret signs until"), null=True, editable=False)
    cursor = models.BigIntegerField(_("last event"), editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    served_at = models.DateTimeField(_("last attempt"), null=True, editable=False)
    succeeded_at = models.DateTimeField(_("last success"), null=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, editable=False)
    disabled_at = models.DateTimeField(_("disabled since"), null=True, editable=False)
    disabled_reason = models.CharField(
        _("disabled because"), max_length=10, choices=DisabledReason, blank=True, editable=False
    )

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_reason="")
                | Q(disabled_at__isnull=False, disabled_reason__in=DisabledReason.values),
                name="webhook_endpoint_disabled_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.place

    @property
    def place(self) -> str:
        """The address without its query, which may hold a password of the receiver."""
        return self.url.partition("?")[0]


class DeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def pending(self) -> DeliveryQuerySet:
        """Neither delivered nor given up."""
        return self.filter(state=DeliveryState.PENDING)

    def missed(self) -> DeliveryQuerySet:
        """Given up since the last success of their endpoint: enabled again, it gets them."""
        never, since = Q(endpoint__succeeded_at__isnull=True), Q(settled_at__gt=F("endpoint__succeeded_at"))
        return self.filter(never | since, state=DeliveryState.GIVEN_UP)


class WebhookDelivery(models.Model):
    """One event for one endpoint.

    Those of the same `lane` (a code, or a server for events without one) go out in the order of their events.
    `began_at` is the first attempt and `tries` the number of attempts since the delivery was made or asked for again.
    Whoever sends holds the row until `leased_until`; a deliverer that is killed holds it no longer than that.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint, verbose_name=_("endpoint"), on_delete=models.PROTECT, related_name="deliveries"
    )
    event = models.ForeignKey(CodeEvent, verbose_name=_("event"), on_delete=models.PROTECT, related_name="+")
    lane = models.CharField(max_length=32, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    due_at = models.DateTimeField(_("next attempt"))
    began_at = models.DateTimeField(_("first attempt"), null=True)
    tries = models.PositiveSmallIntegerField(_("attempts"), default=0)
    leased_until = models.DateTimeField(null=True, editable=False)
    settled_at = models.DateTimeField(_("delivered or given up"), null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        permissions = [("redeliver_webhookdelivery", gettext_noop("Can redeliver a webhook"))]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_delivery_once_per_event"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="webhook_delivery_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "event"], condition=Q(state=DeliveryState.PENDING), name="webhook_pending"
            ),
            models.Index(
                fields=["endpoint", "lane", "event"],
                condition=Q(state=DeliveryState.PENDING),
                name="webhook_pending_lane",
            ),
            models.Index(fields=["id"], condition=Q(state=DeliveryState.GIVEN_UP), name="webhook_given_up"),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """The header `webhook-id`: the same at every attempt, so that a receiver can tell a repetition."""
        return f"msg_{self.endpoint_id}_{self.event_id}"


class WebhookAttempt(models.Model):
    """One attempt: the status that was answered or the error instead, and how long it took in milliseconds.

    `response` is the beginning of the answer, readable characters only.
    """

    delivery = models.ForeignKey(
        WebhookDelivery, verbose_name=_("delivery"), on_delete=models.PROTECT, related_name="attempts"
    )
    at = models.DateTimeField(_("when"))
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"))
    response = models.CharField(_("response"), max_length=1024, blank=True)

    class Meta:
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")

    def __str__(self) -> str:
        return str(self.status or self.error)
