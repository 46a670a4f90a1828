"""GENERATION: may this server generate a code, and why not. The FAQ's conditions in the FAQ's order (domain.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from codes.models import AuthorizationCode
from codes.policy import Policy
from codes.rules import Report, Rule, RuleSet
from icpportal.dates import shanghai, shanghai_day
from servers.choices import BillingMode, IPKind, Jurisdiction, ServerState
from servers.models import IPAddress, Server

FILING_NOT_REQUIRED = "filing_not_required"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is about to be generated: `count` codes, from the IP assignment `ip_id`, or from the default IP."""

    ip_id: int | None = None
    count: int = 1


def _facts(now: datetime, policy: Policy, choice: Choice | None) -> Mapping[str, Any]:
    """What rules and texts read besides the server's own columns. A chosen IP hides the others."""
    choice = choice or Choice()
    ips = IPAddress.objects.filter(server=OuterRef("pk"))
    if choice.ip_id is not None:
        ips = ips.filter(pk=choice.ip_id)
    live = ips.live(now=now)
    gone = ips.order_by("-released_at", "-expires_at", "-pk")
    generated = AuthorizationCode.objects.filter(server=OuterRef("pk")).order_by("-slot").values("slot")[:1]
    return {
        "ordinary_address": _address(live.filter(kind=IPKind.PUBLIC)),
        "elastic_address": _address(live.filter(kind=IPKind.ELASTIC)),
        "clb_address": _address(live.filter(kind=IPKind.CLB)),
        "gone_address": Subquery(gone.values("address")[:1]),
        "gone_at": Subquery(gone.annotate(gone_at=Coalesce("released_at", "expires_at")).values("gone_at")[:1]),
        "usable_ip_id": Subquery(_usable(live, policy).values("pk")[:1]),
        "codes_generated": Coalesce(Subquery(generated), Value(0), output_field=IntegerField()),
        "codes_limit": Value(policy.codes_per_server),
        "codes_asked": Value(choice.count),
    }


def _address(ips: QuerySet[IPAddress]) -> Subquery:
    return Subquery(ips.order_by("assigned_at", "position", "pk").values("address")[:1])


def usable_ips(server: Server, *, now: datetime) -> QuerySet[IPAddress]:
    """The live IPs of `server` that a code may be generated for, the default one first."""
    return _usable(IPAddress.objects.filter(server=server).live(now=now), Policy.current())


def _usable(live: QuerySet[IPAddress], policy: Policy) -> QuerySet[IPAddress]:
    # Decision 5: only an ordinary public IP, and an Elastic one where the policy allows it.
    kinds = [IPKind.PUBLIC, IPKind.ELASTIC] if policy.elastic_ip_allowed else [IPKind.PUBLIC]
    ordinary_first = Case(When(kind=IPKind.PUBLIC, then=Value(0)), default=Value(1))
    return live.filter(kind__in=kinds).order_by(ordinary_first, "assigned_at", "position", "pk")


def _has(*kinds: str) -> Q:
    return Q(*((f"{kind}_address__isnull", False) for kind in kinds), _connector=Q.OR)


def _usable_exists(policy: Policy) -> Q:
    return _has("ordinary", "elastic") if policy.elastic_ip_allowed else _has("ordinary")


def _missing_months(server: Server, policy: Policy) -> dict[str, object]:
    return {"missing": max(policy.min_prepaid_months - server.prepaid_months, 0)}


def _found_term(server: Server) -> object:
    if server.billing_mode != BillingMode.PREPAID:
        return _("Not judged: the server is not prepaid")
    return ngettext_lazy("%(months)d month", "%(months)d months", "months") % {"months": server.prepaid_months}


def _found_region(server: Server) -> object:
    region = server.region
    if region.jurisdiction in (Jurisdiction.MAINLAND, Jurisdiction.HONG_KONG, Jurisdiction.UNCLASSIFIED):
        return str(region)
    return format_lazy("{region}, {where}", region=str(region), where=region.get_jurisdiction_display())


