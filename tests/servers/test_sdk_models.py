"""Responses as the provider's own models document them, with every field present and filled."""

import inspect
import json
import re
from typing import Any

import pytest
from tencentcloud.clb.v20180317 import models as clb
from tencentcloud.cvm.v20170312 import models as cvm
from tencentcloud.vpc.v20170312 import models as vpc

from servers.models import IPAddress, Server
from tests.factories import make_account
from tests.servers.feeding import counts, take

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:parameter .* is deprecated:DeprecationWarning")]
_TYPE = re.compile(r":type (\w+): (.+)")
_CLASS = re.compile(r":class:`[\w.]+\.(\w+)`|list of (\w+)")
_PLAIN: dict[str, Any] = {"str": "text", "int": 1, "float": 1.5, "bool": True}


def filled(module: Any, name: str, depth: int = 4) -> Any:
    """A model with every documented field set to something of its documented type."""
    if name in _PLAIN:
        return _PLAIN[name]
    model = getattr(module, name)()
    for field, kind in _TYPE.findall(inspect.getsource(type(model).__init__)):
        inner = _CLASS.search(kind)
        if kind in _PLAIN:
            value = _PLAIN[kind]
        elif inner is None or depth == 0:
            value = None
        elif inner[1]:
            value = filled(module, inner[1], depth - 1)
        else:
            value = [filled(module, {"Integer": "int", "String": "str"}.get(inner[2], inner[2]), depth - 1)]
        setattr(model, field, value)
    return model


def response(module: Any, name: str, **rows: list[Any]) -> dict[str, Any]:
    model = filled(module, name)
    for field, value in rows.items():
        setattr(model, field, value)
    model.TotalCount = max(len(value) for value in rows.values())
    return {"Response": json.loads(model.to_json_string())}


def full_instance(instance_id: str, *addresses: str) -> Any:
    row = filled(cvm, "Instance")
    row.InstanceId, row.InstanceName = instance_id, "web-1"
    row.InstanceChargeType, row.InstanceState, row.RestrictState = "PREPAID", "RUNNING", "NORMAL"
    row.CreatedTime, row.ExpiredTime = "2026-01-31T08:00:00Z", "2027-01-31T08:00:00Z"
    row.Placement.Zone = "ap-guangzhou-3"
    row.PublicIpAddresses = list(addresses)
    return row


def full_address(address: str, kind: str, **fields: str) -> Any:
    row = filled(vpc, "Address")
    row.AddressId, row.AddressIp, row.AddressType, row.AddressStatus = f"eip-{address}", address, kind, "BIND"
    row.CreatedTime, row.DeadlineDate = "2020-09-22T00:00:00+00:00", "2027-01-31T08:00:00Z"
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def test_every_field_of_the_models_is_filled() -> None:
    row = full_instance("ins-a", "203.0.113.7")
    documented = {field for field, _kind in _TYPE.findall(inspect.getsource(cvm.Instance.__init__))}
    assert len(documented) > 40
    assert json.loads(row.to_json_string()).keys() >= documented


def test_full_responses_of_all_three_kinds() -> None:
    account = make_account()
    balancer = filled(clb, "LoadBalancer")
    balancer.LoadBalancerId, balancer.LoadBalancerVips = "lb-1", ["203.0.113.9", "203.0.113.10"]
    balancer.CreateTime, balancer.ExpireTime = "2023-12-27 15:53:46", "0000-00-00 00:00:00"
    responses = [
        response(cvm, "DescribeInstancesResponse", InstanceSet=[full_instance("ins-a", "203.0.113.7", "203.0.113.9")]),
        response(cvm, "DescribeInstancesResponse", InstanceSet=[full_instance("ins-b", "203.0.113.8")]),
        response(
            vpc,
            "DescribeAddressesResponse",
            AddressSet=[
                full_address("203.0.113.7", "WanIP", InstanceId="ins-a"),
                full_address("203.0.113.8", "EIP", InstanceId="ins-b"),
                full_address("203.0.113.50", "AnycastEIP", InstanceId="ins-b"),
                full_address("203.0.113.51", "EIP", InstanceId="ins-b", AddressStatus="UNBIND"),
            ],
        ),
        response(clb, "DescribeLoadBalancersResponse", LoadBalancerSet=[balancer]),
    ]
    tally = take(account, *responses)
    assert [row.as_dict() for row in tally.rejected] == []
    assert counts(tally) == (2, 0, 0, 0)
    held = IPAddress.objects.on_server().order_by("server__instance_id", "position")
    assert list(held.values_list("server__instance_id", "address", "kind")) == [
        ("ins-a", "203.0.113.7", "public"),
        ("ins-a", "203.0.113.9", "clb"),
        ("ins-b", "203.0.113.8", "elastic"),
        ("ins-b", "203.0.113.50", "elastic"),
    ]
    assert Server.objects.get(instance_id="ins-a").prepaid_months == 12


def test_models_that_nobody_filled_are_rejected_not_raised() -> None:
    rows = [cvm.Instance(), filled(cvm, "Instance")]
    tally = take(make_account(), response(cvm, "DescribeInstancesResponse", InstanceSet=rows))
    assert counts(tally) == (0, 0, 0, 2)
