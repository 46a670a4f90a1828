"""Endpoints: what each is sent, how it stands, and what supervisors do with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from codes.admin.asking import ask_about
from codes.admin.columns import link, list_url, moment, page_url
from codes.admin.forms import DeskForm, DeskOnceForm
from codes.admin.list_filters import Rows, TabsOfFew
from codes.admin.request import posted
from codes.admin.secrets import SecretRecord
from codes.admin.words import Act
from codes.choices import EventType
from codes.webhooks import services
from codes.webhooks.admin.forms import EndpointForm, TypesForm
from codes.webhooks.models import WebhookDelivery, WebhookEndpoint
from codes.webhooks.services import EndpointRefused
from icpportal.sentences import comma
from icpportal.sign_in.confirming import recently_confirmed

ACTS = {
    "disable": Act(
        question=_("Disable %(endpoint)s?"),
        effect=_("Nothing more is sent. What is pending and what happens meanwhile is sent once it is enabled."),
        button=_("Disable"),
        done=_("%(endpoint)s is disabled."),
        run=services.disable_endpoint,
    ),
    "enable": Act(
        question=_("Enable %(endpoint)s?"),
        effect=_("It resumes where it stopped: everything since then is sent, in order."),
        button=_("Enable"),
        done=_("%(endpoint)s is enabled."),
        run=services.enable_endpoint,
    ),
}


class StateFilter(TabsOfFew):
    """Enabled, failing or disabled, as the list says of each."""

    title = _("state")
    parameter_name = "standing"  # as saved views have it

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("enabled", _("Enabled")), ("failing", _("Failing")), ("disabled", _("Disabled"))]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        if value == "disabled":
            return rows.filter(disabled_at__isnull=False)
        return rows.filter(disabled_at=None, failing_since__isnull=value == "enabled")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(SecretRecord):
    """An address is never edited; types, state and secret are."""

    page_template = "admin/desk/webhook_endpoint.html"
    list_title = _("Webhooks")
    acts = {
        "Created": _("Endpoint created"),
        "Event types chosen": _("Event types chosen"),
        "Secret rotated": _("Secret rotated"),
        "disable": _("Endpoint disabled"),
        "enable": _("Endpoint enabled"),
    }
    add_title = _("Add a webhook endpoint")
    add_lead = _("Whatever happens from now on is sent to it. Its secret is shown once, on the next page.")
    add_button = _("Create")
    secret_title = _("The endpoint's secret")
    secret_lead = _("It is shown only this once. Give it to the receiver, which checks every signature with it.")
    copy_label = _("Copy the secret")
    back_label = _("Back to the endpoint")
    list_display = ("place", "client", "state", "last_success", "created")
    list_filter = (StateFilter,)
    sortable_by = ()

    @admin.display(description=_("address"))
    def place(self, endpoint: WebhookEndpoint) -> str:
        return endpoint.place

    @admin.display(description=_("state"))
    def state(self, endpoint: WebhookEndpoint) -> str:
        if endpoint.disabled_at is not None:
            return str(_("Disabled: %(reason)s") % {"reason": endpoint.get_disabled_reason_display()})
        return str(_("Failing") if endpoint.failing_since else _("Enabled"))

    @admin.display(description=_("last success"))
    def last_success(self, endpoint: WebhookEndpoint) -> SafeString | str:
        return moment(endpoint.succeeded_at)

    @admin.display(description=_("created"))
    def created(self, endpoint: WebhookEndpoint) -> SafeString | str:
        return moment(endpoint.created_at)

    def get_queryset(self, request: HttpRequest) -> Rows:
        return super().get_queryset(request).select_related("client__account")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/types/", view(self.types), name="webhooks_webhookendpoint_types"),
            path("<int:pk>/rotate/", view(recently_confirmed(self.rotate)), name="webhooks_webhookendpoint_rotate"),
            path("<int:pk>/act/<str:action>/", view(self.act), name="webhooks_webhookendpoint_act"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, obj: WebhookEndpoint, *, now: datetime) -> dict[str, Any]:
        """The notice when it is disabled, its facts, what may be done, and who did what."""
        return {
            "endpoint": obj,
            "facts": _facts(obj, now=now),
            "buttons": _buttons(obj) if self.may_change(request) else [],
            "deliveries_url": list_url(WebhookDelivery, endpoint=obj.pk),
            "timeline": self.story(obj),
        }

    def new_form(self, data: Any) -> EndpointForm:
        return EndpointForm(data)

    def make(self, request: HttpRequest, form: Any) -> tuple[WebhookEndpoint, str] | None:
        try:
            endpoint, secret = services.create_endpoint(
                now=timezone.now(), resolver=lambda host, port: form.addresses, **form.cleaned_data
            )
        except EndpointRefused as refused:
            form.add_error(refused.field, str(refused.reason))
            return None
        self.log_addition(request, endpoint, "Created")
        return endpoint, secret

    def types(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which types are sent from now on."""
        endpoint = self.changeable(request, pk)
        chosen = {"event_types": endpoint.event_types}
        form = TypesForm(posted(request), initial=chosen)
        if request.method == "POST" and form.is_valid():
            with transaction.atomic():
                services.choose_types(endpoint, event_types=form.cleaned_data["event_types"])
                self.log_change(request, endpoint, "Event types chosen")
            messages.success(request, _("%(endpoint)s: saved.") % {"endpoint": endpoint})
            return HttpResponseRedirect(page_url(endpoint))
        question = _("Choose what is sent to %(endpoint)s") % {"endpoint": endpoint}
        effect = _("Takes effect with the next event.")
        return ask_about(endpoint, self, request, form, title=question, effect=effect, button=_("Save"))

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new secret, shown once."""
        endpoint = self.changeable(request, pk)
        form = DeskOnceForm(posted(request))

        def make(request: HttpRequest, form: Any) -> tuple[WebhookEndpoint, str]:
            self.log_change(request, endpoint, "Secret rotated")
            return endpoint, services.rotate_secret(endpoint, now=timezone.now())

        if request.method == "POST" and (answer := self.secret_once(request, form, make)) is not None:
            return answer
        question = _("Rotate the secret of %(endpoint)s?") % {"endpoint": endpoint}
        effect = _("A new secret is shown once. For 24 hours both sign, then the old one stops.")
        return ask_about(endpoint, self, request, form, title=question, effect=effect, button=_("Rotate the secret"))

    def act(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        """Disable or enable."""
        if action not in ACTS:
            raise Http404
        act, endpoint = ACTS[action], self.changeable(request, pk)
        names = {"endpoint": endpoint}
        if request.method == "POST":
            with transaction.atomic():
                act.run(endpoint, now=timezone.now())
                self.log_change(request, endpoint, action)
            messages.success(request, act.done % names)
            return HttpResponseRedirect(page_url(endpoint))
        question = act.question % names
        return ask_about(endpoint, self, request, DeskForm(), title=question, effect=act.effect, button=act.button)


def _facts(endpoint: WebhookEndpoint, *, now: datetime) -> list[dict[str, Any]]:
    labels = dict(EventType.choices)
    account = endpoint.client.account
    facts: list[dict[str, Any]] = [
        {"label": _("API client"), "value": endpoint.client.name},
        {"label": _("Account"), "value": link(account) if account else _("All accounts")},
        {"label": _("Event types"), "value": comma().join(str(labels[each]) for each in endpoint.event_types)},
        {"label": _("Created"), "value": moment(endpoint.created_at)},
        {"label": _("Last attempt"), "value": moment(endpoint.served_at)},
        {"label": _("Last success"), "value": moment(endpoint.succeeded_at)},
        {"label": _("Failing since"), "value": moment(endpoint.failing_since)},
    ]
    if endpoint.previous_until is not None and now < endpoint.previous_until:
        facts.append({"label": _("The old secret signs until"), "value": moment(endpoint.previous_until)})
    return facts


def _buttons(endpoint: WebhookEndpoint) -> list[dict[str, Any]]:
    turn, label = ("disable", _("Disable…")) if endpoint.disabled_at is None else ("enable", _("Enable…"))
    name = "admin:webhooks_webhookendpoint"
    return [
        {"label": _("Choose event types…"), "url": reverse(f"{name}_types", args=[endpoint.pk])},
        {"label": _("Rotate the secret…"), "url": reverse(f"{name}_rotate", args=[endpoint.pk])},
        {"label": label, "url": reverse(f"{name}_act", args=[endpoint.pk, turn])},
    ]
