from datetime import UTC
from typing import Any

from codes.models import CodeEvent


def event_payload(event: CodeEvent) -> dict[str, Any]:
    return {
        "id": event.pk,
        "type": event.type,
        "at": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "account": event.account.uid,
        "server": event.server.instance_id,
        "code": event.code_id,
        "order_number": event.order_number,
        "actor": event.actor,
        "channel": event.channel,
        "reason": event.reason,
        "failed": event.failed,
        "policy": event.policy,
    }
