"""Filters over codes: the same for the API, the desk and the pages. Strict: see StrictFilterSet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from codes.choices import ShownState
from codes.models import AuthorizationCode, Filing
from codes.validity import shown_as
from codes.values import TAIL, normalise
from icpportal.api.filters import MomentFilter, OfOneFilter, PatternFilter, StrictFilterSet, TextFilter
from icpportal.handles import NAME_FORM, NO_ADDRESS, ORDER_FORM, UID_FORM, canonical_address
from servers.filters import OwnerFilter, either, is_wide, named_servers
from servers.models import IPAddress, Server

Codes = QuerySet[AuthorizationCode]
GATHERED = 10_000  # servers or IPs: of more that expire, a page of codes is found sooner by reading on


def is_very_large(account: Mapping[str, object]) -> bool:
    """Whether the account that these look-ups of servers name has so many that `told_early` pays."""
    return Server.objects.filter(**account).order_by().values("pk")[GATHERED : GATHERED + 1].exists()


def told_early(codes: Codes, account: Mapping[str, object]) -> Codes:
    """The same codes, of the account that these look-ups of servers name.

    Of a very large account most are read in vain when a state is asked for that few have. The key of a code's server
    tells whose it is: as one expression, which is tried before the server itself is read.
    """
    owned = Server.objects.filter(**account).order_by().values("pk")
    is_theirs = Case(When(server__in=owned, then=Value(True)), default=Value(False), output_field=BooleanField())
    return codes.filter(is_theirs)


class _AddressField(forms.CharField):
    def clean(self, value: Any) -> str | None:
        text = super().clean(value)
        address = canonical_address(text)
        if text and address is None:
            raise forms.ValidationError(NO_ADDRESS, code="invalid")
        return address


class AddressFilter(django_filters.Filter):  # type: ignore[misc]
    """An IPv4 or IPv6 address, in any spelling."""

    field_class = _AddressField


class CodeFilterSet(StrictFilterSet):
    """`state` is the shown one. `…_before` is <, `…_after` is >; moments are aware."""

    searching = frozenset({"search", "expires_before"})

    account = OwnerFilter(field_name="server__account")
    server = OfOneFilter(
        field_name="server",
        of=Server,
        handle="instance_id",
        owner="account",
        form=NAME_FORM,
        label=_("instance ID"),
        help_text=_("The instance ID of the server."),
    )
    ip = AddressFilter(field_name="ip__address", label=_("IP"), help_text=_("The IP that the code is tied to."))
    state = django_filters.ChoiceFilter(
        choices=ShownState.choices, method="in_state", label=_("state"), help_text=_("The state as it is shown now.")
    )
    expires_before = MomentFilter(
        method="expiring_before", label=_("expires before"), help_text=_("Those that expire before this moment.")
    )
    generated_after = MomentFilter(
        field_name="generated_at",
        lookup_expr="gt",
        label=_("generated after"),
        help_text=_("Those generated after this moment."),
    )
    authorized_account = PatternFilter(
        form=UID_FORM,
        label=_("authorized account"),
        help_text=_("The uid of the one account that may file with the code."),
    )
    filing = PatternFilter(
        method="of_order",
        form=ORDER_FORM,
        label=_("filing order number"),
        help_text=_("The code that this order holds or was completed with."),
    )
    search = TextFilter(
        method="found_by",
        label=_("search"),
        help_text=_(
            "Exact instance ID, account, IP, order number, ICP number, domain or the last five characters of the "
            "code, or the start of a server's name."
        ),
    )

    class Meta:
        model = AuthorizationCode
        fields: list[str] = []

    def is_kept(self) -> bool:
        """Not where the number of servers decides how codes are found."""
        return super().is_kept() and not self._early

    def filter_queryset(self, queryset: Codes) -> Codes:
        """Those that meet every filter."""
        found: Codes = super().filter_queryset(queryset)
        return told_early(found, self._early) if self._early else found

    @cached_property
    def _early(self) -> dict[str, object]:
        """The very large account of which a state is asked for, or nothing."""
        chosen = self.form.cleaned_data
        if not chosen.get("state") or not (self.only_of or chosen.get("account")):
            return {}
        account: dict[str, object] = {"account": self.only_of} if self.only_of else {"account__uid": chosen["account"]}
        return account if is_very_large(account) else {}

    def in_state(self, codes: Codes, name: str, value: str) -> Codes:
        """Those that are shown in this state at `now`."""
        return codes.filter(shown_as(value, now=self.now))

    def expiring_before(self, codes: Codes, name: str, value: datetime) -> Codes:
        """Those whose server or IP expires before (decision 3): gathered by both indexes where there are few."""
        ways = [Q(server__expires_at__lt=value), Q(ip__expires_at__lt=value)]
        ending = [of.objects.filter(expires_at__lt=value) for of in (Server, IPAddress)]
        if any(found.order_by().values("pk")[GATHERED : GATHERED + 1].exists() for found in ending):
            return codes.filter(ways[0] | ways[1])
        by_server, by_ip = (AuthorizationCode.objects.filter(way).values("pk") for way in ways)
        return codes.filter(pk__in=by_server.union(by_ip))

    def of_order(self, codes: Codes, name: str, value: str) -> Codes:
        """Those that the order holds or completed."""
        return codes.filter(pk__in=Filing.objects.not_abandoned().filter(order_number=value).values("code"))

    def found_by(self, codes: Codes, name: str, value: str) -> Codes:
        """Those that the term names: each way by its own index, then together."""
        known = AuthorizationCode.objects.values("pk")
        ways: list[QuerySet[Any, Any]] = [
            known.filter(server__instance_id=value),
            known.filter(ip__address=canonical_address(value) or value),
            *(filings.values("code") for filings in Filing.objects.named(value)),
        ]
        if len(value) == TAIL:
            ways.append(known.filter(tail=normalise(value)))
        wide = Q()
        for lookup, found in named_servers(value):
            of_servers = Q((f"server__{lookup}", found))
            if is_wide((lookup, found)):
                wide |= of_servers
            else:
                ways.append(known.filter(of_servers))
        return codes.filter(either(wide, ways))