def _found_ip(server: Any) -> object:
    """The IPs as seen: the ordinary one, else every other live one, else which one went and when."""
    address, kind = server.ordinary_address, IPKind.PUBLIC.label
    if not address:
        others = [(server.elastic_address, IPKind.ELASTIC.label), (server.clb_address, IPKind.CLB.label)]
        seen = [f"{address}, {kind}" for address, kind in others if address]
        return "; ".join(seen) or _found_gone(server)
    return f"{address}, {kind}"


def _found_elastic(server: Any) -> object:
    if server.elastic_address and not server.ordinary_address:
        return f"{server.elastic_address}, {IPKind.ELASTIC.label}"
    return _found_ip(server)


def _found_clb(server: Any) -> object:
    if server.clb_address and not server.ordinary_address:
        return f"{server.clb_address}, {IPKind.CLB.label}"
    return _found_ip(server)


def _found_gone(server: Any) -> object:
    if not server.gone_address:
        return _("No public IP on record")
    if server.gone_at is None:
        return str(server.gone_address)
    return _("%(address)s, gone since %(when)s") % {
        "address": server.gone_address,
        "when": shanghai(server.gone_at),
    }


def _found_assigned(server: Server) -> object:
    return _("Selected at purchase") if server.public_ip_assigned else _("Not selected at purchase")


def _found_codes(server: Any) -> object:
    values = {
        "generated": server.codes_generated,
        "limit": server.codes_limit,
        "asked": server.codes_asked,
    }
    if server.codes_asked > 1:
        return _("%(generated)d of %(limit)d generated, %(asked)d more asked for") % values
    return _("%(generated)d of %(limit)d generated") % values


def _found_expiry(server: Any) -> object:
    if server.expires_at is None:
        return _("No expiry time")
    return shanghai(server.expires_at)


def _found_state(server: Server) -> object:
    return _("%(state)s since %(day)s") % {
        "state": server.get_state_display(),
        "day": shanghai_day(server.state_since),
    }


def _notes(server: Server, failed: list[str]) -> list[str]:
    """FAQ 7: in Hong Kong no ICP filing is needed, which is a note beside `not_mainland`."""
    in_hong_kong = server.region.jurisdiction == Jurisdiction.HONG_KONG
    return [FILING_NOT_REQUIRED] if in_hong_kong and "not_mainland" in failed else []


