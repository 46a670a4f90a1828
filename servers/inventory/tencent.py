"""Tencent Cloud's own responses, unchanged: DescribeInstances, DescribeAddresses and DescribeLoadBalancers (API 3.0).

They are read twice: first for what the addresses are, then for the instances, so that any number of them needs little
memory. Nothing here raises for what a response holds: what cannot be read becomes a Rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from servers.choices import BillingMode, IPKind, ServerState
from servers.inventory.facts import INSTANCE_ID, SHORTEST_VALUE, InventoryFacts, IPFacts, Rejected, term_faults
from servers.inventory.fields import (
    Bad,
    provider_error,
    read_address,
    read_list,
    read_name,
    read_region,
    read_time,
    read_word,
    shown,
    shown_id,
)
from servers.inventory.hashes import Hashes

BILLING_MODES = {
    "PREPAID": BillingMode.PREPAID,
    "POSTPAID_BY_HOUR": BillingMode.PAY_AS_YOU_GO,
    "SPOTPAID": BillingMode.SPOT,
    "CDHPAID": BillingMode.DEDICATED_HOST,
    "CDCPAID": BillingMode.DEDICATED_CLUSTER,
}
_RUNNING = (
    "PENDING STARTING RUNNING REBOOTING ENTER_RESCUE_MODE RESCUE_MODE EXIT_RESCUE_MODE "
    "ENTER_SERVICE_LIVE_MIGRATE SERVICE_LIVE_MIGRATE EXIT_SERVICE_LIVE_MIGRATE"
)
STATES = {
    **dict.fromkeys(_RUNNING.split(), ServerState.RUNNING),
    **dict.fromkeys(("STOPPING", "STOPPED", "LAUNCH_FAILED"), ServerState.STOPPED),
    "SHUTDOWN": ServerState.ISOLATED,  # returned or in arrears: in the recycle bin
    "TERMINATING": ServerState.TERMINATED,
}
RESTRICTED = {"NORMAL": False, "EXPIRED": True, "PROTECTIVELY_ISOLATED": True}
ADDRESS_BOUND = {
    "UNBIND": False,  # whatever its InstanceId says
    **dict.fromkeys(("CREATING", "BINDING", "BIND", "UNBINDING", "OFFLINING", "BIND_ENI"), True),
}
HIDDEN = "ICP-…"  # instead of a name that carries a code value: the rest of the row is needed
SETS = ("InstanceSet", "AddressSet", "LoadBalancerSet")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """What the address list says of one address. `instance_id` is empty when it names none."""

    kind: IPKind
    is_bound: bool
    instance_id: str
    expires_at: datetime | None
    keeps_expiry: bool

    def is_on(self, instance_id: str) -> bool:
        """Whether an instance that lists the address holds it, by what the address list says."""
        elsewhere = self.kind == IPKind.ELASTIC and self.instance_id not in ("", instance_id)
        return self.is_bound and not elsewhere

    def as_facts(self, address: str) -> IPFacts:
        return IPFacts(address=address, kind=self.kind, expires_at=self.expires_at, keeps_expiry=self.keeps_expiry)


class Inventory:
    """All responses of one import: `responses` is iterated twice and gives the same both times.

    `is_secret` says whether a text carries a code value: people name their instances as they like, and none is kept.
    """

    def __init__(self, responses: Iterable[object], *, is_secret: Callable[[str], bool]) -> None:
        self._responses, self._is_secret = responses, is_secret
        self._addresses: dict[str, Listed] = {}
        self._balancers: set[str] = set()
        self._unsure: set[str] = set()
        self._totals: list[int] = []
        self._ids = Hashes()
        self._nameless_rows = 0
        self._errors = 0
        self.rejected: list[Rejected] = []
        for response in responses:
            self._survey(response)

    @property
    def rows(self) -> int:
        """How many instance rows there are."""
        return len(self._ids) + self._nameless_rows

    @property
    def is_complete(self) -> bool:
        """Whether these are all instances there are: as many rows as the largest TotalCount says, each another one."""
        whole = bool(self._totals) and self.rows == max(self._totals)
        return whole and not (self._errors or self._nameless_rows or self._repeated)

    def names(self, instance_id: str) -> bool:
        """Whether a row is about this instance, good or bad."""
        return instance_id in self._ids

    def instances(self) -> Iterator[InventoryFacts | Rejected]:
        """Every instance once, as its last row describes it."""
        repeated: dict[str, InventoryFacts | Rejected] = {}
        for response in self._responses:
            for row in _entries(_body(response), "InstanceSet"):
                facts = self._instance(row)
                name = row.get("InstanceId") if isinstance(row, Mapping) else None
                if isinstance(name, str) and hash(name) in self._repeated:
                    repeated[name] = facts
                else:
                    yield facts
        yield from repeated.values()

    # First reading

    def _survey(self, response: object) -> None:
        body = _body(response)
        if body.get("Error") is not None:
            self._errors += 1
            self.rejected.append(Rejected(id=None, detail=provider_error(body["Error"])))
            return
        if not any(name in body for name in SETS):
            self.rejected.append(Rejected(id=None, detail=_("This is not one of the responses that can be read.")))
        for name in SETS:
            if not isinstance(body.get(name), list | None):
                self._errors += 1
                self.rejected.append(Rejected(id=None, detail=_("%(name)s is not a list.") % {"name": name}))
        total = body.get("TotalCount")
        if "InstanceSet" in body and isinstance(total, int) and not isinstance(total, bool):
            self._totals.append(total)
        for row in _entries(body, "InstanceSet"):
            self._count(row)
        for row in _entries(body, "AddressSet"):
            self._take(row, "AddressId", self._list_address)
        for row in _entries(body, "LoadBalancerSet"):
            self._take(row, "LoadBalancerId", self._list_balancer)

    def _count(self, row: object) -> None:
        name = row.get("InstanceId") if isinstance(row, Mapping) else None
        if isinstance(name, str):
            self._ids.add(name)
        else:
            self._nameless_rows += 1

    @cached_property
    def _repeated(self) -> set[int]:
        # Two instances of one hash only wait for the end together.
        return self._ids.repeated()

    def _take(self, row: object, id_field: str, read: Any) -> None:
        try:
            if not isinstance(row, Mapping):
                raise Bad(_("An entry of the list is not an object."))
            read(row)
        except Bad as bad:
            name = row.get(id_field) if isinstance(row, Mapping) else None
            self.rejected.append(Rejected(id=shown_id(name), detail=bad.detail))

    def _list_address(self, row: Mapping[str, Any]) -> None:
        is_bound = read_word(row, "AddressStatus", ADDRESS_BOUND, default=True)
        if not row.get("AddressIp") and row.get("AddressStatus") in ("CREATING", "UNBIND"):
            return
        address = read_address(row.get("AddressIp"), "AddressIp")
        self._unsure.add(address)
        deadline = read_time(row.get("DeadlineDate"), "DeadlineDate")
        instance_id = row.get("InstanceId")
        self._addresses[address] = Listed(
            kind=_address_kind(row.get("AddressType")),
            is_bound=is_bound,
            instance_id=instance_id if isinstance(instance_id, str) else "",
            expires_at=deadline,
            keeps_expiry="DeadlineDate" not in row,
        )
        self._unsure.discard(address)

    def _list_balancer(self, row: Mapping[str, Any]) -> None:
        addresses = read_list(row, "LoadBalancerVips")
        self._balancers.update([read_address(address, "LoadBalancerVips") for address in addresses])

    # Second reading

    def _instance(self, row: object) -> InventoryFacts | Rejected:
        name: object = None
        try:
            if not isinstance(row, Mapping):
                raise Bad(_("An entry of the list is not an object."))
            name = row.get("InstanceId")
            if not isinstance(name, str) or not INSTANCE_ID.fullmatch(name) or self._carries(name):
                raise Bad(_("%(name)s is missing or malformed.") % {"name": "InstanceId"})
            return self._read(row, name)
        except Bad as bad:
            return Rejected(id=shown_id(name), detail=bad.detail, is_instance=True)

    def _read(self, row: Mapping[str, Any], instance_id: str) -> InventoryFacts:
        billing_mode = read_word(row, "InstanceChargeType", BILLING_MODES)
        purchased_at = read_time(row.get("CreatedTime"), "CreatedTime")
        expires_at = read_time(row.get("ExpiredTime"), "ExpiredTime")
        if fault := next(term_faults(billing_mode, purchased_at, expires_at), None):
            missing = _("A prepaid instance needs CreatedTime and ExpiredTime.")
            raise Bad(missing if fault.code == "required" else _("ExpiredTime is before CreatedTime."))
        accessible = row.get("InternetAccessible")
        return InventoryFacts(
            instance_id=instance_id,
            name=HIDDEN if self._carries(name := read_name(row.get("InstanceName"), "InstanceName")) else name,
            region=read_region(row.get("Placement")),
            billing_mode=billing_mode,
            purchased_at=purchased_at,
            expires_at=expires_at,
            state=_state(row),
            public_ip_assigned=isinstance(accessible, Mapping) and accessible.get("PublicIpAssigned") is True,
            ips=self._ips(row, instance_id),
            unsure=self._never_read,
        )

    def _carries(self, text: str) -> bool:
        return len(text) >= SHORTEST_VALUE and self._is_secret(text)

    @cached_property
    def _never_read(self) -> frozenset[str]:
        return frozenset(self._unsure - self._addresses.keys())

    @cached_property
    def _elastic(self) -> dict[str, list[str]]:
        """The Elastic IPs that each instance holds by the address list."""
        held: dict[str, list[str]] = {}
        for address, listed in self._addresses.items():
            if listed.kind == IPKind.ELASTIC and listed.is_bound and listed.instance_id:
                held.setdefault(listed.instance_id, []).append(address)
        return held

    def _ips(self, row: Mapping[str, Any], instance_id: str) -> tuple[IPFacts, ...] | None:
        if "PublicIpAddresses" not in row:
            return None
        given = read_list(row, "PublicIpAddresses")
        addresses = dict.fromkeys(read_address(address, "PublicIpAddresses") for address in given)
        ips = {address: self._ip(address, instance_id) for address in addresses}
        for address in self._elastic.get(instance_id, []):
            # A load balancer's address counts only when the instance itself lists it.
            if address not in ips and address not in self._balancers:
                ips[address] = self._addresses[address].as_facts(address)
        return tuple(ip for ip in ips.values() if ip is not None)

    def _ip(self, address: str, instance_id: str) -> IPFacts | None:
        """What an address in the instance's own list is; None when it is not on the instance, or nobody knows."""
        if address in self._balancers:
            return IPFacts(address=address, kind=IPKind.CLB, keeps_expiry=True)
        listed = self._addresses.get(address)
        if listed is not None:
            return listed.as_facts(address) if listed.is_on(instance_id) else None
        if address in self._never_read:
            return None
        return IPFacts(address=address, kind=IPKind.PUBLIC, keeps_expiry=True)


