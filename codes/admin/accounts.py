"""Accounts: FAQ 7's answer for the whole account, server by server, and everything that hangs on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codes.admin import timeline, users_of_codes
from codes.admin.base import DeskRecord
from codes.admin.changelist import JUDGED_UP_TO
from codes.admin.columns import badge, list_url, moment
from codes.admin.verdicts import Verdict, checked
from codes.choices import ShownState
from codes.eligibility import GENERATION
from codes.models import AuthorizationCode
from codes.standing import CAN_GENERATE, Standing, count_by_standing, with_standing
from codes.validity import shown_state
from servers.models import Account, Server

SHOWN = 25  # servers on the page; the list has the rest


@admin.register(Account)
class AccountAdmin(DeskRecord):
    """Named by the feed; nothing to edit."""

    page_template = "admin/desk/account.html"
    list_display = ("uid", "name", "known_since")
    sortable_by = ("uid",)

    @admin.display(description=gettext_lazy("known since"))
    def known_since(self, account: Account) -> Any:
        return moment(account.created_at)

    def page(self, request: HttpRequest, obj: Account, *, now: datetime) -> dict[str, Any]:
        """The outcome, the servers with their verdicts, the codes by state, who uses them, the story."""
        servers = Server.objects.filter(account=obj)
        standings = count_by_standing(servers, now=now)
        shown = [Server(pk=pk) for pk in _by_verdict(servers, standings, now=now)[:SHOWN]]
        everything = list_url(Server, account=obj.uid)
        return {
            "account": obj,
            "verdict": account_verdict(standings),
            "servers": checked(GENERATION.page_reports(shown, now=now)),
            "server_count": sum(standings.values()),
            "servers_url": everything,
            "states": _states(obj, now=now),
            "codes_url": list_url(AuthorizationCode, account=obj.uid),
            "facts": [
                {"label": _("Name"), "value": obj.name or "–"},
                {"label": _("E-mail"), "value": ", ".join(obj.emails) or "–"},
                {"label": _("Servers"), "value": str(sum(standings.values()))},
                {"label": _("Known since"), "value": moment(obj.created_at)},
            ],
            **users_of_codes.context(obj),
            **timeline.context(obj.events.all(), account=obj.uid),
        }


def _by_verdict(servers: QuerySet[Server], standings: dict[int, int], *, now: datetime) -> Any:
    """Their keys: what can generate first, nothing wrong last; as they came where judging all twice takes long."""
    if sum(standings.values()) > JUDGED_UP_TO:
        return servers.order_by("-pk").values_list("pk", flat=True)
    judged: Any = with_standing(servers, now=now)
    return judged.order_by("standing", "-pk").values_list("pk", flat=True)


def account_verdict(standings: dict[int, int]) -> Verdict:
    """FAQ 7: some server qualifies, none does ("no associated CVM"), or there is none."""
    total = sum(standings.values())
    able = sum(standings.get(standing, 0) for standing in CAN_GENERATE)
    if not total:
        line = _("No server of this account is known here.")
        return Verdict(kind="idle", headline=_("The account has no server"), line=line)
    values = {"able": able, "total": total}
    if able:
        text = ngettext(
            "%(able)d of %(total)d server can generate a code",
            "%(able)d of %(total)d servers can generate a code",
            total,
        )
        return Verdict(kind="ok", headline=text % values, line="")
    line = _("The account has servers and none qualifies (FAQ 7). What fails stands at each server.")
    only_hong_kong = standings.get(Standing.HONG_KONG) == total
    if only_hong_kong:
        line = _("In Hong Kong, China, no ICP filing is needed (FAQ 7).")
    return Verdict(kind="idle" if only_hong_kong else "bad", headline=_("No associated CVM"), line=line)


def _states(account: Account, *, now: datetime) -> list[dict[str, Any]]:
    counted = (
        AuthorizationCode.objects.filter(server__account=account)
        .annotate(shown_state=shown_state(now))
        .values("shown_state")
        .annotate(codes=Count("pk"))
        .order_by()
    )
    numbers = {row["shown_state"]: row["codes"] for row in counted}
    return [
        {
            "badge": badge(state),
            "codes": numbers[state],
            "url": list_url(AuthorizationCode, account=account.uid, state=state.value),
        }
        for state in ShownState
        if state in numbers
    ]
