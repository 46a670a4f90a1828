"""The writers of server facts: one server by a feed, many by an import, an account.

Each tells `observer` which servers changed and how, inside the transaction that changes them; a server that loses its
address to another has changed too. `now` is an aware datetime. A wait for a lock that takes too long surfaces as
OperationalError. Nothing here knows of codes: who calls records the events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Literal, TypeAlias

from django.utils.translation import gettext_lazy as _

from icpportal import bulk
from icpportal.processes import share
from servers.choices import ServerState
from servers.inventory.batches import Batches, sharers
from servers.inventory.facts import InventoryFacts, Rejected, ServerFacts, Tally
from servers.inventory.races import settle
from servers.inventory.tencent import Inventory
from servers.inventory.writing import Batch, Detail, Observer
from servers.models import Account, Server

Result: TypeAlias = Literal["created", "updated", "unchanged"]


class StaleVersion(Exception):
    """The feed stated a version below the `stored` one: its message was overtaken."""

    def __init__(self, *, stored: int) -> None:
        super().__init__(stored)
        self.stored = stored


class VersionConflict(Exception):
    """The stored version was stated again with other facts: `detail` tells them apart."""

    def __init__(self, *, detail: Detail) -> None:
        super().__init__(detail)
        self.detail = detail


class ServerTerminated(Exception):
    """A terminated server changes no more (decision 6)."""


class AnotherAccounts(Exception):
    """The server belongs to an account that the writer may not touch."""


class Incomplete(Exception):
    """The responses are not all there are, so nobody can say which servers are missing. Nothing was done."""


def put_account(uid: str, *, name: str, emails: Iterable[str]) -> tuple[Account, bool]:
    """The account as stated, whole, and whether it is new."""
    return Account.objects.update_or_create(uid=uid, defaults={"name": name, "emails": list(emails)})


def put_server(
    facts: ServerFacts,
    *,
    account: Account,
    version: int,
    only_of: Account | None = None,
    now: datetime,
    observer: Observer,
) -> tuple[Server, Result]:
    """Replace the facts of one server; a new one is created, another `account` transfers it with its codes.

    `version` only rises: older raises StaleVersion, equal with the same facts changes nothing, equal with other facts
    raises VersionConflict. Raises ServerTerminated for a server that is gone, AnotherAccounts for one that is not of
    the account `only_of`.
    """
    addresses = [ip.address for ip in facts.ips or ()]

    def put() -> tuple[Server, Result]:
        batch = Batch([facts.instance_id], addresses, [facts.region], now=now)
        known = batch.servers.get(facts.instance_id)
        if known is not None and only_of is not None and known.account_id != only_of.pk:
            raise AnotherAccounts
        before = known.version if known else None
        server, result = write_stated(batch, facts, account=account, version=version)
        if result != "unchanged" or server.version != before:
            batch.save(observer)
        return server, result

    return settle(put)


def write_stated(batch: Batch, facts: ServerFacts, *, account: Account, version: int | None) -> tuple[Server, Result]:
    """Write in the batch what is stated of one server, if its version allows it; None keeps the stored one.

    Raises StaleVersion, VersionConflict and ServerTerminated, as `put_server` says. After one of the last two the batch
    must not be saved: make it anew without this server.
    """
    known = batch.servers.get(facts.instance_id)
    if known is None:
        server = batch.write(facts, account=account)
        server.version = version or 0
        return server, "created"
    stored, was_terminated = known.version, known.state == ServerState.TERMINATED
    raised = stored if version is None else version
    if raised < stored:
        raise StaleVersion(stored=stored)
    if was_terminated and raised > stored:
        raise ServerTerminated
    batch.write(facts, account=account, is_repeated=version == stored)
    detail = batch.detail(known)
    if detail and was_terminated:
        raise ServerTerminated
    if detail and version == stored:
        raise VersionConflict(detail=detail)
    if raised > stored:
        batch.raise_version(known, raised)
    return known, "updated" if detail else "unchanged"


def apply_inventory(
    inventory: Inventory,
    *,
    account: Account,
    region: str | None = None,
    complete: bool = False,
    now: datetime,
    observer: Observer,
    progress: Callable[[int], None] = lambda rows: None,
    processes: int = 1,
) -> Tally:
    """Take in the provider's responses for one account, in batches of their own transactions; versions stay.

    With `region` only its rows are taken. With `complete`, the account's servers (of the region) that are missing
    become terminated; a rejected row counts as present. `progress` hears how many rows were read, batch by batch. So
    many `processes` share the work as `icpportal.processes` says, if there is enough of it. Raises Incomplete before
    anything is done, ProcessLost when a process was killed: what was taken in by then stays.
    """
    if complete and not inventory.is_complete:
        raise Incomplete
    tally = Tally(rejected=list(inventory.rejected))
    importer = _Import(account=account, region=region, now=now, observer=observer)
    for part in importer.parts(inventory, sharers(inventory.rows, most=processes)):
        tally.add(part)
        progress(part.rows)
    if complete:
        tally.updated += importer.terminate_missing(inventory)
    return tally


@dataclass(frozen=True, kw_only=True)
class _Import:
    """One import: whose, of which region, when, and who hears of it."""

    account: Account
    region: str | None
    now: datetime
    observer: Observer

    def parts(self, inventory: Inventory, processes: int) -> Iterator[Tally]:
        """Take in everything; what became of it, batch by batch."""
        if processes > 1:
            alone = partial(inventory.alone, turns=processes)
            yield from share(lambda turn: self._taken(alone(turn), ahead=False), number=processes)
            yield from self._taken(inventory.last())
        else:
            yield from self._taken(chain(inventory.alone(), inventory.last()))

    def _taken(self, rows: Iterator[InventoryFacts | Rejected], *, ahead: bool = True) -> Iterator[Tally]:
        batches = Batches(rows, ahead=ahead)
        for batch in batches:
            yield self._take(batch, meanwhile=batches.read_on)

    def _take(self, rows: list[InventoryFacts | Rejected], *, meanwhile: Callable[[], None]) -> Tally:
        """Write one batch of rows; `meanwhile` is called when they are compared and only the saving is left."""
        readable: list[InventoryFacts] = []
        unreadable: list[Rejected] = []
        for row in rows:
            if isinstance(row, InventoryFacts) and self.region not in (None, row.region):
                where = {"region": row.region, "asked": self.region}
                row = _reject(row, _("The instance is in %(region)s, not in %(asked)s.") % where)
            if isinstance(row, Rejected):
                unreadable.append(row)
            else:
                readable.append(row)
        with bulk.uncollected():
            results, refused = settle(lambda: self._write(readable, meanwhile))
        return _tally(results, [*unreadable, *refused])

    def _write(self, rows: list[InventoryFacts], meanwhile: Callable[[], None]) -> tuple[list[Detail], list[Rejected]]:
        addresses = {ip.address for row in rows for ip in row.ips or ()}
        names = [row.instance_id for row in rows]
        batch = Batch(names, addresses, {row.region for row in rows}, now=self.now)
        rejected = [refusal for row in rows if (refusal := self._refusal(row, batch.servers.get(row.instance_id)))]
        refused = {row.id for row in rejected}
        accepted = _one_claim_an_address([row for row in rows if row.instance_id not in refused])
        servers = [batch.write(row, account=self.account) for row in accepted]
        meanwhile()
        batch.save(self.observer)
        return [batch.detail(server) for server in servers], rejected

    def _refusal(self, row: InventoryFacts, known: Server | None) -> Rejected | None:
        if known is None:
            return None
        if known.account_id != self.account.pk:
            return _reject(row, _("The instance belongs to another account."))
        return _reject(row, _("terminated")) if known.state == ServerState.TERMINATED else None

    def terminate_missing(self, inventory: Inventory) -> int:
        """Servers of the account (and region) that no row named are gone, unless newer facts of them have come in."""
        servers = Server.objects.filter(account=self.account, facts_at__lte=self.now)
        servers = servers.exclude(state=ServerState.TERMINATED)
        if self.region is not None:
            servers = servers.filter(region__code=self.region)
        known = servers.values_list("instance_id", flat=True).order_by("pk")
        missing = Batches(iter([name for name in known.iterator() if not inventory.names(name)]))
        return sum(settle(lambda names=names: self._terminate(names)) for names in missing)  # type: ignore[misc]

    def _terminate(self, names: list[str]) -> int:
        batch = Batch(names, [], [], now=self.now)
        gone = [
            server
            for server in batch.servers.values()
            if server.account_id == self.account.pk and server.state != ServerState.TERMINATED
        ]
        for server in gone:
            batch.terminate(server)
        batch.save(self.observer)
        return len(gone)


def _tally(results: list[Detail], rejected: list[Rejected]) -> Tally:
    created = sum("created" in detail for detail in results)
    unchanged = results.count({})
    updated = len(results) - created - unchanged
    return Tally(created=created, updated=updated, unchanged=unchanged, rejected=rejected)


def _reject(row: InventoryFacts, detail: object) -> Rejected:
    return Rejected(id=row.instance_id, detail=detail, is_instance=True)


def _one_claim_an_address(rows: list[InventoryFacts]) -> list[InventoryFacts]:
    """Of several instances that list the same address, the last one has it."""
    claims = {ip.address: row.instance_id for row in rows for ip in row.ips or ()}
    if len(claims) == sum(len(row.ips or ()) for row in rows):
        return rows
    return [
        row
        if all(claims[ip.address] == row.instance_id for ip in row.ips or ())
        else replace(row, ips=tuple(ip for ip in row.ips or () if claims[ip.address] == row.instance_id))
        for row in rows
    ]
