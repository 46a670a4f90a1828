"""One batch of servers, locked, compared with what is stated of them, and saved in few statements.

Used by `apply` alone. The locks of all servers that a batch can touch, the holders of wanted addresses too, are taken
in pk order; whoever loses a race for a new row or an address begins again (races.py).
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Q, QuerySet

from icpportal import bulk
from servers.choices import IPKind, ServerState
from servers.inventory.claims import Claims, concerning
from servers.inventory.facts import InventoryFacts, IPFacts, ServerFacts
from servers.inventory.races import Moved
from servers.models import Account, IPAddress, Region, Server

Detail: TypeAlias = dict[str, object]
Observer: TypeAlias = Callable[[list[tuple[Server, Detail]]], None]


def locking(instance_ids: Collection[str], addresses: Collection[str]) -> QuerySet[Server]:
    """Locks the servers of these names, the holders of these addresses and who claims one of theirs, in pk order."""
    concerned = Server.objects.filter(instance_id__among=set(instance_ids)).values("pk")
    holders = IPAddress.objects.on_server().filter(address__among=set(addresses)).values("server_id")
    # A claim that comes in meanwhile is found under the locks, and they are taken again.
    claiming = Server.objects.filter(pk__among={claim.server_id for claim in concerning(instance_ids)}).values("pk")
    pks = concerned.union(holders, claiming)
    return Server.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")


def lock(instance_ids: Collection[str], addresses: Collection[str]) -> None:
    """Take these locks for the transaction that surrounds the call, and read nothing of the servers."""
    sql, params = locking(instance_ids, addresses).values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS locked", params)


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
        self._assigned: list[tuple[Server, IPAddress]] = []
        self._raised: set[int] = set()
        self._changed = {"facts_at"}  # columns of known servers
        self._former: list[tuple[Server, Detail]] = []

    def _lock(self, instance_ids: Collection[str], addresses: Collection[str]) -> None:
        self._locked = {server.id: server for server in bulk.fetch(locking(instance_ids, addresses))}
        self.servers = {server.instance_id: server for server in self._locked.values()}
        # In statements of their own, so that they see the world after the wait.
        self._latest: dict[str, IPAddress] = {}
        self._ips: dict[int, list[IPAddress]] = defaultdict(list)
        held = bulk.fetch(IPAddress.objects.filter(server__among=set(self._locked)))
        # Who holds an address was the last to get it: nobody else's assignment of it counts.
        wanted = set(addresses) - {ip.address for ip in held if ip.released_at is None}
        others = IPAddress.objects.filter(address__among=wanted).exclude(server__among=set(self._locked))
        elsewhere = bulk.fetch(others) if wanted else []
        for ip in sorted([*held, *elsewhere], key=attrgetter("id")):
            if ip.released_at is None and ip.server_id not in self._locked:
                raise Moved
            self._latest[ip.address] = ip
            self._ips[ip.server_id].append(ip)
        self._claims = Claims(instance_ids, now=self.now)
        if any(claim.server_id not in self._locked for claim in self._claims.known):
            raise Moved

    def _know_regions(self, wanted: set[str]) -> None:
        """The regions stated and those of the locked servers; an unknown one arrives unclassified (decision 8)."""
        present = {server.region_id for server in self._locked.values()}
        regions = list(Region.objects.filter(Q(code__in=wanted) | Q(pk__in=present)))
        if missing := sorted(wanted - {region.code for region in regions}):
            Region.objects.bulk_create([Region(code=code) for code in missing], ignore_conflicts=True)
            regions += Region.objects.filter(code__in=missing)
        self._regions = {region.code: region.pk for region in regions}
        codes = {region.pk: region.code for region in regions}
        self._words: dict[str, dict[int, str]] = {"region_id": codes, "account_id": {}}

    # Comparing: nothing is saved yet

    def detail(self, server: Server) -> Detail:
        """What is other than before: {"field": [before, after]} in the API's words."""
        detail = self._details[server.instance_id]
        if server.id in self._ips_before and self._ips_before[server.id] != (after := self._addresses(server)):
            detail["ips"] = [self._ips_before[server.id], after]
        return detail

    def has_lost_one(self, server: Server) -> bool:
        """Whether the server has lost an address at this very moment: to another row of the same import."""
        return any(ip.released_at == self.now for ip in self._ips[server.id])

    def write(self, facts: ServerFacts, *, account: Account, is_repeated: bool = False) -> Server:
        """Make the server what the facts say; one that is not known yet is made. Of all facts written in a batch,
        no two may name the same address. `is_repeated`: what the server claims already is not taken again."""
        server = self.servers.get(facts.instance_id)
        months, is_stated = facts.months_on(server)
        values: dict[str, Any] = {
            "account_id": account.id,
            "name": facts.name,
            "region_id": self._regions[facts.region],
            "billing_mode": facts.billing_mode,
            "purchased_at": facts.purchased_at,
            "expires_at": facts.expires_at,
            "prepaid_months": months,
            "state": facts.state,
            "public_ip_assigned": facts.public_ip_assigned or self._was_assigned(server, facts),
        }
        if server is None:
            values |= {"instance_id": facts.instance_id, "state_since": self.now, "version": 0}
            server = bulk.new(Server, values)
            self._details[server.instance_id] = {"created": [None, server.instance_id]}
        else:
            self._words["account_id"][account.id] = account.uid
            self._revise(server, values)
        if server.prepaid_months_stated != is_stated:
            server.prepaid_months_stated = is_stated
            self._changed.add("prepaid_months_stated")
        self._written.append(server)
        self._place(server, facts, is_repeated=is_repeated)
        return server

    def _was_assigned(self, server: Server | None, facts: ServerFacts) -> bool:
        had_ordinary = server is not None and any(ip.kind == IPKind.PUBLIC for ip in self._ips[server.id])
        return facts.assigned_on(server, had_ordinary_ip=had_ordinary)

    def raise_version(self, server: Server, version: int) -> None:
        """A feed has stated a higher version; that alone is no change of facts."""
        if detail := self._details[server.instance_id]:
            detail["version"] = [server.version, version]
        server.version = version
        self._raised.add(server.id)
        self._changed.add("version")

    def terminate(self, server: Server) -> None:
        """The server is gone for good: its IPs are released (decision 6)."""
        self._revise(server, {"state": ServerState.TERMINATED})
        self._written.append(server)
        self._claims.drop(server)
        for ip in self._live(server):
            self._release(ip)

    def _revise(self, server: Server, values: dict[str, Any]) -> None:
        if values["state"] != server.state:
            server.state_since = self.now
            self._changed.add("state_since")
        if server.account_id != values.get("account_id", server.account_id):
            # Its events stay with the account that had it: this one tells that account that it went.
            self._former.append((copy.copy(server), {"account": [self._word("account_id", server.account_id), None]}))
        detail, stored = self._details[server.instance_id], vars(server)
        for name, value in values.items():
            before = stored[name]
            if before != value:
                detail[name.removesuffix("_id")] = [self._word(name, before), self._word(name, value)]
                setattr(server, name, value)
                self._changed.add(name)

    def _word(self, name: str, value: Any) -> object:
        """A fact as the API writes it."""
        if name == "account_id" and value not in self._words[name]:
            self._words[name][value] = Account.objects.values_list("uid", flat=True).get(pk=value)
        if name in self._words:
            return self._words[name][value]
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value

    def _place(self, server: Server, facts: ServerFacts, *, is_repeated: bool) -> None:
        is_gone = facts.state == ServerState.TERMINATED
        if facts.ips is None and not is_gone:
            return
        wanted = () if is_gone else facts.ips or ()
        if is_repeated:
            claims = {(claim.address, claim.kind, claim.expires_at) for claim in self._claims.of(server)}
            wanted = tuple(ip for ip in wanted if (ip.address, ip.kind, ip.expires_at) not in claims)
        else:
            self._claims.drop(server)
        stay = {ip.address for ip in wanted}
        for ip in self._live(server):
            if ip.address not in stay and (is_gone or ip.address not in facts.unsure):
                self._release(ip)
        for position, ip_facts in enumerate(wanted):
            latest = self._latest.get(ip_facts.address)
            if latest is not None and latest.server_id == server.id:
                self._restore(server, latest, ip_facts)
            else:
                if latest is not None and latest.released_at is None:
                    self._release(latest)  # one that is live elsewhere ends
                    if not isinstance(facts, InventoryFacts):  # the provider's own lists are of one moment
                        self._claims.make(latest)
                self._assign(server, ip_facts, position)

    def _assign(self, server: Server, facts: IPFacts, position: int) -> None:
        """A new assignment."""
        values: dict[str, Any] = {
            "server_id": server.id,
            "address": facts.address,
            "kind": facts.kind,
            "expires_at": facts.expires_at,
            "assigned_at": self.now,
            "position": position,
        }
        ip = bulk.new(IPAddress, values)
        self._assigned.append((server, ip))
        if server.id is not None:
            self._remember(server)
            self._ips[server.id].append(ip)

    def _restore(self, server: Server, ip: IPAddress, facts: IPFacts) -> None:
        """The same assignment goes on: no other server has held the address since (decision 4)."""
        expires_at = ip.expires_at if facts.keeps_expiry else facts.expires_at
        if (ip.kind, ip.expires_at, ip.released_at) == (facts.kind, expires_at, None):
            return
        self._remember(server)
        detail = self._details[server.instance_id]
        for name, old, new in (("kind", ip.kind, facts.kind), ("expires_at", ip.expires_at, expires_at)):
            if old != new:
                detail[f"ips.{ip.address}.{name}"] = [self._word(name, old), self._word(name, new)]
        ip.kind, ip.expires_at, ip.released_at = facts.kind, expires_at, None
        self._altered.append(ip)

    def _live(self, server: Server) -> list[IPAddress]:
        return [ip for ip in self._ips[server.id] if ip.released_at is None]

    def _release(self, ip: IPAddress) -> None:
        self._remember(self._locked[ip.server_id])
        ip.released_at = self.now
        self._released.append(ip)

    def _remember(self, server: Server) -> None:
        """Keep the addresses as they were before the first of them changed."""
        if server.id not in self._ips_before:
            self._ips_before[server.id] = self._addresses(server)

    def _addresses(self, server: Server) -> list[str]:
        live = sorted(self._live(server), key=lambda ip: (ip.assigned_at, ip.position, ip.id or 0))
        return [ip.address for ip in live]

    def _give_back(self) -> None:
        """An address that nobody holds any more goes to the server that claims it, the last of several."""
        claims = self._claims.open()
        if not claims:
            return
        released = {ip.id for ip in self._released if ip.released_at is not None}
        taken = {ip.address for _server, ip in self._assigned}
        for claim in claims:
            latest = self._latest.get(claim.address)
            if latest is None or latest.id not in released or claim.address in taken:
                continue
            taken.add(claim.address)
            self._claims.settle(claim)
            facts = IPFacts(address=claim.address, kind=IPKind(claim.kind), expires_at=claim.expires_at)
            self._assign(self._locked[claim.server_id], facts, claim.position)

    # Saving

    def save(self, observer: Observer) -> None:
        """Everything, in one order everywhere, and the changes to the observer."""
        self._give_back()
        self._claims.save()
        created = sorted((s for s in self._written if s.id is None), key=lambda server: server.instance_id)
        known = [server for server in self._written if server.id is not None]
        altered = [server for server in known if self._details[server.instance_id] or server.id in self._raised]
        for server in self._written:
            server.facts_at = self.now
        bulk.insert(created)
        bulk.update(altered, sorted(self._changed))
        written = {server.id for server in known}
        untouched = written.difference([server.id for server in altered])
        Server.objects.filter(pk__among=untouched).update(facts_at=self.now)
        IPAddress.objects.filter(pk__among={ip.id for ip in self._released}).update(released_at=self.now)
        bulk.update(sorted(self._altered, key=attrgetter("address")), ["kind", "expires_at", "released_at"])
        for server, ip in self._assigned:
            ip.server_id = server.id
        bulk.insert(sorted((ip for _server, ip in self._assigned), key=attrgetter("address")), keyed=False)
        losers = [self._locked[pk] for pk in self._ips_before if pk not in written]
        changed = (*self._written, *losers)
        observer([*self._former, *((server, detail) for server in changed if (detail := self.detail(server)))])
