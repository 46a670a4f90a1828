"""The start page: what needs somebody now, each number a link into its list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from codes.admin import bulk, support_words
from codes.admin.changelist import COUNT_UP_TO, JUDGED_UP_TO, count_up_to
from codes.admin.charts import days_context
from codes.admin.columns import list_url, page_url
from codes.admin.events import LAST_WEEK, WEEK
from codes.admin.feeds import health, late_feeds
from codes.admin.filings import long_holds_url
from codes.admin.list_filters import Rows
from codes.admin.rows import expiring
from codes.choices import EventType, State
from codes.eligibility import GENERATION
from codes.messages import reason
from codes.models import AuthorizationCode, BulkRun, CodeEvent, Filing, SupportRequest
from codes.models.filings import LONG_HOLD
from codes.policy import Policy
from icpportal.api.templatetags.icp import relative
from icpportal.dates import shanghai
from icpportal.numbers import up_to
from servers.choices import Jurisdiction
from servers.models import FeedRun, Region

REQUESTS = 5  # of the queue of support requests
FEEDS = 5  # accounts whose feeds are shown


def start_context(request: HttpRequest) -> dict[str, Any]:
    """What templates/admin/index.html shows: numbers, and refusals by reason; nothing that the person may not view."""
    now = timezone.now()
    context: dict[str, Any] = {
        "title": _("What needs you now"),
        "now": now,
        "today": shanghai(now),
        "numbers": [],
        "refusals": [],
        "requests": [],
        "requests_url": "",
        "chart": None,
        "feeds": None,
    }
    if request.user.has_perm("codes.view_codeevent"):
        context |= {"numbers": _numbers(now), **_refusals(now), "chart": days_context(now)}
    _add_runs(context, request)
    if request.user.has_perm("servers.view_feedrun"):
        _add_feeds(context, now)
    if request.user.has_perm("codes.view_supportrequest"):
        _add_requests(context, now)
    return context


def _add_requests(context: dict[str, Any], now: datetime) -> None:
    """The head of the queue, and its length as the first number."""
    waiting = SupportRequest.objects.waiting()
    first = waiting.in_order().select_related("account", "server", "taken_by")[:REQUESTS]
    oldest = waiting.order_by("waiting_since").first()
    number = {
        "number": _count(waiting),
        "label": _("Open support requests"),
        "url": list_url(SupportRequest),
        "line": _oldest(oldest, now),
    }
    context |= {
        "numbers": [number, *context["numbers"]],
        "requests": support_words.dressed(first, now=now),
        "requests_url": list_url(SupportRequest),
    }


def _oldest(asked: SupportRequest | None, now: datetime) -> str:
    if asked is None:
        return _("Nobody waits")
    return _("The oldest waits %(time)s") % {"time": support_words.waiting(asked, now=now)}


def _add_runs(context: dict[str, Any], request: HttpRequest) -> None:
    """The bulk runs of this person that stopped before their end."""
    runs = bulk.unfinished(request.user)
    count = runs.count()
    if count:
        number = {
            "number": str(count),
            "label": _("Your unfinished bulk runs"),
            "url": page_url(runs.get()) if count == 1 else list_url(BulkRun, stage="unfinished"),
            "line": _("Their pending rows wait until you continue"),
        }
        context["numbers"] = [*context["numbers"], number]


def _add_feeds(context: dict[str, Any], now: datetime) -> None:
    """The feeds that are late, the latest of all first, then the newest; and how many are late as a number."""
    late = late_feeds(now=now)
    first = list(late.select_related("account").order_by("at")[:FEEDS])
    newest = FeedRun.objects.filter(is_newest=True).exclude(pk__in=[run.pk for run in first])
    runs: list[Any] = [*first, *newest.select_related("account").order_by("-at")[: FEEDS - len(first)]]
    for run in runs:
        run.health = health(run, now=now)
    context |= {"feeds": runs, "feeds_url": list_url(FeedRun)}
    if first:
        values = {"account": first[0].account.uid, "age": relative(first[0].at, now)}
        number = {
            "number": _count(late),
            "label": _("Feeds are late"),
            "url": list_url(FeedRun, newest="late"),
            "line": _("Account %(account)s: newest facts %(age)s") % values,
            "is_warning": True,
        }
        context["numbers"] = [*context["numbers"], number]


def _numbers(now: datetime) -> list[dict[str, Any]]:
    found = [_holds(now), _expiring(now)]
    unclassified = Region.objects.filter(jurisdiction=Jurisdiction.UNCLASSIFIED).count()
    if unclassified:
        found.append(
            {
                "number": str(unclassified),
                "label": _("Regions not classified"),
                "url": list_url(Region, jurisdiction=Jurisdiction.UNCLASSIFIED.value),
                "line": _("Their servers cannot generate"),
            }
        )
    return found


def _holds(now: datetime) -> dict[str, Any]:
    holds = Filing.objects.holding_long(now=now)
    oldest = holds.order_by("began_at", "pk").first()
    line = _("Begun, and neither completed nor abandoned")
    if oldest is not None:
        values = {"days": (now - oldest.began_at).days, "order": oldest.order_number}
        line = _("Oldest: %(days)d days, order %(order)s") % values
    return {
        "number": _count(holds),
        "label": _("Filing holds over %(days)d days") % {"days": LONG_HOLD.days},
        "url": long_holds_url(),
        "line": line,
    }


def _expiring(now: datetime) -> dict[str, Any]:
    states = _expiring_states(now)
    return {
        "number": up_to(len(states), JUDGED_UP_TO),
        "label": _("Codes expire this week"),
        "url": list_url(AuthorizationCode, expires_within=WEEK.days),
        "line": _("%(count)s of them in an open filing") % {"count": states.count(State.IN_USE)},
    }


def _expiring_states(now: datetime) -> list[str]:
    """The states of the codes that expire this week, of no more than help: first by their server, then by their IP.

    Each is found by its own index, where one condition on both would read every code.
    """
    near = expiring(AuthorizationCode.objects.all(), days=WEEK.days, now=now).order_by()
    soon = Q(server__expires_at__gt=now, server__expires_at__lte=now + WEEK)
    by_ip = Q(ip__expires_at__gt=now, ip__expires_at__lte=now + WEEK)
    found: list[str] = []
    for narrowed in (near.filter(soon), near.filter(by_ip).exclude(soon)):
        found += narrowed.values_list("state", flat=True)[: JUDGED_UP_TO + 1 - len(found)]
    return found


def _count(rows: Rows) -> str:
    return up_to(count_up_to(rows, COUNT_UP_TO), COUNT_UP_TO)


def _refusals(now: datetime) -> dict[str, Any]:
    """How often each condition failed in the last seven days, the most frequent first."""
    refused = CodeEvent.objects.filter(type=EventType.GENERATION_REFUSED, at__gt=now - WEEK)
    failed = list(refused.order_by("-at").values_list("failed", flat=True)[:COUNT_UP_TO])
    numbers = [(rule, sum(rule.code in codes for codes in failed)) for rule in GENERATION.rules]
    most = max(number for _rule, number in numbers)
    policy = Policy.current().as_dict()
    return {
        "refused_count": len(failed),
        "refusals": [
            {
                "reason": reason(rule.code, policy),
                "faq": rule.faq,
                "number": number,
                "width": round(100 * number / most),
                "url": list_url(CodeEvent, refused=rule.code, when=LAST_WEEK),
            }
            for rule, number in sorted(numbers, key=lambda pair: -pair[1])
            if number
        ],
    }
