"""What the provider's lists of addresses and load balancers say of the addresses of its instances."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from icpportal.handles import canonical_address
from servers.choices import IPKind
from servers.inventory.facts import IPFacts
from servers.inventory.fields import Bad, read_address, read_list, read_time, read_word, shown

ADDRESS_BOUND = {
    "UNBIND": False,  # whatever its InstanceId says
    **dict.fromkeys(("CREATING", "BINDING", "BIND", "UNBINDING", "OFFLINING", "BIND_ENI"), True),
}


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


class Addresses:
    """All that was listed, and what that makes of the addresses of an instance. Reading a row raises Bad."""

    def __init__(self) -> None:
        self._listed: dict[str, Listed] = {}
        self._balancers: set[str] = set()
        self._unsure: set[str] = set()

    def add_address(self, row: Mapping[str, Any]) -> None:
        """A row of DescribeAddresses."""
        is_bound = read_word(row, "AddressStatus", ADDRESS_BOUND, default=True)
        if not row.get("AddressIp") and row.get("AddressStatus") in ("CREATING", "UNBIND"):
            return
        address = read_address(row.get("AddressIp"), "AddressIp")
        self._unsure.add(address)
        deadline = read_time(row.get("DeadlineDate"), "DeadlineDate")
        instance_id = row.get("InstanceId")
        self._listed[address] = Listed(
            kind=_address_kind(row.get("AddressType")),
            is_bound=is_bound,
            instance_id=instance_id if isinstance(instance_id, str) else "",
            expires_at=deadline,
            keeps_expiry="DeadlineDate" not in row,
        )
        self._unsure.discard(address)

    def add_balancer(self, row: Mapping[str, Any]) -> None:
        """A row of DescribeLoadBalancers."""
        addresses = read_list(row, "LoadBalancerVips")
        self._balancers.update([read_address(address, "LoadBalancerVips") for address in addresses])

    @cached_property
    def never_read(self) -> frozenset[str]:
        """Those whose own rows could not be read: nobody knows what they are."""
        return frozenset(self._unsure - self._listed.keys())

    @cached_property
    def _elastic(self) -> dict[str, list[str]]:
        """The Elastic IPs that each instance holds by the address list."""
        held: dict[str, list[str]] = {}
        for address, listed in self._listed.items():
            if listed.kind == IPKind.ELASTIC and listed.is_bound and listed.instance_id:
                held.setdefault(listed.instance_id, []).append(address)
        return held

    def on(self, row: Mapping[str, Any], instance_id: str) -> tuple[IPFacts, ...] | None:
        """What the instance of this row of DescribeInstances holds; None when the row lists no addresses."""
        if "PublicIpAddresses" not in row:
            return None
        given = read_list(row, "PublicIpAddresses")
        names = [read_address(address, "PublicIpAddresses") for address in given]
        ips = {address: self._ip(address, instance_id) for address in names}
        for address in self._elastic.get(instance_id, []):
            # A load balancer's address counts only when the instance itself lists it.
            if address not in ips and address not in self._balancers:
                ips[address] = self._listed[address].as_facts(address)
        return tuple(ip for ip in ips.values() if ip is not None)

    def _ip(self, address: str, instance_id: str) -> IPFacts | None:
        """What an address in the instance's own list is; None when it is not on the instance, or nobody knows."""
        if address in self._balancers:
            return IPFacts(address=address, kind=IPKind.CLB, keeps_expiry=True)
        listed = self._listed.get(address)
        if listed is not None:
            return listed.as_facts(address) if listed.is_on(instance_id) else None
        if address in self.never_read:
            return None
        return IPFacts(address=address, kind=IPKind.PUBLIC, keeps_expiry=True)


def claimed(row: Mapping[str, Any]) -> Collection[str]:
    """The addresses that a row of DescribeInstances lists, those that can be read, each once."""
    given = row.get("PublicIpAddresses")
    return {address for each in given if (address := canonical_address(each))} if isinstance(given, list) else ()


def _address_kind(word: object) -> IPKind:
    """WanIP (also written WanIp) and CalcIP are ordinary; every kind of EIP is elastic (decision 5)."""
    text = word.lower() if isinstance(word, str) else ""
    if "eip" in text:
        return IPKind.ELASTIC
    if text.startswith(("wanip", "calcip")):
        return IPKind.PUBLIC
    raise Bad(_("%(name)s is unknown: %(word)s") % {"name": "AddressType", "word": shown(word)})
