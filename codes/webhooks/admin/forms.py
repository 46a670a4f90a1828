"""What a supervisor fills in of an endpoint. Forms shape; codes/webhooks/services.py decides."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from codes.admin.forms import DeskForm, DeskOnceForm
from codes.choices import EventType
from codes.forms import WholeText
from codes.webhooks.addresses import MAX_LENGTH, AddressRefused, callable_addresses, parse
from icpportal.api.models import ApiClient


class TypesForm(DeskForm):
    """Which types of event are sent."""

    event_types = forms.MultipleChoiceField(
        label=_("Event types"),
        choices=EventType.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one type of event.")},
    )


class EndpointForm(DeskOnceForm, TypesForm):
    """A new endpoint. Its address cannot be changed later: a receiver that moves gets an endpoint of its own.

    `addresses` are those of its host, looked up here so that no transaction waits for the answer.
    """

    addresses: Sequence[str] = ()

    client: forms.ModelChoiceField[ApiClient] = forms.ModelChoiceField(
        ApiClient.objects.filter(is_active=True).order_by("name"),
        label=_("API client"),
        empty_label=_("Choose an API client"),
        help_text=_("With an account, it gets the events of that account only."),
        error_messages={"required": _("Choose an API client.")},
    )
    url = WholeText(
        label=_("Address"),
        help_text=_("Begins with https:// and is reachable from the internet."),
        max_length=MAX_LENGTH,
        error_messages={"required": _("Enter an address.")},
    )
    field_order = ("url", "client", "event_types")

    def clean_url(self) -> str:
        """Raises ValidationError unless it may be called."""
        url: str = self.cleaned_data["url"]
        try:
            self.addresses = callable_addresses(parse(url))
        except AddressRefused as refused:
            raise forms.ValidationError(str(refused.reason)) from refused
        return url
