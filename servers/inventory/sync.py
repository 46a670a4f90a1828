"""Live sync: one account's servers, read from the provider region by region and taken in by `apply`.

A region is all or nothing: without the lists of addresses and load balancers an Elastic or CLB IP would pass for an
ordinary one, so when any page is missing the region's servers are left as they are. Nothing here asks the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from servers.choices import ServerState
from servers.inventory.apply import Incomplete, apply_inventory
from servers.inventory.facts import REGION_CODE, Tally
from servers.inventory.fields import shown
from servers.inventory.pages import Pages
from servers.inventory.provider import CallFailed, Provider, Stopped
from servers.inventory.tencent import Inventory
from servers.inventory.writing import Observer
from servers.models import Account, Server

PAGE = 100  # rows; the most that the provider gives
LISTINGS = 5  # attempts to read a list that changes meanwhile
# What the provider says of a region that has instances and lacks another service.
LACKING = {"UnsupportedRegion", "InvalidParameter.RegionNotFound", "UnsupportedOperation.ServiceUnsupportedRegion"}
# How errors end that say: no instance has this ID, or none can have it.
MISSING = (
    *("InvalidInstanceId.NotFound", "InvalidInstanceIdNotFound"),
    *("InvalidInstanceId.Malformed", "InstanceIdMalformed"),
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One of the three lists. Instances come first: an address bound meanwhile is then in the list of addresses."""

    service: str
    action: str
    rows: str
    id: str


INSTANCES = Kind(service="cvm", action="DescribeInstances", rows="InstanceSet", id="InstanceId")
ADDRESSES = Kind(service="vpc", action="DescribeAddresses", rows="AddressSet", id="AddressId")
BALANCERS = Kind(service="clb", action="DescribeLoadBalancers", rows="LoadBalancerSet", id="LoadBalancerId")


class WrongAccount(Exception):
    """The credentials belong to the account `found` of the provider."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


class _Changed(Exception):
    """A list changed while it was read: rows may be missing or doubled at the borders of its pages."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What could not be read: a `region`, or everything when that is empty. `code` is stable, `detail` for people."""

    region: str
    code: str
    detail: str


@dataclass(kw_only=True)
class Outcome:
    """What became of one round: `read` are the regions whose facts came in."""

    tally: Tally = field(default_factory=Tally)
    read: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    is_stopped: bool = False


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Who is told how it goes: the regions to read, rows as they are read of one, and how a region ended."""

    regions: Callable[[Sequence[str]], None]
    rows: Callable[[str, int], None]
    ended: Callable[[str, Tally | Failure], None]


def sync(
    provider: Provider,
    *,
    account: Account,
    regions: Sequence[str] = (),
    complete: bool = False,
    is_secret: Callable[[str], bool],
    now: datetime,
    observer: Observer,
    listener: Listener,
) -> Outcome:
    """Take in the account's servers of `regions`, or of all there are.

    With `complete`, servers that the provider has no more become terminated, in each region that was read whole.
    Raises WrongAccount; whatever else goes wrong with the provider is in the outcome, as is a stop.
    """
    outcome = Outcome()
    round_ = _Round(
        provider=provider,
        account=account,
        complete=complete,
        is_secret=is_secret,
        now=now,
        observer=observer,
        listener=listener,
    )
    try:
        if (found := _owner(provider)) != account.uid:
            raise WrongAccount(found)
        names = list(regions) or _regions(provider, account)
        listener.regions(names)
        for region in names:
            ended = round_.take(region)
            _add(outcome, region, ended)
            listener.ended(region, ended)
    except CallFailed as error:
        outcome.failures.append(Failure(region="", code=error.code, detail=error.detail))
    except Stopped:
        outcome.is_stopped = True
    return outcome


def _owner(provider: Provider) -> str:
    """The uid of the account that the credentials belong to: another's servers must neither come nor end here."""
    return shown(provider.call("sts", "GetCallerIdentity").get("AccountId") or "")


