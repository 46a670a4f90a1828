"""What the documentation's page says besides its prose: scopes, problems, limits, examples to copy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from icpportal.api import documentation, problems
from icpportal.api.models import Scope
from icpportal.numbers import grouped

_START = """export TOKEN=icp_…
curl -H "Authorization: Bearer $TOKEN" \\
     {base}servers/ins-1a2b3c4d/eligibility/
curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
     -H "Idempotency-Key: order-1" -d '{{"remark": "Web shop"}}' \\
     {base}servers/ins-1a2b3c4d/codes/"""
_WEBHOOK = """from standardwebhooks import Webhook

event = Webhook(secret).verify(body, headers)  # raises unless it is signed
print(event["type"], event["data"]["server"])"""


@dataclass(frozen=True)
class ScopeSaid:
    """One scope: whom it is for and what it allows."""

    name: Scope
    purpose: Promise
    allows: Promise


SCOPES = (
    ScopeSaid(
        Scope.INVENTORY_WRITE,
        _("Provisioning feed"),
        _("Put accounts and servers, import the provider's responses; read accounts, servers and eligibility."),
    ),
    ScopeSaid(Scope.CODES_READ, _("Any reader"), _("Read accounts, servers, eligibility, masked codes and events.")),
    ScopeSaid(
        Scope.CODES_GENERATE,
        _("The provider's console"),
        _("Generate, edit, withdraw and reveal codes; read accounts, servers, eligibility and codes."),
    ),
    ScopeSaid(
        Scope.FILINGS_WRITE,
        _("Filing platform"),
        _("Verify codes; begin, reject, complete, abandon and read its own filings."),
    ),
)


def context(base: str) -> dict[str, Any]:
    """For the template, in the language of the moment. `base` is the whole address of version 1."""
    error = json.dumps(documentation.problem_example("invalid"), indent=2, ensure_ascii=False)
    return {
        "base": base,
        "samples": {"start": _START.format(base=base), "error": error, "webhook": _WEBHOOK},
        "scopes": SCOPES,
        "kinds": sorted(problems.KINDS.values(), key=lambda kind: (kind.status, kind.code)),
        "limits": {name: grouped(most) for name, most in settings.THROTTLE_RATES.items()},
    }
