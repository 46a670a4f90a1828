"""Secrets and signatures, by the package that receivers check them with (Standard Webhooks)."""

from __future__ import annotations

import secrets
from base64 import b64encode
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from codes.webhooks.models import WebhookEndpoint
from icpportal import sealing

OVERLAP = timedelta(hours=24)
SECRET_BYTES = 32


def new_secret() -> str:
    """A secret in the form for people: whsec_ and base64."""
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def headers(endpoint: WebhookEndpoint, *, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks. While a rotated secret overlaps, both sign, the newer first."""
    at = now.astimezone(UTC)
    sealed = [endpoint.secret]
    if endpoint.previous_secret is not None and endpoint.previous_until is not None and now < endpoint.previous_until:
        sealed.append(endpoint.previous_secret)
    signatures = [Webhook(sealing.unseal(each)).sign(msg_id=message_id, timestamp=at, data=body) for each in sealed]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
