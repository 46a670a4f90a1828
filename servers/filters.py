"""Filters over servers: the same for the API, the desk and the pages. Strict: see StrictFilterSet.

An interface, so it may ask codes: whether a server is eligible is GENERATION's answer, never a second one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from codes.eligibility import GENERATION
from codes.foregone import cannot_fail, cannot_pass, values_that_fail
from codes.models import AuthorizationCode, Filing
from codes.values import TAIL, normalise
from icpportal.api.filters import FlagFilter, MomentFilter, OfOneFilter, StrictFilterSet, TextFilter
from icpportal.handles import REGION_FORM, UID_FORM, canonical_address
from servers.choices import BillingMode, Jurisdiction, ServerState
from servers.models import Account, IPAddress, Region, Server

Servers = QuerySet[Server]
_DIGITS = 6
WIDE = 1_000  # servers


class _CountField(forms.CharField):
    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
            raise forms.ValidationError(_("Give a whole number from 0."), code="invalid")
        return int(text)


class CountFilter(django_filters.NumberFilter):  # type: ignore[misc]
    """A whole number from 0, in digits alone."""

    field_class = _CountField

    def get_max_validator(self) -> None:
        """None: the field checks the digits."""
        return None


def named_servers(value: str) -> list[tuple[str, Any]]:
    """What a term may mean of which there can be very many, as look-ups: an account's servers, a name's beginning."""
    account = Account.objects.filter(uid=value).values_list("pk", flat=True).first()
    return [*([] if account is None else [("account", account)]), ("name__startswith", value)]


def is_wide(named: tuple[str, Any]) -> bool:
    """Whether so many servers are meant that a list finds a page of them sooner by reading on than by gathering all."""
    return Server.objects.filter(Q(named)).order_by().values("pk")[WIDE : WIDE + 1].exists()


def either(wide: Q, ways: list[QuerySet[Any, Any]]) -> Q:
    """Those that `wide` means, or whose keys one of the `ways` gives: few, so they are read first beside a wide one."""
    keys: QuerySet[Any, Any] = ways[0].union(*ways[1:])
    # A list of keys, whose length the database knows: beside a subquery it would expect half of all rows.
    return wide | Q(pk__in=[key for (key,) in keys.values_list()]) if wide else Q(pk__in=keys)


def is_impossible(chosen: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether no server can meet these filters together, whatever the tables hold: nobody needs to look then."""
    values = {name: chosen[name] for name in ("billing_mode", "state") if chosen.get(name)}
    fails = chosen.get("fails")
    if chosen.get("eligible"):
        return bool(fails) or cannot_pass(GENERATION, values, now=now)
    return bool(fails) and cannot_fail(GENERATION, str(fails), values, now=now)


def in_failing_regions(servers: Servers, code: str, *, now: datetime) -> Servers:
    """The same servers; where the region alone makes the condition fail, of those regions, which are looked up first.

    The database then knows how many there are: few or none in a region that nobody has classified yet.
    """
    failing = _failing_jurisdictions(code, now)
    if failing is None:
        return servers
    regions = Region.objects.filter(jurisdiction__in=failing).values_list("pk", flat=True)
    return servers.filter(region__in=list(regions))


def _failing_jurisdictions(code: str, now: datetime) -> list[str] | None:
    return values_that_fail(GENERATION, code, "region__jurisdiction", Jurisdiction.values, now=now)


class OwnerFilter(OfOneFilter):
    """What belongs to one account, by its uid; `field_name` leads to the account."""

    def __init__(self, *, field_name: str) -> None:
        super().__init__(
            field_name=field_name,
            of=Account,
            handle="uid",
            owner="pk",
            form=UID_FORM,
            label=_("account"),
            help_text=_("The uid of the server's owner."),
        )


class ServerFilterSet(StrictFilterSet):
    """`eligible` and `fails` at `now`; `expires_before` is <, an aware moment.

    `knows_codes`: whether a search also leads from codes and filings to their servers.
    """

    knows_codes = True

    account = OwnerFilter(field_name="account")
    region = OfOneFilter(
        field_name="region",
        of=Region,
        handle="code",
        form=REGION_FORM,
        label=_("region"),
        help_text=_("The code of a region, such as ap-guangzhou."),
    )
    billing_mode = django_filters.ChoiceFilter(
        choices=BillingMode.choices, label=_("billing mode"), help_text=_("How the server is paid for.")
    )
    state = django_filters.ChoiceFilter(
        choices=ServerState.choices, label=_("state"), help_text=_("The state of the server.")
    )
    eligible = FlagFilter(
        method="by_eligibility",
        label=_("eligible"),
        help_text=_("true: those that may generate a code now; false: those that may not."),
    )
    fails = django_filters.ChoiceFilter(
        choices=[(rule.code, rule.code) for rule in GENERATION.rules],
        method="failing",
        label=_("fails"),
        help_text=_("Those that do not meet this condition now."),
    )
    codes_left_min = CountFilter(
        method="with_codes_left",
        label=_("codes left, at least"),
        help_text=_("Those with so many codes left, or more, of as many as a server generates."),
    )
    expires_before = MomentFilter(
        field_name="expires_at",
        lookup_expr="lt",
        label=_("expires before"),
        help_text=_("Those that expire before this moment."),
    )
    search = TextFilter(
        method="found_by",
        label=_("search"),
        help_text=_(
            "Exact instance ID, account, IP, order number, ICP number, domain or the last five characters of a "
            "code, or the start of the server's name."
        ),
    )

    class Meta:
        model = Server
        fields: list[str] = []

    def is_impossible(self) -> bool:
        """More codes left than a server may generate, or filters that contradict each other."""
        chosen = self.form.cleaned_data
        is_too_much = (chosen.get("codes_left_min") or 0) > GENERATION.policy().codes_per_server
        return is_too_much or is_impossible(chosen, now=self.now)

    def is_kept(self) -> bool:
        """Not where regions that are looked up stand in the statement."""
        code = self.form.cleaned_data.get("fails")
        return super().is_kept() and not (code and _failing_jurisdictions(code, self.now) is not None)

    def by_eligibility(self, servers: Servers, name: str, value: bool) -> Servers:
        """Those that may generate a code now, or those that may not (FAQ 4)."""
        judge = GENERATION.passing if value else GENERATION.failing
        return judge(servers, now=self.now)

    def failing(self, servers: Servers, name: str, value: str) -> Servers:
        """Those of which this condition fails."""
        return in_failing_regions(GENERATION.failing(servers, now=self.now, code=value), value, now=self.now)

    def with_codes_left(self, servers: Servers, name: str, value: int) -> Servers:
        """Those that have as many codes left, by number alone (FAQ 2)."""
        counted: QuerySet[Any] = GENERATION.annotate(servers, now=self.now)
        return counted.filter(codes_generated__lte=F("codes_limit") - value)

    def found_by(self, servers: Servers, name: str, value: str) -> Servers:
        """Those that the term names: each way by its own index, then together."""
        known = Server.objects.values("pk")
        address = canonical_address(value) or value
        ways: list[QuerySet[Any, Any]] = [
            known.filter(instance_id=value),
            IPAddress.objects.on_server().filter(address=address).values("server"),
        ]
        wide = Q()
        for named in named_servers(value):
            if is_wide(named):
                wide |= Q(named)
            else:
                ways.append(known.filter(Q(named)))
        if self.knows_codes:
            ways += [filings.values("code__server") for filings in Filing.objects.named(value)]
            if len(value) == TAIL:
                ways.append(AuthorizationCode.objects.filter(tail=normalise(value)).values("server"))
        return servers.filter(either(wide, ways))
