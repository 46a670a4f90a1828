"""What GENERATION reads of a server, and how it is worded: the annotations, and the value found for each rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Case, DateTimeField, F, IntegerField, OuterRef, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from codes.first_rows import First
from codes.models import AuthorizationCode
from codes.policy import Policy
from codes.reports import Language
from icpportal.dates import SHANGHAI, expiry_time, shanghai, written_day
from icpportal.sentences import pause, semicolon
from servers.choices import BillingMode, IPKind, Jurisdiction, ServerState
from servers.models import IPAddress, IPAddressQuerySet, Server
from servers.terms import later

_MONTHS = ngettext_lazy("%(months)d month", "%(months)d months", "months")  # making it costs much


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is about to be generated: `count` codes, from the IP assignment `ip_id`, or from the default IP.

    With `more_months` a prepaid server is judged as if it were renewed for so many, until `renewed_until` (aware).
    """

    ip_id: int | None = None
    count: int = 1
    more_months: int | None = None
    renewed_until: datetime | None = None

    @classmethod
    def renewal(cls, server: Server, *, months: int) -> Choice:
        """As if `server`, which is prepaid, were renewed for `months` from its expiry on (decision 2)."""
        until = server.expires_at and later(server.expires_at, months)
        return cls(more_months=months, renewed_until=until)


def facts(now: datetime, policy: Policy, choice: Choice | None) -> Mapping[str, Any]:
    """What rules and texts read besides the server's own columns. A chosen IP hides the others."""
    choice = choice or Choice()
    ips = IPAddress.objects.filter(server=OuterRef("pk"))
    if choice.ip_id is not None:
        ips = ips.filter(pk=choice.ip_id)
    live = ips.live(now=now)
    ordinary, elastic, clb = (_first_of(kind, live) for kind in (IPKind.PUBLIC, IPKind.ELASTIC, IPKind.CLB))
    usable = First("usable", _usable(live, policy), "id", "expires_at") if policy.elastic_ip_allowed else ordinary
    gone_at = Coalesce("released_at", "expires_at").desc(nulls_last=True)
    gone = First("gone", ips.order_by(gone_at, "-pk"), "address", "released_at", "expires_at")
    codes = AuthorizationCode.objects.filter(server=OuterRef("pk"))
    newest = First("newest", codes.order_by("-slot"), "slot")
    return {
        "ordinary_address": ordinary["address"],
        "elastic_address": elastic["address"],
        "clb_address": clb["address"],
        "gone_address": gone["address"],
        "gone_at": Coalesce(gone["released_at"], gone["expires_at"]),
        "usable_ip_id": usable["id"],
        "usable_ip_expires_at": usable["expires_at"],
        "codes_generated": Coalesce(newest["slot"], Value(0), output_field=IntegerField()),
        "codes_limit": Value(policy.codes_per_server),
        "codes_asked": Value(choice.count),
        **_term(choice),
    }


def _term(choice: Choice) -> Mapping[str, Any]:
    """Months, expiry and state as they are, or as a renewal makes them: it revives an isolated server (decision 6)."""
    if choice.more_months is None:
        return {"term_months": F("prepaid_months"), "term_expires_at": F("expires_at"), "term_state": F("state")}
    return {
        "term_months": F("prepaid_months") + Value(choice.more_months),
        "term_expires_at": Value(choice.renewed_until, output_field=DateTimeField()),
        "term_state": Case(
            When(state=ServerState.ISOLATED, then=Value(ServerState.RUNNING.value)),
            default=F("state"),
        ),
    }


def _first_of(kind: IPKind, live: IPAddressQuerySet) -> First:
    return First(f"{kind}_ip", live.filter(kind=kind).in_order(), "id", "address", "expires_at")


def usable_ips(server: Server, *, now: datetime) -> QuerySet[IPAddress]:
    """The live IPs of `server` that a code may be generated for, the default one first."""
    return _usable(IPAddress.objects.filter(server=server).live(now=now), Policy.current())


def _usable(live: QuerySet[IPAddress], policy: Policy) -> QuerySet[IPAddress]:
    # Decision 5: only an ordinary public IP, and an Elastic one where the policy allows it.
    kinds = [IPKind.PUBLIC, IPKind.ELASTIC] if policy.elastic_ip_allowed else [IPKind.PUBLIC]
    ordinary_first = Case(When(kind=IPKind.PUBLIC, then=Value(0)), default=Value(1))
    return live.filter(kind__in=kinds).order_by(ordinary_first, "assigned_at", "position", "pk")


def usable_address(server: Any) -> str | None:
    """The address that a code would be generated for, of a server with these facts: `_usable` in words of theirs."""
    address: str | None = server.ordinary_address
    return address or (server.elastic_address if server.usable_ip_id else None)


