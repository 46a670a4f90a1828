"""What staff may do, as groups. No role holds a permission on users or groups: it could raise itself."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.utils.translation import gettext_lazy as _

from codes.models.staff import AGENT, AUDITOR

SUPERVISOR = "Supervisor"
LABELS = {AGENT: _("Agent"), SUPERVISOR: _("Supervisor"), AUDITOR: _("Auditor")}

_VIEW = [
    "servers.view_account",
    "servers.view_region",
    "servers.view_server",
    "servers.view_ipaddress",
    "servers.view_feedrun",
    "codes.view_authorizationcode",
    "codes.view_filing",
    "codes.view_codeevent",
    "codes.view_supportrequest",
    "codes.view_bulkrun",
    "webhooks.view_webhookendpoint",
    "webhooks.view_webhookdelivery",
    "webhooks.view_webhookattempt",
]
_WORK = [
    "codes.generate_code",
    "codes.reset_code",
    "codes.withdraw_code",
    "codes.rotate_code",
    "codes.reveal_code",
    "codes.annotate_code",
    "codes.answer_supportrequest",
    "codes.share_savedview",
    "webhooks.redeliver_webhookdelivery",
]
_SUPERVISE = [
    "servers.change_region",
    "servers.import_server",
    "codes.delete_savedview",
    "api.view_apiclient",
    "api.add_apiclient",
    "api.change_apiclient",
    "api.view_apitoken",
    "webhooks.add_webhookendpoint",
    "webhooks.change_webhookendpoint",
    "codes.view_person",
    "codes.give_role",
]

ROLES: dict[str, list[str]] = {
    AGENT: _VIEW + _WORK,
    SUPERVISOR: _VIEW + _WORK + _SUPERVISE,
    AUDITOR: [*_VIEW, "api.view_apiclient", "codes.view_person"],
}


def grant(apps: Any, *labels: str) -> None:
    """Give each role its permissions of these apps, for a migration that follows their tables.

    Permissions are otherwise made after the last migration, too late for groups that hold them.
    """
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for label in labels:
        create_permissions(installed.get_app_config(label), verbosity=0, apps=installed)
    for role, names in ROLES.items():
        group, _made = Group.objects.get_or_create(name=role)
        for app_label, codename in (name.split(".") for name in names):
            if app_label in labels:
                group.permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
