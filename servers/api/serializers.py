"""What comes in about accounts and servers, shaped strictly. Nothing of the domain is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from codes.api.words import Mail, Words
from icpportal.api.fields import Boolean, Choice, Integer, Items, Moment, Text
from icpportal.api.serializers import InputSerializer
from icpportal.handles import NO_ADDRESS, REGION_FORM, UID_FORM, canonical_address
from servers.choices import BillingMode, IPKind, ServerState
from servers.inventory.facts import (
    ACCOUNT_NAME_LENGTH,
    MAX_IPS,
    MAX_VERSION,
    MOST_MONTHS,
    NAME_LENGTH,
    YEARS,
    IPFacts,
    ServerFacts,
    term_faults,
)
from servers.inventory.tencent import rows_in

MAX_EMAILS = 50
MAX_ROWS = 100_000  # of one call: the provider's own, whole, fill the body's 16 MiB long before


@extend_schema_field({"type": "string", "format": "date-time"})
class Term(Moment):
    """A moment that has a Shanghai date and can be counted from: 1970 to 9998."""

    default_error_messages = {"range": _("Give a year from 1970 to 9998.")}

    def to_internal_value(self, data: Any) -> datetime:
        moment = super().to_internal_value(data)
        if moment.year not in YEARS:
            self.fail("range")
        return moment


class Address(Text):
    """An IPv4 or IPv6 address, in its usual spelling."""

    default_error_messages = {"address": NO_ADDRESS}

    def to_internal_value(self, data: Any) -> str:
        address = canonical_address(super().to_internal_value(data))
        if address is None:
            self.fail("address")
        return address


def uid(**options: Any) -> Text:
    """An account's uid."""
    return Text(validators=[UID_FORM.validator()], **options)


def region(**options: Any) -> Words:
    """A region's code, known here or not."""
    return Words(validators=[REGION_FORM.validator()], **options)


class AccountInput(InputSerializer):
    """An account, whole."""

    name = Words(
        max_length=ACCOUNT_NAME_LENGTH,
        validators=[RegexValidator(r"\S", _("Give a name."), "blank")],
        help_text=_("What people call it."),
    )
    emails = Items(
        child=Mail(max_length=254),
        required=False,
        max_length=MAX_EMAILS,
        help_text=_("For customer service to write to. Left out, there are none."),
    )


class IPInput(InputSerializer):
    """An address that the server holds."""

    address = Address(help_text=_("IPv4 or IPv6."))
    kind = Choice(
        choices=IPKind.choices,
        help_text=_("`public` was assigned at purchase; `elastic` is an Elastic IP, `clb` that of a load balancer."),
    )
    expires_at = Term(required=False, allow_null=True, help_text=_("null if it expires with the server."))


class ServerInput(InputSerializer):
    """A server's facts, whole."""

    account = uid(help_text=_("The owner's uid. The account must be known here."))
    name = Words(required=False, max_length=NAME_LENGTH, help_text=_("What people call it."))
    region = region(
        help_text=_("The code of a region, such as ap-guangzhou. A new one is taken and waits to be classified.")
    )
    billing_mode = Choice(choices=BillingMode.choices, help_text=_("How the server is paid for."))
    purchased_at = Term(allow_null=True, help_text=_("null only if the server is not prepaid."))
    expires_at = Term(allow_null=True, help_text=_("null only if the server is not prepaid."))
    state = Choice(
        choices=ServerState.choices, help_text=_("The state of the server. Nothing comes after `terminated`.")
    )
    public_ip_assigned = Boolean(help_text=_("Whether “Assign a public IP” was selected at purchase."))
    version = Integer(
        min_value=0, max_value=MAX_VERSION, help_text=_("A number that the feed only ever raises, server by server.")
    )
    prepaid_months = Integer(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_MONTHS,
        help_text=_("From a feed that knows the orders. Left out, the two dates say it."),
    )
    ips = Items(
        child=IPInput(), max_length=MAX_IPS, help_text=_("All that the server holds. One left out is released.")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The term holds together, and an address stands once."""
        faults = term_faults(attrs["billing_mode"], attrs["purchased_at"], attrs["expires_at"])
        errors: dict[str, Any] = {each.field: [ErrorDetail(str(each.detail), each.code)] for each in faults}
        addresses = [ip["address"] for ip in attrs["ips"]]
        again = {place: each for place, each in enumerate(addresses) if each in addresses[:place]}
        if again:
            twice = [ErrorDetail(str(_("This address is in the list twice.")), "twice")]
            errors["ips"] = {place: {"address": twice} for place in again}
        if errors:
            raise serializers.ValidationError(errors)
        return attrs


def server_facts(instance_id: str, data: Mapping[str, Any]) -> ServerFacts:
    """What a validated body states."""
    return ServerFacts(
        instance_id=instance_id,
        region=data["region"],
        name=data["name"],
        billing_mode=BillingMode(data["billing_mode"]),
        purchased_at=data["purchased_at"],
        expires_at=data["expires_at"],
        state=ServerState(data["state"]),
        public_ip_assigned=data["public_ip_assigned"],
        prepaid_months=data.get("prepaid_months"),
        ips=tuple(
            IPFacts(address=ip["address"], kind=IPKind(ip["kind"]), expires_at=ip.get("expires_at"))
            for ip in data["ips"]
        ),
    )


class InventoryInput(InputSerializer):
    """The provider's responses for one account, pages and kinds mixed."""

    account = uid(help_text=_("Whose servers these are. The account must be known here."))
    region = region(required=False, help_text=_("Rows of other regions are rejected. Left out, all regions are taken."))
    responses = Items(
        max_length=MAX_ROWS, help_text=_("As the provider gave them, with or without the `Response` around them.")
    )
    complete = Boolean(
        required=False, help_text=_("true: these are all there are, so whichever is missing is terminated.")
    )

    def validate_responses(self, value: list[Any]) -> list[Any]:
        """Raises ValidationError for too many rows: each may have to be named in the answer."""
        if rows_in(value) > MAX_ROWS:
            detail = _("One call takes at most %(most)d rows: send the rest in another.") % {"most": MAX_ROWS}
            raise serializers.ValidationError(detail, "too_many_rows")
        return value