def missing_months(server: Any, policy: Policy) -> dict[str, object]:
    """Whole calendar months that the term lacks (decision 2); 1, the least there is, when it is long enough."""
    return {"missing": max(policy.min_prepaid_months - server.term_months, 1)}


def is_prepaid(server: Any) -> bool:
    """Whether its term is judged."""
    return bool(server.billing_mode == BillingMode.PREPAID)


def has_known_place(server: Any) -> bool:
    """Whether it is judged where it is."""
    return bool(server.region.jurisdiction != Jurisdiction.UNCLASSIFIED)


def should_have_ip(server: Any) -> bool:
    """Whether it is judged that an IP is there: none is missed where none was assigned at purchase."""
    return bool(server.public_ip_assigned or server.ordinary_address or server.elastic_address or server.clb_address)


def found_term(server: Any, language: Language) -> object:
    """The prepaid months in total, judged of prepaid servers only."""
    if not is_prepaid(server):
        return _("Not judged: the server is not prepaid")
    return _MONTHS % {"months": server.term_months}


def found_region(server: Server, language: Language) -> object:
    """The region, and where it is unless its name says so."""
    region = server.region
    if region.jurisdiction in (Jurisdiction.MAINLAND, Jurisdiction.HONG_KONG, Jurisdiction.UNCLASSIFIED):
        return str(region)
    return f"{region}{pause()}{region.get_jurisdiction_display()}"


def found_mainland(server: Server, language: Language) -> object:
    """The region, judged once it is known where it is."""
    if not has_known_place(server):
        return _("Not judged: the region is not classified")
    return found_region(server, language)


def found_live(server: Any, language: Language) -> object:
    """The IPs as seen, or that none is missed."""
    if not should_have_ip(server):
        return _("Not judged: no public IP was assigned at purchase")
    return found_ip(server, language)


def found_ip(server: Any, language: Language) -> object:
    """The IPs as seen: the ordinary one, else every other live one, else which one went and when."""
    if not server.ordinary_address:
        others = [(server.elastic_address, IPKind.ELASTIC), (server.clb_address, IPKind.CLB)]
        seen = [_of_kind(address, kind, language) for address, kind in others if address]
        return semicolon().join(seen) or found_gone(server, language)
    return _of_kind(server.ordinary_address, IPKind.PUBLIC, language)


def _of_kind(address: str, kind: IPKind, language: Language) -> str:
    return f"{address}{_after_address(kind, language)}"


@lru_cache(maxsize=16)
def _after_address(kind: IPKind, language: Language) -> str:
    return f"{pause()}{kind.label}"


def found_elastic(server: Any, language: Language) -> object:
    """The Elastic IP where it stands in the way, else what is used instead."""
    if server.elastic_address and not server.ordinary_address:
        return _of_kind(server.elastic_address, IPKind.ELASTIC, language)
    return found_ip(server, language)


def found_clb(server: Any, language: Language) -> object:
    """The CLB's IP where it stands in the way, else what is used instead."""
    if server.clb_address and not server.ordinary_address:
        return _of_kind(server.clb_address, IPKind.CLB, language)
    return found_ip(server, language)


def found_gone(server: Any, language: Language) -> object:
    """Which IP went last, and when."""
    if not server.gone_address:
        return _("No public IP on record")
    if server.gone_at is None:
        return str(server.gone_address)
    return _("%(address)s, gone since %(when)s") % {
        "address": server.gone_address,
        "when": shanghai(server.gone_at),
    }


def found_assigned(server: Server, language: Language) -> object:
    """What was selected at purchase (FAQ 4.2)."""
    return _("Selected at purchase") if server.public_ip_assigned else _("Not selected at purchase")


def found_codes(server: Any, language: Language) -> object:
    """How many of the limit are generated, whatever became of them (decision 1)."""
    values = {
        "generated": server.codes_generated,
        "limit": server.codes_limit,
        "asked": server.codes_asked,
    }
    if server.codes_asked > 1:
        return _("%(generated)d of %(limit)d generated, %(asked)d more asked for") % values
    return _("%(generated)d of %(limit)d generated") % values


def found_expiry(server: Any, language: Language) -> object:
    """The server's own expiry time; pay-as-you-go has none."""
    return expiry_time(server.term_expires_at, language)


def found_state(server: Any, language: Language) -> object:
    """The server's state and the day on which it was first seen; the state alone where a renewal changes it."""
    if server.term_state != server.state:
        return ServerState(server.term_state).label
    return _since(server.state, server.state_since.astimezone(SHANGHAI).date(), language)


@lru_cache(maxsize=1_000)
def _since(state: str, day: date, language: Language) -> str:
    return str(_("%(state)s since %(day)s") % {"state": ServerState(state).label, "day": written_day(day)})