GENERATION: RuleSet[Server] = RuleSet(
    policy=Policy.current,
    facts=_facts,
    related=("region", "account"),
    notes=_notes,
    rules=(
        Rule(
            code="not_prepaid",
            faq="4.1",
            title=_("Billing mode is prepaid"),
            explanation=_(
                "Only a prepaid server (monthly subscription) generates codes. Pay-as-you-go never qualifies, "
                "however old the server is; nor do spot servers and dedicated hosts or clusters."
            ),
            remedy=_(
                "Change the server to prepaid for %(min_prepaid_months)d months or longer, or use a prepaid server."
            ),
            found=lambda server: server.get_billing_mode_display(),
            passes=lambda now, policy: Q(billing_mode=BillingMode.PREPAID),
        ),
        Rule(
            code="prepaid_term_too_short",
            faq="4.1",
            title=_("Prepaid for at least %(min_prepaid_months)d months in total"),
            explanation=_(
                "The prepaid term counts in whole calendar months from purchase to expiry, renewals included; "
                "%(min_prepaid_months)d months are enough."
            ),
            remedy=ngettext_lazy(
                "Renew for %(missing)d more month or longer: the terms add up.",
                "Renew for %(missing)d more months or longer: the terms add up.",
                "missing",
            ),
            values=_missing_months,
            found=_found_term,
            passes=lambda now, policy: (
                ~Q(billing_mode=BillingMode.PREPAID) | Q(prepaid_months__gte=policy.min_prepaid_months)
            ),
        ),
        Rule(
            code="not_mainland",
            faq="4.1",
            title=_("In mainland China"),
            explanation=_("ICP filings are made for servers in mainland China only."),
            remedy=_("Use a server in a region of mainland China."),
            found=_found_region,
            passes=lambda now, policy: Q(region__jurisdiction__in=[Jurisdiction.MAINLAND, Jurisdiction.UNCLASSIFIED]),
        ),
        Rule(
            code="region_unknown",
            faq="4.1",
            title=_("The region is classified"),
            explanation=_("It is not recorded yet whether this region is in mainland China."),
            remedy=_("Contact customer service: the region has to be classified first."),
            found=_found_region,
            passes=lambda now, policy: ~Q(region__jurisdiction=Jurisdiction.UNCLASSIFIED),
        ),
        Rule(
            code="public_ip_not_assigned",
            faq="4.2",
            title=_("A public IP was assigned at purchase"),
            explanation=_('"Assign a public IP" has to be selected when the server is purchased.'),
            remedy=_('Use a server that was purchased with "Assign a public IP"; it cannot be selected afterwards.'),
            found=_found_assigned,
            passes=lambda now, policy: Q(public_ip_assigned=True),
        ),
        Rule(
            code="no_live_public_ip",
            faq="4.2",
            title=_("A public IP is on the server now"),
            explanation=_("A code is tied to one public IP that the server holds at the moment."),
            remedy=_("Renew the IP or get the same one back on this server, or use another server."),
            found=_found_ip,
            passes=lambda now, policy: Q(public_ip_assigned=False) | _has("ordinary", "elastic", "clb"),
        ),
        Rule(
            code="elastic_ip",
            faq="4.2",
            title=_("The IP is not an Elastic IP"),
            explanation=_(
                "An Elastic IP can move to another server, so a code needs the ordinary public IP that was "
                "assigned at purchase, unless the policy allows Elastic IPs."
            ),
            remedy=_("Use a server with an ordinary public IP, or choose that IP of this server."),
            found=_found_elastic,
            passes=lambda now, policy: _usable_exists(policy) | ~_has("elastic"),
        ),
        Rule(
            code="code_limit_reached",
            faq="4.3",
            title=_("Fewer than %(codes_per_server)d codes generated"),
            explanation=_(
                "A server generates at most %(codes_per_server)d codes. Every code counts, also used, expired and "
                "withdrawn ones: nothing frees a slot."
            ),
            remedy=_("Generate from another server."),
            found=_found_codes,
            passes=lambda now, policy: Q(codes_generated__lte=F("codes_limit") - F("codes_asked")),
        ),
        Rule(
            code="clb_ip",
            faq="4.4",
            # FAQ 4.4: a CLB is pay-as-you-go, so its IP never qualifies.
            title=_("The IP is not a CLB IP"),
            explanation=_("A load balancer (CLB) is pay-as-you-go, so its IP never qualifies."),
            remedy=_("Use a server with an ordinary public IP, or choose that IP of this server."),
            found=_found_clb,
            passes=lambda now, policy: _usable_exists(policy) | ~_has("clb"),
        ),
        Rule(
            code="server_expired",
            faq="6",
            title=_("The server has not expired"),
            explanation=_("A code lives as long as its server and its IP: an expired server has nothing to give."),
            remedy=_("Renew the server; its expired codes come back at once."),
            found=_found_expiry,
            passes=lambda now, policy: Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        ),
        Rule(
            code="server_isolated",
            faq="6",
            title=_("The server is not isolated"),
            explanation=_("An isolated server is in the recycle bin, after expiry or arrears."),
            remedy=_("Renew the server before it is terminated; its expired codes come back at once."),
            found=_found_state,
            passes=lambda now, policy: ~Q(state=ServerState.ISOLATED),
        ),
        Rule(
            code="server_terminated",
            faq="6",
            title=_("The server is not terminated"),
            explanation=_("A terminated server is gone for good, and its IPs are released."),
            remedy=_("Use another server."),
            found=_found_state,
            passes=lambda now, policy: ~Q(state=ServerState.TERMINATED),
            alone=True,
        ),
    ),
)


def codes_left(report: Report[Server]) -> int:
    """How many codes the server of this report may still generate, by number alone (FAQ 2)."""
    subject = cast(Any, report.subject)
    return max(int(subject.codes_limit) - int(subject.codes_generated), 0)
