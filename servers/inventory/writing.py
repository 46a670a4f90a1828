"""One batch of servers, locked, compared with what is stated of them, and saved in few statements.

Used by `apply` alone. The locks of all servers that a batch can touch, the holders of wanted addresses too, are taken
in pk order; whoever loses a race for a new row or an address begins again (`settle`).
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Model, Q

from icpportal import bulk
from servers.choices import IPKind, ServerState
from servers.inventory.facts import IPFacts, ServerFacts
from servers.models import Account, IPAddress, Region, Server

T = TypeVar("T")
M = TypeVar("M", bound=Model)
Detail: TypeAlias = dict[str, object]
Observer: TypeAlias = Callable[[list[tuple[Server, Detail]]], None]

ATTEMPTS = 50  # each lost race is one that somebody else won, so this many rivals at once are fine
DEADLOCK = "40P01"
FACTS = (
    "account",
    "name",
    "region",
    "billing_mode",
    "purchased_at",
    "expires_at",
    "prepaid_months",
    "state",
    "public_ip_assigned",
)
SAVED = [*FACTS, "prepaid_months_stated", "state_since", "version", "facts_at"]


class Moved(Exception):
    """An address found another holder while the locks were being taken."""


def settle(work: Callable[[], T]) -> T:
    """Do `work` in a transaction, and again when it loses a race. A lock that takes too long is an OperationalError."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return work()
        except (IntegrityError, Moved, OperationalError) as error:
            lost = not isinstance(error, OperationalError) or getattr(error.__cause__, "sqlstate", "") == DEADLOCK
            if not lost or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


