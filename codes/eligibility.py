"""GENERATION: may this server generate a code, and why not. The FAQ's conditions in its order (docs/domain.md)."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from codes import server_facts
from codes.policy import Policy
from codes.reports import Report, Rule
from codes.rules import RuleSet
from servers.choices import BillingMode, Jurisdiction, ServerState
from servers.models import Server

FILING_NOT_REQUIRED = "filing_not_required"
_REGION = ("region.code", "region.name_en", "region.name_zh", "region.jurisdiction")


def _has(*kinds: str) -> Q:
    return Q(*((f"{kind}_address__isnull", False) for kind in kinds), _connector=Q.OR)


def _usable_exists(policy: Policy) -> Q:
    return _has("ordinary", "elastic") if policy.elastic_ip_allowed else _has("ordinary")


def _notes(server: Server, failed: list[str]) -> list[str]:
    """FAQ 7: in Hong Kong no ICP filing is needed, which is a note beside `not_mainland`."""
    abroad = "not_mainland" in failed
    return [FILING_NOT_REQUIRED] if abroad and server.region.jurisdiction == Jurisdiction.HONG_KONG else []


GENERATION: RuleSet[Server] = RuleSet(
    policy=Policy.current,
    facts=server_facts.facts,
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
            remedy=ngettext_lazy(
                "Change the server to prepaid for %(min_prepaid_months)d month or longer, or use a prepaid server.",
                "Change the server to prepaid for %(min_prepaid_months)d months or longer, or use a prepaid server.",
                "min_prepaid_months",
            ),
            found=lambda server, language: BillingMode(server.billing_mode).label,
            reads=("billing_mode",),
            passes=lambda now, policy: Q(billing_mode=BillingMode.PREPAID),
        ),
        Rule(
            code="prepaid_term_too_short",
            faq="4.1",
            title=ngettext_lazy(
                "Prepaid for at least %(min_prepaid_months)d month in total",
                "Prepaid for at least %(min_prepaid_months)d months in total",
                "min_prepaid_months",
            ),
            explanation=ngettext_lazy(
                "The prepaid term counts in whole calendar months from purchase to expiry, renewals included; "
                "%(min_prepaid_months)d month is enough.",
                "The prepaid term counts in whole calendar months from purchase to expiry, renewals included; "
                "%(min_prepaid_months)d months are enough.",
                "min_prepaid_months",
            ),
            remedy=ngettext_lazy(
                "Renew for %(missing)d more month or longer: the terms add up.",
                "Renew for %(missing)d more months or longer: the terms add up.",
                "missing",
            ),
            values=server_facts.missing_months,
            found=server_facts.found_term,
            reads=("billing_mode", "term_months"),
            applies=server_facts.is_prepaid,
            passes=lambda now, policy: (
                ~Q(billing_mode=BillingMode.PREPAID) | Q(term_months__gte=policy.min_prepaid_months)
            ),
        ),
        Rule(
            code="not_mainland",
            faq="4.1",
            title=_("In mainland China"),
            explanation=_("ICP filings are made for servers in mainland China only."),
            remedy=_("Use a server in a region of mainland China."),
            found=server_facts.found_mainland,
            reads=_REGION,
            applies=server_facts.has_known_place,
            passes=lambda now, policy: Q(region__jurisdiction__in=[Jurisdiction.MAINLAND, Jurisdiction.UNCLASSIFIED]),
        ),
        Rule(
            code="region_unknown",
            faq="4.1",
            title=_("The region is classified"),
            explanation=_("It is not recorded yet whether this region is in mainland China."),
            remedy=_("Contact customer service: the region has to be classified first."),
            found=server_facts.found_region,
            reads=_REGION,
            passes=lambda now, policy: ~Q(region__jurisdiction=Jurisdiction.UNCLASSIFIED),
        ),
        Rule(
            code="public_ip_not_assigned",
            faq="4.2",
            title=_("A public IP was assigned at purchase"),
            explanation=_("“Assign a public IP” has to be selected when the server is purchased."),
            remedy=_("Use a server that was purchased with “Assign a public IP”; it cannot be selected afterwards."),
            found=server_facts.found_assigned,
            reads=("public_ip_assigned",),
            passes=lambda now, policy: Q(public_ip_assigned=True),
        ),
        Rule(
            code="no_live_public_ip",
            faq="4.2",
            title=_("A public IP is on the server now"),
            explanation=_("A code is tied to one public IP that the server holds at the moment."),
            remedy=_("Renew the IP or get the same one back on this server, or use another server."),
            found=server_facts.found_live,
            applies=server_facts.should_have_ip,
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
            remedy=_("Use a server with an ordinary public IP; if this one has it too, choose that IP."),
            found=server_facts.found_elastic,
            passes=lambda now, policy: _usable_exists(policy) | ~_has("elastic"),
        ),
        Rule(
            code="code_limit_reached",
            faq="4.3",
            title=ngettext_lazy(
                "Fewer than %(codes_per_server)d code generated",
                "Fewer than %(codes_per_server)d codes generated",
                "codes_per_server",
            ),
            explanation=ngettext_lazy(
                "A server generates at most %(codes_per_server)d code. It counts, also used, expired or "
                "withdrawn: nothing frees a slot.",
                "A server generates at most %(codes_per_server)d codes. Every code counts, also used, expired and "
                "withdrawn ones: nothing frees a slot.",
                "codes_per_server",
            ),
            remedy=_("Generate from another server."),
            found=server_facts.found_codes,
            reads=("codes_generated", "codes_limit", "codes_asked"),
            passes=lambda now, policy: Q(codes_generated__lte=F("codes_limit") - F("codes_asked")),
        ),
        Rule(
            code="clb_ip",
            faq="4.4",
            # FAQ 4.4: a CLB is pay-as-you-go, so its IP never qualifies.
            title=_("The IP is not a CLB IP"),
            explanation=_("A load balancer (CLB) is pay-as-you-go, so its IP never qualifies."),
            remedy=_("Use a server with an ordinary public IP; if this one has it too, choose that IP."),
            found=server_facts.found_clb,
            passes=lambda now, policy: _usable_exists(policy) | ~_has("clb"),
        ),
        Rule(
            code="server_expired",
            faq="6",
            title=_("The server has not expired"),
            explanation=_("A code lives as long as its server and its IP: an expired server has nothing to give."),
            remedy=_("Renew the server; any expired code comes back at once."),
            found=server_facts.found_expiry,
            passes=lambda now, policy: Q(term_expires_at__isnull=True) | Q(term_expires_at__gt=now),
        ),
        Rule(
            code="server_isolated",
            faq="6",
            title=_("The server is not isolated"),
            explanation=_("An isolated server is in the recycle bin, after expiry or arrears."),
            remedy=_("Renew the server before it is terminated; any expired code comes back at once."),
            found=server_facts.found_state,
            passes=lambda now, policy: ~Q(term_state=ServerState.ISOLATED),
        ),
        Rule(
            code="server_terminated",
            faq="6",
            title=_("The server is not terminated"),
            explanation=_("A terminated server is gone for good, and its IPs are released."),
            remedy=_("Use another server."),
            found=server_facts.found_state,
            passes=lambda now, policy: ~Q(term_state=ServerState.TERMINATED),
            alone=True,
        ),
    ),
)


def codes_left(report: Report[Server]) -> int:
    """How many codes the server of this report may still generate, by number alone (FAQ 2)."""
    subject = cast(Any, report.subject)
    return max(int(subject.codes_limit) - int(subject.codes_generated), 0)