def _body(response: object) -> Mapping[str, Any]:
    """The response without its envelope; empty for anything that is none."""
    if isinstance(response, Mapping) and isinstance(response.get("Response"), Mapping):
        response = response["Response"]
    return response if isinstance(response, Mapping) else {}


def _entries(body: Mapping[str, Any], name: str) -> list[object]:
    """The rows of one list; none for null, for what is no list, and beside an error."""
    rows = body.get(name)
    return rows if isinstance(rows, list) and body.get("Error") is None else []


def rows_in(responses: Iterable[object]) -> int:
    """How many rows they hold in all their lists; a response is one itself, since it may be none."""
    bodies = map(_body, responses)
    return sum(1 + sum(len(_entries(body, name)) for name in SETS) for body in bodies)


def _address_kind(word: object) -> IPKind:
    """WanIP (also written WanIp) and CalcIP are ordinary; every kind of EIP is elastic (decision 5)."""
    text = word.lower() if isinstance(word, str) else ""
    if "eip" in text:
        return IPKind.ELASTIC
    if text.startswith(("wanip", "calcip")):
        return IPKind.PUBLIC
    raise Bad(_("%(name)s is unknown: %(word)s") % {"name": "AddressType", "word": shown(word)})


def _state(row: Mapping[str, Any]) -> ServerState:
    state = read_word(row, "InstanceState", STATES)
    is_restricted = read_word(row, "RestrictState", RESTRICTED, default=False)
    return ServerState.ISOLATED if is_restricted and state != ServerState.TERMINATED else state