class Batch:
    """What is locked, what it becomes, and what of that is new. Lives inside one transaction."""

    def __init__(
        self, instance_ids: Collection[str], addresses: Collection[str], regions: Collection[str], *, now: datetime
    ) -> None:
        self.now = now
        self._lock(instance_ids, addresses)
        self._know_regions(set(regions))
        self._details: dict[str, Detail] = defaultdict(dict)
        self._ips_before: dict[int, list[str]] = {}
        self._written: list[Server] = []
        self._released: list[IPAddress] = []
        self._altered: list[IPAddress] = []
        self._assigned: list[IPAddress] = []
        self._former: list[tuple[Server, Detail]] = []

    def _lock(self, instance_ids: Collection[str], addresses: Collection[str]) -> None:
        live = IPAddress.objects.on_server()
        pks = {
            *Server.objects.filter(instance_id__in=instance_ids).values_list("pk", flat=True),
            *live.filter(address__in=addresses).values_list("server_id", flat=True),
        }
        locked = Server.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
        self._locked = {server.pk: server for server in locked}
        self.servers = {server.instance_id: server for server in self._locked.values()}
        # In a statement of its own, so that it sees the world after the wait.
        self._latest: dict[str, IPAddress] = {}
        self._ips: dict[int, list[IPAddress]] = defaultdict(list)
        concerned = Q(server__in=list(self._locked)) | Q(address__in=addresses)
        for ip in IPAddress.objects.filter(concerned).order_by("pk"):
            if ip.released_at is None and ip.server_id not in self._locked:
                raise Moved
            self._latest[ip.address] = ip
            self._ips[ip.server_id].append(ip)

    def _know_regions(self, wanted: set[str]) -> None:
        """The regions stated and those of the locked servers; an unknown one arrives unclassified (decision 8)."""
        present = {server.region_id for server in self._locked.values()}
        regions = list(Region.objects.filter(Q(code__in=wanted) | Q(pk__in=present)))
        if missing := sorted(wanted - {region.code for region in regions}):
            Region.objects.bulk_create([Region(code=code) for code in missing], ignore_conflicts=True)
            regions += Region.objects.filter(code__in=missing)
        self._regions = {region.code: region for region in regions}
        by_pk = {region.pk: region for region in regions}
        for server in self._locked.values():
            server.region = by_pk[server.region_id]

    # Comparing: nothing is saved yet

    def detail(self, server: Server) -> Detail:
        """What is other than before: {"field": [before, after]} in the API's words."""
        detail = self._details[server.instance_id]
        if server.pk in self._ips_before and self._ips_before[server.pk] != (after := self._addresses(server)):
            detail["ips"] = [self._ips_before[server.pk], after]
        return detail

    def write(self, facts: ServerFacts, *, account: Account) -> Server:
        """Make the server what the facts say; one that is not known yet is made. Of all facts written in a batch,
        no two may name the same address."""
        server = self.servers.get(facts.instance_id)
        months, is_stated = facts.months_on(server)
        had_ordinary = server is not None and any(ip.kind == IPKind.PUBLIC for ip in self._ips[server.pk])
        values: dict[str, object] = {
            "account": account,
            "name": facts.name,
            "region": self._regions[facts.region],
            "billing_mode": facts.billing_mode,
            "purchased_at": facts.purchased_at,
            "expires_at": facts.expires_at,
            "prepaid_months": months,
            "state": facts.state,
            "public_ip_assigned": facts.assigned_on(server, had_ordinary_ip=had_ordinary),
        }
        if server is None:
            server = Server(instance_id=facts.instance_id, state_since=self.now, **values)
            self._details[server.instance_id] = {"created": [None, server.instance_id]}
        else:
            if server.account_id == account.pk:
                server.account = account
            self._revise(server, values)
        server.prepaid_months_stated = is_stated
        self._written.append(server)
        self._place(server, facts)
        return server

    def terminate(self, server: Server) -> None:
        """The server is gone for good: its IPs are released (decision 6)."""
        self._revise(server, {"state": ServerState.TERMINATED})
        self._written.append(server)
        for ip in self._live(server):
            self._release(ip)

    def _revise(self, server: Server, values: dict[str, object]) -> None:
        if values["state"] != server.state:
            server.state_since = self.now
        if server.account != values.get("account", server.account):
            # Its events stay with the account that had it: this one tells that account that it went.
            self._former.append((copy.copy(server), {"account": [server.account.uid, None]}))
        detail = self._details[server.instance_id]
        for name, value in values.items():
            before = getattr(server, name)
            if before != value:
                detail[name] = [_word(before), _word(value)]
                setattr(server, name, value)

    def _place(self, server: Server, facts: ServerFacts) -> None:
        is_gone = facts.state == ServerState.TERMINATED
        if facts.ips is None and not is_gone:
            return
        wanted = () if is_gone else facts.ips or ()
        stay = set() if is_gone else {ip.address for ip in wanted} | facts.unsure
        for ip in self._live(server):
            if ip.address not in stay:
                self._release(ip)
        for position, ip_facts in enumerate(wanted):
            latest = self._latest.get(ip_facts.address)
            if latest is not None and latest.server_id == server.pk:
                self._restore(server, latest, ip_facts)
            else:
                self._assign(server, ip_facts, position, latest)

    def _assign(self, server: Server, facts: IPFacts, position: int, latest: IPAddress | None) -> None:
        """A new assignment; one that is live elsewhere ends."""
        if latest is not None and latest.released_at is None:
            self._release(latest)
        ip = IPAddress(
            server=server,
            address=facts.address,
            kind=facts.kind,
            expires_at=facts.expires_at,
            assigned_at=self.now,
            position=position,
        )
        self._assigned.append(ip)
        if server.pk is not None:
            self._remember(server)
            self._ips[server.pk].append(ip)

    def _restore(self, server: Server, ip: IPAddress, facts: IPFacts) -> None:
        """The same assignment goes on: no other server has held the address since (decision 4)."""
        expires_at = ip.expires_at if facts.keeps_expiry else facts.expires_at
        if (ip.kind, ip.expires_at, ip.released_at) == (facts.kind, expires_at, None):
            return
        self._remember(server)
        detail = self._details[server.instance_id]
        for name, old, new in (("kind", ip.kind, facts.kind), ("expires_at", ip.expires_at, expires_at)):
            if old != new:
                detail[f"ips.{ip.address}.{name}"] = [_word(old), _word(new)]
        ip.kind, ip.expires_at, ip.released_at = facts.kind, expires_at, None
        self._altered.append(ip)

    def _live(self, server: Server) -> list[IPAddress]:
        return [ip for ip in self._ips[server.pk] if ip.released_at is None]

    def _release(self, ip: IPAddress) -> None:
        self._remember(self._locked[ip.server_id])
        ip.released_at = self.now
        self._released.append(ip)

    def _remember(self, server: Server) -> None:
        """Keep the addresses as they were before the first of them changed."""
        if server.pk not in self._ips_before:
            self._ips_before[server.pk] = self._addresses(server)

    def _addresses(self, server: Server) -> list[str]:
        live = sorted(self._live(server), key=lambda ip: (ip.assigned_at, ip.position, ip.pk or 0))
        return [ip.address for ip in live]

    # Saving

    def save(self, observer: Observer) -> None:
        """Everything, in one order everywhere, and the changes to the observer."""
        created = sorted((s for s in self._written if s.pk is None), key=lambda server: server.instance_id)
        known = [server for server in self._written if server.pk is not None]
        altered = [server for server in known if self._details[server.instance_id]]
        for server in self._written:
            server.facts_at = self.now
        bulk.insert(created)
        _update(Server, altered, SAVED)
        untouched = [server.pk for server in known if not self._details[server.instance_id]]
        Server.objects.filter(pk__in=untouched).update(facts_at=self.now)
        IPAddress.objects.filter(pk__in=[ip.pk for ip in self._released]).update(released_at=self.now)
        _update(IPAddress, sorted(self._altered, key=_address), ["kind", "expires_at", "released_at"])
        for ip in self._assigned:
            ip.server_id = ip.server.pk
        bulk.insert(sorted(self._assigned, key=_address))
        written = {server.pk for server in known}
        losers = [self._locked[pk] for pk in self._ips_before if pk not in written]
        changes = [(server, self.detail(server)) for server in (*self._written, *losers)]
        observer([*self._former, *((server, detail) for server, detail in changes if detail)])


def _update(model: type[M], objects: Sequence[M], fields: list[str]) -> None:
    """Save these fields of known rows: an upsert of one statement is ten times as fast as bulk_update."""
    model._default_manager.bulk_create(objects, update_conflicts=True, unique_fields=["pk"], update_fields=fields)


def _address(ip: IPAddress) -> str:
    return ip.address


def _word(value: object) -> object:
    """A fact as the API writes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Account):
        return value.uid
    return value.code if isinstance(value, Region) else value
