"""Feed runs: when facts came in, what became of them, and whose feed is late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Max, Sum
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from codes.admin.base import DeskRecord
from codes.admin.columns import DASH, headed, link, list_url, moment
from codes.admin.list_filters import DeskFilter, Rows, account_filter, choice_filter
from icpportal.sign_in.people import name
from servers.choices import FeedKind
from servers.models import FeedRun


def late_feeds(*, now: datetime) -> Any:
    """The newest runs of the accounts whose facts are older than FEED_LATE_AFTER; none while that is 0."""
    newest, before = FeedRun.objects.filter(is_newest=True), _late_before(now)
    return newest.none() if before is None else newest.filter(at__lt=before)


def _late_before(now: datetime) -> datetime | None:
    """Facts that were read before are late; None while none are."""
    return now - timedelta(minutes=settings.FEED_LATE_AFTER) if settings.FEED_LATE_AFTER else None


def health(run: FeedRun, *, now: datetime) -> str:
    """What the run could not read, else whether the account's facts are on time; of an older run that is nothing."""
    if run.failures:
        return _verdict("bad", failed_word(run))
    before = _late_before(now)
    if not run.is_newest or before is None:
        return ""
    return _verdict("warn", _("Late")) if run.at < before else _verdict("ok", _("On time"))


def _verdict(kind: str, word: object) -> str:
    return render_to_string("includes/verdict_word.html", {"row": {"kind": kind, "word": word}})


def failed_word(run: FeedRun) -> object:
    """That everything failed, or how many regions did."""
    if any(not failure["region"] for failure in run.failures):
        return _("Failed")
    return ngettext("Failed in %(count)d region", "Failed in %(count)d regions", n := len(run.failures)) % {"count": n}


class NewestFilter(DeskFilter):
    """The newest run of each account, or of those that are late; or the runs in which something went wrong."""

    title = _("newest run")
    parameter_name = "newest"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("true", _("of each account")),
            ("late", _("late")),
            ("failed", _("failed")),
            ("stale", _("with stale messages")),
        ]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        if value == "true":
            return rows.filter(is_newest=True)
        if value == "failed":
            return rows.exclude(failures=[])
        if value == "stale":
            return rows.filter(stale__gt=0)
        return rows.filter(pk__in=late_feeds(now=now).values("pk"))


@admin.register(FeedRun)
class FeedRunAdmin(DeskRecord):
    """Written by what brings the facts; read here."""

    is_cleared = True
    list_display = (
        "when",
        "kind",
        "account_cell",
        "who",
        "read_rows",
        "created",
        "updated",
        "rejected",
        "stale",
        "health",
    )
    list_filter = (
        NewestFilter,
        choice_filter("kind", _("feed"), FeedKind.choices),
        account_filter("account"),
    )
    sortable_by = ()

    @admin.display(description=_("when"))
    def when(self, run: FeedRun) -> SafeString | str:
        return moment(run.at)

    @admin.display(description=_("account"))
    def account_cell(self, run: FeedRun) -> SafeString:
        return link(run.account)

    @admin.display(description=_("who"))
    def who(self, run: Any) -> str:
        return str(run.who)

    def dress(self, rows: Iterable[Any], *, now: datetime) -> list[Any]:
        """Each with who brought the facts."""
        return _told_by_whom(rows)

    @admin.display(description=_("read"))
    def read_rows(self, run: FeedRun) -> int:
        return run.read

    @admin.display(description=_("health"))
    def health(self, run: FeedRun) -> str:
        return health(run, now=timezone.now()) or DASH

    def get_queryset(self, request: HttpRequest) -> Rows:
        return super().get_queryset(request).select_related("account")

    def page(self, request: HttpRequest, obj: FeedRun, *, now: datetime) -> dict[str, Any]:
        """The run's facts, and the account's other runs."""
        facts = [
            {"label": _("When (Asia/Shanghai)"), "value": moment(obj.at), "note": health(obj, now=now)},
            {"label": _("Feed"), "value": obj.get_kind_display()},
            {"label": _("Account"), "value": link(obj.account)},
            {"label": _("Who"), "value": self.who(*_told_by_whom([obj]))},
            {"label": _("Read"), "value": str(obj.read)},
            {"label": _("Servers created"), "value": str(obj.created)},
            {"label": _("Updated"), "value": str(obj.updated)},
            {"label": _("Unchanged"), "value": str(obj.unchanged)},
            {"label": _("Rows rejected"), "value": str(obj.rejected)},
            *_stale(obj),
            *({"label": _("Not read"), "value": _failure(failure)} for failure in obj.failures),
        ]
        links = [{"label": _("All runs of this account"), "url": list_url(FeedRun, account=obj.account.uid)}]
        title = headed(obj.get_kind_display(), obj.account, obj.at)
        return {"title": title, "facts": facts, "links": links}


def _told_by_whom(rows: Iterable[Any]) -> list[Any]:
    """The runs, each with `who` brought the facts: people as the desk names them, by one query."""
    found = list(rows)
    handles = [run.actor.partition(":")[2] for run in found]
    people = {f"user:{each.username}": name(each) for each in User.objects.filter(username__in=handles)}
    for run, handle in zip(found, handles, strict=True):
        run.who = people.get(run.actor) or handle or (_("System") if run.actor == "system" else run.actor)
    return found


def _failure(failure: dict[str, str]) -> str:
    """The region, unless it was everything, and the provider's error code."""
    where = failure["region"] or _("everything")
    return f"{where}: {failure['code']}"


def _stale(run: FeedRun) -> list[dict[str, Any]]:
    """Messages that were overtaken, in the run and in all runs of the same feed for the account; none for imports."""
    if run.kind != FeedKind.PUT:
        return []
    runs = FeedRun.objects.filter(account=run.account, kind=run.kind, actor=run.actor)
    total = runs.aggregate(count=Sum("stale"), last=Max("stale_at"))
    return [
        {"label": _("Stale messages"), "value": str(run.stale), "note": _("Superseded; nothing was changed")},
        {"label": _("Stale in all runs"), "value": str(total["count"])},
        *([{"label": _("Last stale message"), "value": moment(total["last"])}] if total["last"] else []),
    ]
