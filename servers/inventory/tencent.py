"""Tencent Cloud's own responses, unchanged: DescribeInstances, DescribeAddresses and DescribeLoadBalancers (API 3.0).

They are read again for the instances after a first time for what stands beside them, so that any number of them needs
little memory. Nothing here raises for what a response holds: what cannot be read becomes a Rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from django.utils.translation import gettext_lazy as _

from servers.choices import BillingMode, ServerState
from servers.inventory.addresses import Addresses, claimed
from servers.inventory.batches import is_turn
from servers.inventory.facts import INSTANCE_ID, SHORTEST_VALUE, InventoryFacts, Rejected, term_faults
from servers.inventory.fields import (
    Bad,
    provider_error,
    read_name,
    read_region,
    read_time,
    read_word,
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
HIDDEN = "ICP-…"  # instead of a name that carries a code value: the rest of the row is needed
SETS = ("InstanceSet", "AddressSet", "LoadBalancerSet")


class Inventory:
    """All responses of one import: `responses` is iterated several times and gives the same each time.

    `is_secret` says whether a text carries a code value: people name their instances as they like, and none is kept.
    """

    def __init__(self, responses: Iterable[object], *, is_secret: Callable[[str], bool]) -> None:
        self._responses, self._is_secret = responses, is_secret
        self._addresses = Addresses()
        self._totals: list[int] = []
        self._ids, self._claimed = Hashes(), Hashes()
        self._nameless_rows = 0
        self._errors = 0
        self.rejected: list[Rejected] = []
        for response in responses:
            self._survey(response)
        # Two of one hash only wait for the end together.
        self._repeated, self._contested = self._ids.repeated(), self._claimed.repeated()
        self._claimed = Hashes()

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

    def alone(self, turn: int = 0, turns: int = 1) -> Iterator[InventoryFacts | Rejected]:
        """Instances that no two rows describe and that share no address with another: they may come in any order.

        With `turns` so many share them, and these are the ones of `turn`.
        """
        for at, row in enumerate(self._rows()):
            if is_turn(at, turn=turn, turns=turns) and not self._is_shared(row, facts := self._instance(row)):
                yield facts

    def last(self) -> Iterator[InventoryFacts | Rejected]:
        """The other instances, each as its last row describes it, in the order of these rows."""
        shared: dict[object, InventoryFacts | Rejected] = {}
        for row in self._rows() if self._repeated or self._contested else ():
            if self._is_shared(row, facts := self._instance(row)):
                shared.pop(name := _name(row), None)
                shared[name] = facts
        yield from shared.values()

    def _rows(self) -> Iterator[object]:
        return chain.from_iterable(_entries(_body(response), "InstanceSet") for response in self._responses)

    def _is_shared(self, row: object, facts: InventoryFacts | Rejected) -> bool:
        if hash(_name(row)) in self._repeated:
            return True
        ips = facts.ips if isinstance(facts, InventoryFacts) else None
        return bool(self._contested) and any(hash(ip.address) in self._contested for ip in ips or ())

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
            self._take(row, "AddressId", self._addresses.add_address)
        for row in _entries(body, "LoadBalancerSet"):
            self._take(row, "LoadBalancerId", self._addresses.add_balancer)

    def _count(self, row: Any) -> None:
        if (name := _name(row)) is None:
            self._nameless_rows += 1
            return
        self._ids.add(name)
        for address in claimed(row):
            self._claimed.add(address)

    def _take(self, row: object, id_field: str, read: Any) -> None:
        try:
            if not isinstance(row, Mapping):
                raise Bad(_("An entry of the list is not an object."))
            read(row)
        except Bad as bad:
            name = row.get(id_field) if isinstance(row, Mapping) else None
            self.rejected.append(Rejected(id=shown_id(name), detail=bad.detail))

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
            ips=self._addresses.on(row, instance_id),
            unsure=self._addresses.never_read,
        )

    def _carries(self, text: str) -> bool:
        return len(text) >= SHORTEST_VALUE and self._is_secret(text)


def _name(row: object) -> str | None:
    name = row.get("InstanceId") if isinstance(row, Mapping) else None
    return name if isinstance(name, str) else None


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


def _state(row: Mapping[str, Any]) -> ServerState:
    state = read_word(row, "InstanceState", STATES)
    is_restricted = read_word(row, "RestrictState", RESTRICTED, default=False)
    return ServerState.ISOLATED if is_restricted and state != ServerState.TERMINATED else state
