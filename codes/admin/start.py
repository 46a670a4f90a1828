"""The start page: what needs somebody now, each number a link into its list."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from codes.admin import support_words
from codes.admin.base import COUNT_UP_TO, Rows
from codes.admin.columns import list_url
from codes.admin.filings import long_holds_url
from codes.admin.rows import expiring
from codes.choices import EventType
from codes.eligibility import GENERATION
from codes.models import AuthorizationCode, CodeEvent, Filing, SupportRequest
from codes.policy import Policy
from codes.standing import LONG_HOLD, long_holds
from icpportal.dates import shanghai
from servers.choices import Jurisdiction
from servers.models import Region

WEEK = timedelta(days=7)
REQUESTS = 5  # of the queue of support requests


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
    }
    if request.user.has_perm("codes.view_codeevent"):
        context |= {"numbers": _numbers(now), **_refusals(now)}
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
        "line": _("The oldest waits %s") % support_words.waiting(oldest, now=now) if oldest else _("Nobody waits"),
    }
    context |= {
        "numbers": [number, *context["numbers"]],
        "requests": support_words.dressed(first, now=now),
        "requests_url": list_url(SupportRequest),
    }


def _numbers(now: datetime) -> list[dict[str, Any]]:
    holds = _count(long_holds(Filing.objects.all(), now=now))
    near = _count(expiring(AuthorizationCode.objects.all(), days=WEEK.days, now=now))
    unclassified = Region.objects.filter(jurisdiction=Jurisdiction.UNCLASSIFIED).count()
    return [
        {
            "number": holds,
            "label": _("Filing holds over %(days)d days") % {"days": LONG_HOLD.days},
            "url": long_holds_url(),
            "line": _("Begun, and neither completed nor abandoned"),
        },
        {
            "number": near,
            "label": _("Codes expire this week"),
            "url": list_url(AuthorizationCode, expires_within=WEEK.days),
            "line": _("Unless their servers are renewed"),
        },
        {
            "number": str(unclassified),
            "label": _("Regions not classified"),
            "url": list_url(Region, jurisdiction=Jurisdiction.UNCLASSIFIED.value),
            "line": _("Their servers cannot generate"),
        },
    ]


def _count(rows: Rows) -> str:
    found = rows.order_by().values("pk")[: COUNT_UP_TO + 1].count()
    return f"{COUNT_UP_TO}+" if found > COUNT_UP_TO else str(found)


def _refusals(now: datetime) -> dict[str, Any]:
    """How often each condition failed in the last seven days, the most frequent first."""
    refused = CodeEvent.objects.filter(type=EventType.GENERATION_REFUSED, at__gt=now - WEEK)
    failed = list(refused.order_by("-at").values_list("failed", flat=True)[:COUNT_UP_TO])
    numbers = [(rule, sum(rule.code in codes for codes in failed)) for rule in GENERATION.rules]
    most = max((number for _rule, number in numbers), default=0)
    values = Policy.current().as_dict()
    return {
        "refused_count": len(failed),
        "refusals": [
            {
                "title": str(rule.title % values),
                "faq": rule.faq,
                "number": number,
                "width": round(100 * number / most),
                "url": list_url(CodeEvent, refused=rule.code),
            }
            for rule, number in sorted(numbers, key=lambda pair: -pair[1])
            if number
        ],
    }
