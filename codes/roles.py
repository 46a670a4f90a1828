"""What staff may do, as groups. No role holds a permission on users or groups: it could raise itself."""

from __future__ import annotations

AGENT, SUPERVISOR, AUDITOR = "Agent", "Supervisor", "Auditor"

_VIEW = [
    "servers.view_account",
    "servers.view_region",
    "servers.view_server",
    "servers.view_ipaddress",
    "codes.view_authorizationcode",
    "codes.view_filing",
    "codes.view_codeevent",
]
_WORK = [
    "codes.generate_code",
    "codes.reset_code",
    "codes.withdraw_code",
    "codes.rotate_code",
    "codes.reveal_code",
    "codes.annotate_code",
]
_SUPERVISE = [
    "servers.change_region",
    "api.view_apiclient",
    "api.add_apiclient",
    "api.change_apiclient",
    "api.view_apitoken",
]

ROLES: dict[str, list[str]] = {
    AGENT: _VIEW + _WORK,
    SUPERVISOR: _VIEW + _WORK + _SUPERVISE,
    AUDITOR: [*_VIEW, "api.view_apiclient"],
}
