"""The delivery log: each event for each endpoint with every attempt, and Redeliver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from codes.admin.base import BULK_LIMIT, DeskRecord
from codes.admin.columns import link, list_url, moment, page_url
from codes.admin.forms import DeskForm
from codes.admin.list_filters import NumberFilter, Rows, choice_filter
from codes.admin.request import few, keys
from codes.choices import EventType
from codes.webhooks import services
from codes.webhooks.choices import DeliveryState
from codes.webhooks.models import WebhookAttempt, WebhookDelivery
from icpportal.numbers import grouped

REDELIVER = "webhooks.redeliver_webhookdelivery"


class EndpointFilter(NumberFilter):
    """The deliveries to one endpoint."""

    title, parameter_name, field = _("endpoint"), "endpoint", "endpoint"


class EventFilter(NumberFilter):
    """The deliveries of one event."""

    title, parameter_name, field = _("event"), "event", "event"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(DeskRecord):
    """One event for one endpoint."""

    is_cleared = True
    page_template = "admin/desk/webhook_delivery.html"
    shows_codes = True
    list_display = ("what", "subject", "endpoint_cell", "state", "attempt_count", "next_attempt", "settled")
    list_filter = (
        choice_filter("state", _("state"), DeliveryState.choices),
        choice_filter("type", _("what"), EventType.choices, field="event__type"),
        EndpointFilter,
        EventFilter,
    )
    sortable_by = ()

    @admin.display(description=_("what"))
    def what(self, delivery: WebhookDelivery) -> str:
        return delivery.event.get_type_display()

    @admin.display(description=_("of"))
    def subject(self, delivery: WebhookDelivery) -> SafeString:
        return link(delivery.event.code or delivery.event.server)

    @admin.display(description=_("endpoint"))
    def endpoint_cell(self, delivery: WebhookDelivery) -> SafeString:
        return link(delivery.endpoint)

    @admin.display(description=_("attempts"))
    def attempt_count(self, delivery: Any) -> str:
        """All that its page lists; `tries` begins anew with each redelivery."""
        return grouped(delivery.attempt_count)

    @admin.display(description=_("next attempt"))
    def next_attempt(self, delivery: WebhookDelivery) -> SafeString | str:
        return moment(delivery.due_at if delivery.state == DeliveryState.PENDING else None)

    @admin.display(description=_("delivered or given up"))
    def settled(self, delivery: WebhookDelivery) -> SafeString | str:
        return moment(delivery.settled_at)

    def get_queryset(self, request: HttpRequest) -> Rows:
        related = ("endpoint__client", "event__server", "event__code", "event__account")
        return super().get_queryset(request).select_related(*related)

    def with_cells(self, rows: Rows, *, now: datetime) -> Rows:
        made = WebhookAttempt.objects.filter(delivery=OuterRef("pk")).order_by().values("delivery")
        counted: Rows = rows.annotate(attempt_count=Coalesce(Subquery(made.values(count=Count("pk"))), 0))
        return counted

    def bulk_actions(self, request: HttpRequest) -> dict[str, Any]:
        if not request.user.has_perm(REDELIVER):
            return {}
        choose: Callable[..., HttpResponse | None] = WebhookDeliveryAdmin.choose
        return {"redeliver": (choose, "redeliver", _("Redeliver…"))}

    def get_urls(self) -> list[URLPattern]:
        redeliver = self.admin_site.admin_view(self.redeliver)
        return [path("redeliver/", redeliver, name="webhooks_webhookdelivery_redeliver"), *super().get_urls()]

    def page(self, request: HttpRequest, obj: WebhookDelivery, *, now: datetime) -> dict[str, Any]:
        """The delivery, its attempts, and where it is sent again."""
        may = request.user.has_perm(REDELIVER)
        return {
            "facts": self._facts(obj),
            "attempts": [(each, _trouble(each.error)) for each in obj.attempts.order_by("-pk")],
            "redeliver_url": f"{_redeliver_url()}?delivery={obj.pk}" if may else "",
            "disabled_at": obj.endpoint.disabled_at,
        }

    def _facts(self, delivery: WebhookDelivery) -> list[dict[str, Any]]:
        event = delivery.event
        return [
            {"label": _("State"), "value": delivery.get_state_display()},
            {"label": _("Event"), "value": link(event)},
            {"label": _("Of"), "value": self.subject(delivery)},
            {"label": _("Account then"), "value": link(event.account)},
            {"label": _("Endpoint"), "value": link(delivery.endpoint), "note": delivery.endpoint.client.name},
            {"label": _("Message"), "value": delivery.message_id, "mono": True},
            {"label": _("Next attempt"), "value": self.next_attempt(delivery)},
            {"label": _("Delivered or given up"), "value": self.settled(delivery)},
        ]

    def choose(self, request: HttpRequest, chosen: Rows) -> HttpResponse | None:
        """Asks about the rows that were chosen in the list."""
        found = few(request, chosen.values_list("pk", flat=True), BULK_LIMIT)
        return None if found is None else self._ask(request, found)

    def redeliver(self, request: HttpRequest) -> HttpResponse:
        """Asks about the deliveries that are named, and on POST sends them again. Raises BadRequest for forged ids."""
        if not request.user.has_perm(REDELIVER) or not self.has_view_permission(request):
            raise PermissionDenied
        named = keys((request.POST if request.method == "POST" else request.GET).getlist("delivery"))
        if not 0 < len(named) <= BULK_LIMIT:
            raise BadRequest
        if request.method != "POST":
            return self._ask(request, named)
        deliveries = list(self._found(request, named))
        for each in deliveries:
            services.redeliver(each, now=timezone.now())
            self.log_change(request, each, "Redelivered")
        count = len(deliveries)
        done = ngettext("%(count)d delivery is due now.", "%(count)d deliveries are due now.", count)
        messages.success(request, done % {"count": count})
        return HttpResponseRedirect(page_url(deliveries[0]) if count == 1 else list_url(WebhookDelivery))

    def _ask(self, request: HttpRequest, named: list[int]) -> HttpResponse:
        deliveries = self._found(request, named)
        count = len(deliveries)
        title = ngettext("Redeliver %(count)d event?", "Redeliver %(count)d events?", count) % {"count": count}
        context = self.desk_context(request, title=title) | {
            "deliveries": deliveries,
            "form": DeskForm(),
            "button": ngettext("Redeliver %(count)d event", "Redeliver %(count)d events", count) % {"count": count},
            "action_url": _redeliver_url(),
            "cancel_url": page_url(deliveries[0]) if count == 1 else list_url(WebhookDelivery),
            "names": {"name": "delivery", "values": [each.pk for each in deliveries]},
        }
        return TemplateResponse(request, "admin/desk/webhook_redeliver.html", context)

    def _found(self, request: HttpRequest, named: list[int]) -> list[WebhookDelivery]:
        found = list(self.get_queryset(request).filter(pk__in=named).order_by("event"))
        if not found:
            raise Http404
        return found


def _redeliver_url() -> str:
    return reverse("admin:webhooks_webhookdelivery_redeliver")


def _trouble(error: str) -> str:
    """An attempt's error in the reader's language; what the system said of it, behind a colon, stays as it is."""
    text, *detail = error.split(": ", 1)
    return ": ".join([gettext(text), *detail]) if text else ""