def _regions(provider: Provider, account: Account) -> list[str]:
    """The regions that the provider offers, and those where the account has servers here.

    The provider is asked, since a region opened after this release would be overlooked otherwise; and a region that
    it no longer offers is tried as long as servers are thought to be there.
    """
    rows = provider.call("cvm", "DescribeRegions").get("RegionSet")
    found = [row.get("Region") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    offered = [name for name in found if isinstance(name, str) and REGION_CODE.fullmatch(name)]
    if not offered:
        raise CallFailed("UnreadableAnswer", "The provider names no region.")
    here = _alive(account).order_by("region__code").values_list("region__code", flat=True).distinct()
    return list(dict.fromkeys([*offered, *here]))


def _alive(account: Account) -> Any:
    return Server.objects.filter(account=account).exclude(state=ServerState.TERMINATED)


def _add(outcome: Outcome, region: str, ended: Tally | Failure) -> None:
    if isinstance(ended, Failure):
        outcome.failures.append(ended)
        return
    outcome.read.append(region)
    outcome.tally.add(ended)


@dataclass(frozen=True, kw_only=True)
class _Round:
    """One round: what is the same for all its regions."""

    provider: Provider
    account: Account
    complete: bool
    is_secret: Callable[[str], bool]
    now: datetime
    observer: Observer
    listener: Listener

    def take(self, region: str) -> Tally | Failure:
        """Read a region whole, then take it in; on any failure leave it alone and say why. Raises Stopped."""
        with Pages() as pages:
            try:
                self._read(region, pages)
                return apply_inventory(
                    Inventory(pages, is_secret=self.is_secret),
                    account=self.account,
                    region=region,
                    complete=self.complete,
                    now=self.now,
                    observer=self.observer,
                )
            except CallFailed as error:
                return Failure(region=region, code=error.code, detail=error.detail)
            except Incomplete:
                return Failure(region=region, code="Incomplete", detail="A row of the list of instances names none.")

    def _read(self, region: str, pages: Pages) -> None:
        for attempt in range(LISTINGS):
            try:
                listed = self._list(INSTANCES, region, pages)
                for kind in (ADDRESSES, BALANCERS):
                    self._list_what_is_offered(kind, region, pages)
                if self.complete:
                    self._ask_for_missing(region, listed)
                return
            except _Changed as changed:
                if attempt == LISTINGS - 1:
                    raise CallFailed(
                        "ListChanged", f"{changed.kind.action} changed each time it was read."
                    ) from changed
                pages.clear()

    def _list_what_is_offered(self, kind: Kind, region: str, pages: Pages) -> None:
        """A service that a region does not have has nothing there."""
        try:
            self._list(kind, region, pages)
        except CallFailed as error:
            if error.code not in LACKING:
                raise

    def _list(self, kind: Kind, region: str, pages: Pages) -> set[str]:
        """Add all pages of one list; the IDs in it. Raises _Changed unless they are as many as it says throughout."""
        ids: set[str] = set()
        total, read = None, 0
        while total is None or read < total:
            parameters = {"Offset": read, "Limit": PAGE}
            body = self.provider.call(kind.service, kind.action, region=region, parameters=parameters)
            rows, stated = _page(body, kind)
            if total not in (None, stated) or (not rows and read < stated):
                raise _Changed(kind)
            pages.add(body)
            ids |= {_id(row, kind) or f"#{number}" for number, row in enumerate(rows, start=read)}
            total, read = stated, read + len(rows)
            self.listener.rows(region, len(rows))
        if len(ids) != total or read != total:
            raise _Changed(kind)
        return ids

    def _ask_for_missing(self, region: str, listed: set[str]) -> None:
        """Termination is final, so each missing server is asked for by its name. Raises _Changed if one is there."""
        known = _alive(self.account).filter(region__code=region).order_by("pk")
        missing = (name for name in known.values_list("instance_id", flat=True).iterator() if name not in listed)
        while names := list(islice(missing, PAGE)):
            if self._is_one_there(region, names):
                raise _Changed(INSTANCES)

    def _is_one_there(self, region: str, names: list[str]) -> bool:
        parameters = {"InstanceIds": names, "Limit": PAGE}
        try:
            body = self.provider.call("cvm", "DescribeInstances", region=region, parameters=parameters)
        except CallFailed as error:
            if not error.code.endswith(MISSING):
                raise
            # One such name hides the others.
            return len(names) > 1 and any(self._is_one_there(region, [name]) for name in names)
        return bool(_page(body, INSTANCES)[0])


def _page(body: Mapping[str, Any], kind: Kind) -> tuple[list[Any], int]:
    """The rows of a page, and how many there are in all pages."""
    rows, total = body.get(kind.rows), body.get("TotalCount")
    rows = [] if rows is None else rows
    if not isinstance(rows, list) or not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise CallFailed("UnreadableAnswer", f"{kind.action} gave no {kind.rows} with its TotalCount.")
    return rows, total


def _id(row: object, kind: Kind) -> str:
    name = row.get(kind.id) if isinstance(row, Mapping) else None
    return name if isinstance(name, str) else ""
