"""Accounts: FAQ 7's answer for the whole account, server by server, and everything that hangs on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codes.admin import timeline, users_of_codes
from codes.admin.base import DeskRecord
from codes.admin.columns import DASH, badge, clamped, list_url, moment
from codes.admin.support_words import requests_facts
from codes.admin.verdicts import Verdict, checked
from codes.choices import ShownState
from codes.eligibility import GENERATION
from codes.messages import NO_FILING_NEEDED
from codes.models import AuthorizationCode, SupportRequest
from codes.standing import CAN_GENERATE, FLEET, Place, Standing, any_can, places
from codes.validity import shown_state
from servers.models import Account, Server

SHOWN = 25  # servers on the page; the list has the rest
MEMBERS = 5  # user names on the page


@admin.register(Account)
class AccountAdmin(DeskRecord):
    """Named by the feed; nothing to edit."""

    page_template = "admin/desk/account.html"
    list_display = ("uid", "named", "known_since")
    sortable_by = ("uid",)

    @admin.display(description=gettext_lazy("name"))
    def named(self, account: Account) -> SafeString | str:
        return clamped(account.name)

    @admin.display(description=gettext_lazy("known since"))
    def known_since(self, account: Account) -> Any:
        return moment(account.created_at)

    def page(self, request: HttpRequest, obj: Account, *, now: datetime) -> dict[str, Any]:
        """The outcome, the servers with their verdicts, the codes by state, who uses them, the story.

        Of an account with more than FLEET servers the newest are judged, and whose codes are used is said of those.
        """
        servers = Server.objects.filter(account=obj)
        fleet = places(servers, now=now)
        total = len(fleet) if len(fleet) < FLEET else servers.count()
        judged = [place.pk for place in fleet]
        shown = [Server(pk=place.pk) for place in sorted(fleet, key=_by_verdict)[:SHOWN]]
        everything = list_url(Server, account=obj.uid)
        return {
            "account": obj,
            "verdict": account_verdict(Counter(place.standing for place in fleet), total, obj, now=now),
            "servers": checked(GENERATION.page_reports(shown, now=now)),
            "server_count": total,
            "servers_url": everything,
            "states": _states(obj, judged if total == len(fleet) else [], now=now) if total else [],
            "codes_url": list_url(AuthorizationCode, account=obj.uid),
            "facts": [
                {"label": _("Name"), "value": obj.name or DASH},
                {"label": _("E-mail"), "value": ", ".join(obj.emails) or DASH},
                {"label": _("Members"), "value": _members(obj)},
                {"label": _("Servers"), "value": str(total)},
                {"label": _("Known since"), "value": moment(obj.created_at)},
                *requests_facts(SupportRequest.objects.filter(account=obj), account=obj.uid),
            ],
            **users_of_codes.context(obj, servers=judged),
            **timeline.context(obj.events.all(), account=obj.uid),
        }


def _members(account: Account) -> str:
    """Who signs in and sees it: the first few user names."""
    names = [*account.members.order_by("username").values_list("username", flat=True)[: MEMBERS + 1]]
    return ", ".join([*names[:MEMBERS], *(["…"] if len(names) > MEMBERS else [])]) or DASH


def _by_verdict(place: Place) -> tuple[int, int]:
    """What can generate first, nothing wrong last; of the same the newest first."""
    return (place.standing, -place.pk)


def account_verdict(counts: Mapping[int, int], total: int, account: Account, *, now: datetime) -> Verdict:
    """FAQ 7: some server of the account qualifies, none does ("no associated CVM"), or there is none.

    `counts` are the standings of the newest FLEET of its `total` servers; where none qualifies, the others count.
    """
    judged = sum(counts.values())
    able = sum(counts.get(standing, 0) for standing in CAN_GENERATE)
    if not total:
        line = _("No server of this account is known here.")
        return Verdict(kind="idle", headline=_("The account has no server"), line=line)
    values = {"able": able, "total": judged}
    if able and judged < total:
        text = _("%(able)d of the newest %(total)d servers can generate a code") % values
        return Verdict(kind="ok", headline=text, line=_("Who uses codes is said of these servers too."))
    if judged < total and any_can(account, now=now):
        line = _("Of the newest %(total)d none can.") % values
        return Verdict(kind="ok", headline=_("Older servers can generate a code"), line=line)
    if able:
        text = ngettext(
            "%(able)d of %(total)d server can generate a code",
            "%(able)d of %(total)d servers can generate a code",
            judged,
        )
        return Verdict(kind="ok", headline=text % values, line="")
    line = _("The account has servers, but none qualifies (FAQ 7). Each server says what fails.")
    only_hong_kong = counts.get(Standing.HONG_KONG) == total
    if only_hong_kong:
        line = str(NO_FILING_NEEDED)
    return Verdict(kind="idle" if only_hong_kong else "bad", headline=_("No associated CVM"), line=line)


def _states(account: Account, servers: Collection[int], *, now: datetime) -> list[dict[str, Any]]:
    """The states of the codes of these servers with their numbers; without servers every state, unnumbered."""
    codes: Any = AuthorizationCode.objects.filter(server__in=servers).annotate(shown_state=shown_state(now))
    counted = codes.values("shown_state").annotate(codes=Count("pk")).order_by()
    numbers = {row["shown_state"]: row["codes"] for row in counted} if servers else dict.fromkeys(ShownState, "")
    return [
        {
            "badge": badge(state),
            "codes": numbers[state],
            "url": list_url(AuthorizationCode, account=account.uid, state=state.value),
        }
        for state in ShownState
        if state in numbers
    ]
