"""Claims on addresses (IPClaim) while a batch of servers is written: those that concern it, new ones, settled ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from servers.models import IPAddress, IPClaim, Server

HOLDS = timedelta(days=1)  # no feed's message is late by more


def concerning(instance_ids: Collection[str]) -> list[IPClaim]:
    """What these servers claim, and who claims what they hold, in pk order.

    Hardly ever are there claims at all. In statements of their own, since in one PostgreSQL would read all servers.
    """
    if not IPClaim.objects.exists():
        return []
    servers = set(Server.objects.filter(instance_id__among=set(instance_ids)).values_list("pk", flat=True))
    held = set(IPAddress.objects.on_server().filter(server__among=servers).values_list("address", flat=True))
    return list(IPClaim.objects.filter(Q(server__among=servers) | Q(address__among=held)).order_by("pk"))


class Claims:
    """The claims that concern one batch, and what becomes of them. Nothing is saved before `save`."""

    def __init__(self, instance_ids: Collection[str], *, now: datetime) -> None:
        self.known = concerning(instance_ids)
        self._now = now
        self._of: dict[int, list[IPClaim]] = defaultdict(list)
        for claim in self.known:
            self._of[claim.server_id].append(claim)
        self._made: dict[int, list[IPClaim]] = defaultdict(list)
        self._settled: set[int] = set()

    def of(self, server: Server) -> list[IPClaim]:
        """What the server claimed before the batch."""
        return self._of.get(server.id, [])

    def make(self, lost: IPAddress) -> None:
        """The newest facts of the server that has lost the address list it still."""
        values = {"address": lost.address, "kind": lost.kind, "position": lost.position, "expires_at": lost.expires_at}
        self._made[lost.server_id].append(IPClaim(server_id=lost.server_id, since=self._now, **values))

    def drop(self, server: Server) -> None:
        """Newer facts of the server say for themselves what it has."""
        if self._of or self._made:  # hardly ever, in an import
            self._settled.update(claim.pk for claim in self.of(server))
            self._made.pop(server.id, None)

    def settle(self, claim: IPClaim) -> None:
        """The server has the address again."""
        self._settled.add(claim.pk)

    def open(self) -> list[IPClaim]:
        """Those that still count, the last one first."""
        return [
            claim
            for claim in reversed(self.known)
            if claim.pk not in self._settled and self._now - claim.since <= HOLDS
        ]

    def save(self) -> None:
        """What is claimed from now on, and what no longer."""
        if self._settled:
            IPClaim.objects.filter(pk__in=self._settled).delete()
        if self._made:
            IPClaim.objects.bulk_create([claim for made in self._made.values() for claim in made])
