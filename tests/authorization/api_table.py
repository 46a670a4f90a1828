"""Which client reaches what. A row says for each verb what every caller gets, in the order of `CALLERS`:

    + reaches it (any 2xx, or a 409)   U is not authenticated (401)   - lacks the scope (403)   0 is told of nothing
    there (404)   m wrong verb (405)   b names something it cannot name (400)

What each scope allows, and that a client with an account sees that account alone. Objects in the
addresses are of one account; `own` clients are limited to it, `other` ones to another account.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SCOPES = ("inventory:write", "codes:read", "codes:generate", "filings:write")
CALLERS = ("nobody", "session", *(f"{whose} {scope}" for whose in ("all", "own", "other") for scope in SCOPES))
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Row:
    """`verbs` holds what callers get; any other verb is 405 once they are known. `bodies` are valid ones."""

    address: str
    verbs: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_public: bool = False

    def expected(self, verb: str) -> str:
        """What each caller gets."""
        other = "m" * len(CALLERS) if self.is_public else "UU" + "m" * 12
        return self.verbs.get(verb, other).replace(" ", "")


PUBLIC = {"GET": "+" * len(CALLERS)}
READERS, READERS_OF_ALL = "UU +++- +++- 000-", "UU +++- +++- +++-"  # of an object, of a list
OF_CODES = "UU -++- -++- -00-"
CONSOLE = "UU --+- --+- --0-"
OWN_FILINGS = "UU ---+ ---0 ---0"  # the client that began it, and no other
SERVER_BODY = {
    "account": "{account.uid}",
    "name": "web-1",
    "region": "ap-guangzhou",
    "billing_mode": "prepaid",
    "purchased_at": "2026-01-31T08:00:00Z",
    "expires_at": "2027-01-31T08:00:00Z",
    "state": "running",
    "public_ip_assigned": True,
    "version": 17,
    "ips": [{"address": "198.51.100.7", "kind": "public"}],
}
SERVER, CODE, ORDER = "servers/{server.instance_id}/", "codes/{code.pk}/", "filings/{filing.order_number}/"
BEGIN = {"code": "{value}", "order_number": "20261125000001", "domain": "a.example.cn", "account": "{account.uid}"}

API = {
    "health/live/": Row("health/live/", PUBLIC, is_public=True),
    "health/ready/": Row("health/ready/", PUBLIC, is_public=True),
    "schema/": Row("schema/", PUBLIC, is_public=True),
    "docs/": Row("docs/", PUBLIC, is_public=True),
    "^problems/(?P<code>[a-z_]{1,64})/?$": Row("problems/not_eligible", PUBLIC, is_public=True),
    "accounts/<uid:uid>/": Row(
        "accounts/{account.uid}/",
        {"GET": READERS, "PUT": "UU +--- +--- 0---"},
        {"PUT": {"name": "Renamed"}},
    ),
    "accounts/<uid:uid>/eligibility/": Row("accounts/{account.uid}/eligibility/", {"GET": READERS}),
    "servers/": Row("servers/", {"GET": READERS_OF_ALL}),
    "servers/<handle:instance_id>/": Row(
        SERVER, {"GET": READERS, "PUT": "UU +--- +--- b---"}, {"PUT": SERVER_BODY}
    ),  # the body names the account: not one that the client sees
    "servers/<handle:instance_id>/eligibility/": Row(SERVER + "eligibility/", {"GET": READERS}),
    "servers/<handle:instance_id>/codes/": Row(SERVER + "codes/", {"POST": CONSOLE}, {"POST": {}}),
    "inventory/tencent/": Row(
        "inventory/tencent/",
        {"POST": "UU +--- +--- b---"},
        {"POST": {"account": "{account.uid}", "responses": []}},
    ),
    "codes/": Row("codes/", {"GET": "UU -++- -++- -++-"}),
    "codes/generate/": Row(
        "codes/generate/",
        {"POST": "UU --+- --+- --+-"},  # each item has its own answer
        {"POST": {"items": [{"instance_id": "{server.instance_id}"}]}},
    ),
    "codes/verify/": Row("codes/verify/", {"POST": "UU ---+ ---+ ---0"}, {"POST": {"code": "{value}"}}),
    "codes/<id:pk>/": Row(CODE, {"GET": OF_CODES, "PATCH": CONSOLE}, {"PATCH": {"remark": "Shop"}}),
    "codes/<id:pk>/reveal/": Row(CODE + "reveal/", {"POST": CONSOLE}),
    "codes/<id:pk>/withdraw/": Row(CODE + "withdraw/", {"POST": CONSOLE}, {"POST": {"reason": "Not needed"}}),
    "filings/": Row("filings/", {"POST": "UU ---+ ---+ ---b"}, {"POST": BEGIN}),  # the body names the account
    "filings/<handle:order_number>/": Row(ORDER, {"GET": OWN_FILINGS}),
    "filings/<handle:order_number>/reject/": Row(ORDER + "reject/", {"POST": OWN_FILINGS}, {"POST": {"reason": "x"}}),
    "filings/<handle:order_number>/complete/": Row(
        ORDER + "complete/", {"POST": OWN_FILINGS}, {"POST": {"icp_number": "粤ICP备2026018842号"}}
    ),
    "filings/<handle:order_number>/abandon/": Row(ORDER + "abandon/", {"POST": OWN_FILINGS}),
    "events/": Row("events/", {"GET": "UU -+-- -+-- -+--"}),
}
