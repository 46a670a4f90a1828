"""Values of many codes: whoever has revealed or rotated more than a few shows again that it is they before the next.

`settings.REVEALS_BEFORE_CONFIRMING` says how many within PERIOD, all at the desk counted since the person last gave
password and one-time code; 0 never asks. A session that was left open, or stolen, gives away no more than these.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import ngettext

from codes.admin.request import staff
from codes.choices import Action, BulkAction, Channel, EventType
from codes.models import BulkRun, CodeEvent
from icpportal.sign_in.confirming import CONFIRM_FIRST, ask, confirmed_at, is_confirmed

PERIOD = timedelta(hours=1)
_COUNTED = {Action.REVEAL: EventType.REVEALED, Action.ROTATE: EventType.ROTATED}


def ask_before(action: Action, request: HttpRequest, *, now: datetime) -> HttpResponseBase | None:
    """To the question who it is, where the next code is one too many; None: go on."""
    limit = settings.REVEALS_BEFORE_CONFIRMING
    if action not in _COUNTED or not limit or _number(request, now=now) < limit:
        return None
    said = ngettext(
        "You have revealed or rotated %(count)d code within an hour. Confirm that it is you before the next.",
        "You have revealed or rotated %(count)d codes within an hour. Confirm that it is you before the next.",
        limit,
    )
    messages.warning(request, said % {"count": limit})
    return ask(request)


def ask_before_run(run: BulkRun, request: HttpRequest, *, now: datetime) -> HttpResponse | None:
    """The same for a bulk run that rotates more than so many at once: it needs a recent answer."""
    limit = settings.REVEALS_BEFORE_CONFIRMING
    if run.action != BulkAction.ROTATE or not limit or is_confirmed(request, now=now):
        return None
    if run.rows.values("pk")[: limit + 1].count() <= limit:
        return None
    if request.method == "POST":
        messages.warning(request, CONFIRM_FIRST)
    return ask(request)


def _number(request: HttpRequest, *, now: datetime) -> int:
    """How many since the last answer, within PERIOD; no further than the limit."""
    since = max(now - PERIOD, confirmed_at(request, now=now) or now - PERIOD)
    acts = CodeEvent.objects.filter(
        type__in=_COUNTED.values(), at__gt=since, user=staff(request), channel=Channel.ADMIN
    )
    return acts.values("pk")[: settings.REVEALS_BEFORE_CONFIRMING].count()
