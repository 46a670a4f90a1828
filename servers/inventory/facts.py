"""What somebody states about one server, read and checked but not compared with what is known yet.

All datetimes are aware, addresses canonical (icpportal.handles); regions are codes. Facts are made once and never
changed; they are not frozen, since a million of them are made, and freezing one takes as long as reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from icpportal import handles
from servers.choices import BillingMode, IPKind, ServerState
from servers.models import Server
from servers.terms import prepaid_months

INSTANCE_ID, UID = re.compile(handles.NAME), re.compile(handles.UID)
REGION_CODE = re.compile(handles.REGION)
NAME_LENGTH = ACCOUNT_NAME_LENGTH = 200
SHORTEST_VALUE = 25  # characters: no code value is shorter
MAX_VERSION = 2**63 - 1
MAX_IPS = 1000  # of one server
MOST_MONTHS = 32_767  # what the column holds
YEARS = range(1970, 9999)  # beyond them a moment has no Shanghai date


def computed_months(purchased_at: datetime | None, expires_at: datetime | None) -> int:
    """The prepaid months between the two, 0 when either is missing (decision 2)."""
    if purchased_at is None or expires_at is None:
        return 0
    return min(prepaid_months(purchased_at, expires_at), MOST_MONTHS)


class TermFault(NamedTuple):
    """Which fact of a term cannot be, why, and what is said of it."""

    field: str
    code: str
    detail: object


def term_faults(
    billing_mode: object, purchased_at: datetime | None, expires_at: datetime | None
) -> Iterator[TermFault]:
    """What contradicts itself: a prepaid server has a term, and a term ends after it begins, as the database knows."""
    if billing_mode == BillingMode.PREPAID:
        for field_name, moment in (("purchased_at", purchased_at), ("expires_at", expires_at)):
            if moment is None:
                yield TermFault(field_name, "required", _("A prepaid server has one."))
    if purchased_at is not None and expires_at is not None and expires_at < purchased_at:
        yield TermFault("expires_at", "before_purchase", _("This is before the purchase."))


@dataclass(kw_only=True, slots=True)
class IPFacts:
    """One address that a server holds. `keeps_expiry`: nothing was said of its expiry, so a known one stays."""

    address: str
    kind: IPKind
    expires_at: datetime | None = None
    keeps_expiry: bool = False


@dataclass(kw_only=True, slots=True)
class ServerFacts:
    """Everything about one server, as a feed states it: what it leaves out is no longer so.

    `prepaid_months` is the count of a feed that knows the orders, else None. `ips` in the order given.
    """

    instance_id: str
    region: str
    name: str
    billing_mode: BillingMode
    purchased_at: datetime | None
    expires_at: datetime | None
    state: ServerState
    public_ip_assigned: bool
    ips: tuple[IPFacts, ...] | None
    prepaid_months: int | None = None
    unsure: frozenset[str] = frozenset()

    def months_on(self, known: Server | None) -> tuple[int, bool]:
        """The prepaid months, and whether a feed that knows the orders stated them."""
        if self.prepaid_months is not None:
            return self.prepaid_months, True
        return self._computed(known), False

    def _computed(self, known: Server | None) -> int:
        """What the two dates say. They are counted again only when the term has changed: the count takes a while."""
        if known is not None and not known.prepaid_months_stated:
            if known.purchased_at == self.purchased_at and known.expires_at == self.expires_at:
                return known.prepaid_months
        return computed_months(self.purchased_at, self.expires_at)

    def assigned_on(self, known: Server | None, *, had_ordinary_ip: bool) -> bool:
        """Whether "Assign a public IP" was selected at purchase (FAQ 4.2)."""
        return self.public_ip_assigned


@dataclass(kw_only=True, slots=True)
class InventoryFacts(ServerFacts):
    """Facts read from the provider's responses, which know no orders and may leave things out.

    `ips` is None when the response does not list them: they stay as they are. `unsure` holds addresses whose own
    row could not be read: they neither come nor go.
    """

    def months_on(self, known: Server | None) -> tuple[int, bool]:
        """A stated count moves with the term: a renewal of three months adds three (decision 2)."""
        computed = self._computed(known)
        if known is None or not known.prepaid_months_stated:
            return computed, False
        moved = known.prepaid_months + computed - computed_months(known.purchased_at, known.expires_at)
        return min(max(moved, 0), MOST_MONTHS), True

    def assigned_on(self, known: Server | None, *, had_ordinary_ip: bool) -> bool:
        """An ordinary public IP that is or was on the server proves it; true is never taken back."""
        ordinary = any(ip.kind == IPKind.PUBLIC for ip in self.ips or ())
        already = known is not None and known.public_ip_assigned
        return self.public_ip_assigned or ordinary or had_ordinary_ip or already


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A row that was not taken in: `id` of the instance, address or load balancer, None when it names none.

    `detail` is a text for people. A rejected instance counts as present all the same.
    """

    id: str | None
    detail: object
    is_instance: bool = False

    def as_dict(self) -> Mapping[str, str | None]:
        """As the API shows it."""
        return {"id": self.id, "detail": str(self.detail)}


@dataclass(kw_only=True)
class Tally:
    """What became of the rows of one import: numbers of servers, and the rows that were not taken in."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows these are."""
        return self.created + self.updated + self.unchanged + len(self.rejected)

    def add(self, other: Tally) -> None:
        """Count what another part has done, too."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.rejected += other.rejected
