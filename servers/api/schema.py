"""What the OpenAPI document says of accounts and servers. The payloads themselves are made in payloads.py."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from icpportal.api.schema import Failed
from servers.choices import BillingMode, IPKind, ServerState


class CodeCounts(serializers.Serializer[Any]):
    """Numbers of codes by shown state."""

    unused = serializers.IntegerField()
    in_use = serializers.IntegerField()
    used = serializers.IntegerField()
    expired = serializers.IntegerField()
    invalid = serializers.IntegerField()
    withdrawn = serializers.IntegerField()


class AccountShown(serializers.Serializer[Any]):
    """An account."""

    uid = serializers.CharField()
    name = serializers.CharField()
    emails = serializers.ListField(child=serializers.CharField())
    servers = serializers.IntegerField(help_text=_("How many it owns."))
    codes = CodeCounts()


class IPShown(serializers.Serializer[Any]):
    """A live IP of a server."""

    address = serializers.CharField()
    kind = serializers.ChoiceField(IPKind.values)
    expires_at = serializers.DateTimeField(allow_null=True)


class ServerShown(serializers.Serializer[Any]):
    """A server's facts."""

    instance_id = serializers.CharField()
    account = serializers.CharField(help_text=_("The owner's uid."))
    name = serializers.CharField(allow_blank=True)
    region = serializers.CharField()
    billing_mode = serializers.ChoiceField(BillingMode.values)
    purchased_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(ServerState.values)
    public_ip_assigned = serializers.BooleanField()
    version = serializers.IntegerField()
    prepaid_months = serializers.IntegerField(help_text=_("Whole calendar months in total, renewals included."))
    ips = IPShown(many=True)


class ServerPage(serializers.Serializer[Any]):
    """Servers, newest first."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = ServerShown(many=True)


class CodesLeft(serializers.Serializer[Any]):
    """How many codes the server generated (FAQ 2)."""

    generated = serializers.IntegerField()
    limit = serializers.IntegerField()
    left = serializers.IntegerField()


class RuleShown(Failed):
    """One condition, with the value found."""

    passed = serializers.BooleanField()


class ReportShown(serializers.Serializer[Any]):
    """May this server generate a code, and why not: every condition, in the FAQ's order."""

    instance_id = serializers.CharField()
    eligible = serializers.BooleanField()
    codes = CodesLeft()
    rules = RuleShown(many=True)
    notes = serializers.ListField(child=serializers.CharField(), help_text=_("`filing_not_required`, or empty."))


class AccountReport(serializers.Serializer[Any]):
    """The whole account's outcome, and a page of its servers' reports (FAQ 7)."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    outcome = serializers.ChoiceField(["eligible", "no_associated_cvm", "no_server"])
    servers = ReportShown(many=True)


class RejectedRow(serializers.Serializer[Any]):
    """A row that was not taken in."""

    id = serializers.CharField(allow_null=True, help_text=_("Of the instance, address or load balancer."))
    detail = serializers.CharField()


class Imported(serializers.Serializer[Any]):
    """Numbers of servers, and the rows that were not taken in."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = RejectedRow(many=True)


ACCOUNT_EXAMPLE: dict[str, Any] = {
    "uid": "100012345678",
    "name": "Qingshan Trading",
    "emails": ["it@example.com"],
    "servers": 2,
    "codes": {"unused": 1, "in_use": 1, "used": 0, "expired": 0, "invalid": 0, "withdrawn": 0},
}
BODY_EXAMPLE: dict[str, Any] = {
    "account": "100012345678",
    "name": "web-1",
    "region": "ap-guangzhou",
    "billing_mode": "prepaid",
    "purchased_at": "2026-01-31T08:00:00Z",
    "expires_at": "2026-04-30T08:00:00Z",
    "state": "running",
    "public_ip_assigned": True,
    "version": 17,
    "ips": [{"address": "203.0.113.7", "kind": "public", "expires_at": None}],
}
SERVER_EXAMPLE = {"instance_id": "ins-1a2b3c4d", **BODY_EXAMPLE, "prepaid_months": 3}
REPORT_EXAMPLE: dict[str, Any] = {
    "instance_id": "ins-1a2b3c4d",
    "eligible": True,
    "codes": {"generated": 3, "limit": 5, "left": 2},
    "rules": [
        {
            "code": "not_prepaid",
            "faq": "4.1",
            "title": "Billing mode is prepaid",
            "found": "Prepaid (monthly subscription)",
            "explanation": "Only a prepaid server (monthly subscription) generates codes.",
            "remedy": "Change the server to prepaid for 3 months or longer, or use a prepaid server.",
            "passed": True,
        }
    ],
    "notes": [],
}
INVENTORY_EXAMPLE: dict[str, Any] = {
    "account": "100012345678",
    "responses": [
        {
            "Response": {
                "TotalCount": 1,
                "InstanceSet": [
                    {
                        "InstanceId": "ins-1a2b3c4d",
                        "InstanceName": "web-1",
                        "Placement": {"Zone": "ap-guangzhou-3"},
                        "InstanceChargeType": "PREPAID",
                        "CreatedTime": "2026-01-31T08:00:00Z",
                        "ExpiredTime": "2026-04-30T08:00:00Z",
                        "InstanceState": "RUNNING",
                        "RestrictState": "NORMAL",
                        "PublicIpAddresses": ["203.0.113.7"],
                    }
                ],
            }
        }
    ],
}
