"""Answers of customer service that the list of servers tells of, until they are read in this session or grow old."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

from codes.choices import SupportState
from codes.models import SupportRequest
from icpportal.once import held_session
from servers.models import Account

NEWS = timedelta(days=7)  # so long they are told of
TOLD = 3  # at once
_READ = "read_answers"
_KEPT = 20  # of the latest that were read


def unread_answers(request: HttpRequest, account: Account, *, now: datetime) -> list[SupportRequest]:
    """The requests with the newest answers that nobody has read in this session."""
    read = request.session.get(_READ, [])
    answered = SupportRequest.objects.filter(account=account).answered_after(now - NEWS)[: _KEPT + TOLD]
    return [asked for asked in answered if _answer(asked) not in read][:TOLD]


def read_answer(request: HttpRequest, asked: SupportRequest) -> None:
    """The request's page is shown: its answer, if it has one, is no news any more. Its headers alone show nothing."""
    is_news = asked.state == SupportState.ANSWERED and _answer(asked) not in request.session.get(_READ, [])
    if request.method == "HEAD" or not is_news:
        return
    with held_session(request) as session:
        session[_READ] = [*session.get(_READ, []), _answer(asked)][-_KEPT:]


def _answer(asked: SupportRequest) -> str:
    return f"{asked.reference} {asked.answered_at}"
