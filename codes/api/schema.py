"""What the OpenAPI document says of codes, filings and events. The payloads themselves are made in payloads.py."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from codes.choices import Channel, EventType, FilingState, ShownState
from icpportal.api.schema import Failed, WrongField

TEXT_OR_EMPTY: dict[str, Any] = {"allow_blank": True, "help_text": _("Empty if there is none.")}


class FilingShown(serializers.Serializer[Any]):
    """A filing."""

    order_number = serializers.CharField()
    code = serializers.IntegerField(help_text=_("The code's id."))
    domain = serializers.CharField()
    account = serializers.CharField(**TEXT_OR_EMPTY)
    state = serializers.ChoiceField(FilingState.values)
    icp_number = serializers.CharField(**TEXT_OR_EMPTY)
    reason = serializers.CharField(**TEXT_OR_EMPTY)
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    completed_after_expiry = serializers.BooleanField()


class CodeShown(serializers.Serializer[Any]):
    """A code, masked."""

    id = serializers.IntegerField()
    server = serializers.CharField(help_text=_("Instance ID."))
    ip = serializers.CharField()
    account = serializers.CharField(help_text=_("The owner's uid."))
    state = serializers.ChoiceField(ShownState.values)
    masked = serializers.CharField()
    slot = serializers.IntegerField(help_text=_("Counts from 1."))
    generated_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    remark = serializers.CharField(allow_blank=True)
    authorized_account = serializers.CharField(**TEXT_OR_EMPTY)
    filing = FilingShown(allow_null=True, help_text=_("The active or completed one; none while it is rejected."))


class CodeIssued(CodeShown):
    """A new code, with its value."""

    value = serializers.CharField()


class Value(serializers.Serializer[Any]):
    """A code's value."""

    value = serializers.CharField()


class Generated(serializers.Serializer[Any]):
    """One item's codes, or its problem."""

    instance_id = serializers.CharField()
    codes = CodeIssued(many=True, required=False)
    type = serializers.CharField(required=False)
    title = serializers.CharField(required=False)
    status = serializers.IntegerField(required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    request_id = serializers.CharField(required=False)
    errors = WrongField(many=True, required=False)  # type: ignore[assignment]
    failed = Failed(many=True, required=False)
    notes = serializers.ListField(child=serializers.CharField(), required=False)


class GeneratedMany(serializers.Serializer[Any]):
    """The items' results, in the order of the request."""

    results = Generated(many=True)


class Verified(serializers.Serializer[Any]):
    """Whether a filing may begin with the code now, and what stands against it."""

    usable = serializers.BooleanField()
    state = serializers.ChoiceField(ShownState.values)
    ip = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    problems = Failed(many=True)


class Page(serializers.Serializer[Any]):
    """What every list has."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)


class CodePage(Page):
    """Codes, newest first."""

    results = CodeShown(many=True)


class EventShown(serializers.Serializer[Any]):
    """An event."""

    id = serializers.IntegerField()
    type = serializers.ChoiceField(EventType.values)
    at = serializers.DateTimeField()
    account = serializers.CharField()
    server = serializers.CharField()
    code = serializers.IntegerField(allow_null=True)
    order_number = serializers.CharField(allow_blank=True)
    actor = serializers.CharField(help_text=_("user:NAME, client:NAME or system."))
    channel = serializers.ChoiceField(Channel.values)
    reason = serializers.CharField(allow_blank=True)
    failed = serializers.ListField(child=serializers.CharField())
    policy = serializers.DictField()


class EventFeed(serializers.Serializer[Any]):
    """Events, oldest first."""

    next = serializers.CharField(help_text=_("For `after`."))
    results = EventShown(many=True)


FILING_EXAMPLE: dict[str, Any] = {
    "order_number": "20260131-0007",
    "code": 42,
    "domain": "shop.example.cn",
    "account": "100012345678",
    "state": "active",
    "icp_number": "",
    "reason": "",
    "began_at": "2026-02-01T02:00:00Z",
    "ended_at": None,
    "completed_after_expiry": False,
}
REJECTED_EXAMPLE = FILING_EXAMPLE | {"state": "rejected", "reason": "The name does not match the licence."}
COMPLETED_EXAMPLE = FILING_EXAMPLE | {
    "state": "completed",
    "icp_number": "粤ICP备12345678号-1",
    "ended_at": "2026-02-20T02:00:00Z",
}
ABANDONED_EXAMPLE = FILING_EXAMPLE | {
    "state": "abandoned",
    "reason": "The customer gave up.",
    "ended_at": "2026-02-20T02:00:00Z",
}
CODE_EXAMPLE: dict[str, Any] = {
    "id": 42,
    "server": "ins-1a2b3c4d",
    "ip": "203.0.113.7",
    "account": "100012345678",
    "state": "unused",
    "masked": "ICP-…-7Q4KD",
    "slot": 1,
    "generated_at": "2026-01-31T08:00:00Z",
    "expires_at": "2026-04-30T08:00:00Z",
    "remark": "Web shop",
    "authorized_account": "",
    "filing": None,
}
VALUE_EXAMPLE = "ICP-3F9A2-XK7MQ-0B8TN-5HCVW-7Q4KD"
ISSUED_EXAMPLE = CODE_EXAMPLE | {"value": VALUE_EXAMPLE}
EVENT_EXAMPLE: dict[str, Any] = {
    "id": 1001,
    "type": "generated",
    "at": "2026-01-31T08:00:00Z",
    "account": "100012345678",
    "server": "ins-1a2b3c4d",
    "code": 42,
    "order_number": "",
    "actor": "client:console",
    "channel": "api",
    "reason": "",
    "failed": [],
    "policy": {"codes_per_server": 5, "min_prepaid_months": 3, "elastic_ip_allowed": False},
}
