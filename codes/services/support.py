"""Support requests: opened, taken, answered, followed up, closed (FAQ 4 end). The only writer of them.

They are no events: who and when stand on the request and on its messages. The account's row is locked when a request
is opened, the request's own row for everything else. What is sent twice, by a double click, is kept once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import get_language

from codes.choices import SupportAction, SupportState
from codes.errors import SupportRefused, TextUnfit, TooManyMessages, TooManyRequests
from codes.models import AuthorizationCode, SupportMessage, SupportRequest
from codes.services.changes import refuse_values
from codes.support import MAX_MESSAGES, MAX_OPEN, MAX_TEXT, SUPPORT, kept, mint_reference, report_of
from servers.models import Account, Server


def open_request(
    account: Account,
    *,
    text: str,
    server: Server | None = None,
    code: AuthorizationCode | None = None,
    request_id: str = "",
    by_staff: bool = False,
    actor: User,
    now: datetime,
) -> SupportRequest:
    """Ask customer service, with the report of the code, whose server is named too, or else of the server as it is.

    The same question by the same person while it still waits is the same request. `by_staff`: an agent opens it for
    the customer. Raises ValueInText, TextUnfit, TooManyRequests.
    """
    text = _fit(text)
    server = server or (code.server if code else None)
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        waiting = SupportRequest.objects.filter(account=account).waiting()
        same = waiting.filter(opened_by=actor, server=server, code=code)
        sent = same.filter(messages__text=text).first()
        if sent is not None:
            return sent
        if not by_staff and waiting.count() >= MAX_OPEN:
            raise TooManyRequests(MAX_OPEN)
        request = _with_report(server, code, now=now)
        request.reference = _unused_reference()
        request.account, request.opened_by, request.request_id = account, actor, request_id
        request.opened_at = request.waiting_since = now
        request.save(force_insert=True)
        _write(request, text, actor=actor, is_staff=by_staff, now=now)
        return request


def take(request: SupportRequest, *, actor: User, now: datetime) -> SupportRequest:
    """Look after it, also when a colleague did so far. Raises SupportRefused when nobody waits."""
    with _locked(request, SupportAction.TAKE) as fresh:
        if fresh.taken_by_id != actor.pk:
            _give(fresh, actor, now=now)
            _move(fresh, SupportAction.TAKE)
        return fresh


def answer(request: SupportRequest, *, text: str, actor: User, now: datetime) -> SupportRequest:
    """Answer the customer; an untaken request is taken by it. Raises SupportRefused, ValueInText, TextUnfit."""
    text = _fit(text)
    with _locked(request, SupportAction.ANSWER) as fresh:
        if not _was_said(fresh, text, actor):
            _write(fresh, text, actor=actor, is_staff=True, now=now)
            if fresh.taken_by_id is None:
                _give(fresh, actor, now=now)
            fresh.waiting_since, fresh.answered_at = None, now
            _move(fresh, SupportAction.ANSWER)
        return fresh


def follow_up(request: SupportRequest, *, text: str, actor: User, now: datetime) -> SupportRequest:
    """The customer writes again: an answered request goes back to its agent, a closed one into the queue.

    Raises ValueInText, TextUnfit, TooManyMessages.
    """
    text = _fit(text)
    with _locked(request, SupportAction.FOLLOW_UP) as fresh:
        if _was_said(fresh, text, actor):
            return fresh
        if fresh.messages.filter(is_staff=False).count() >= MAX_MESSAGES:
            raise TooManyMessages(MAX_MESSAGES)
        _write(fresh, text, actor=actor, is_staff=False, now=now)
        if fresh.state == SupportState.CLOSED:
            fresh.taken_by = fresh.taken_at = fresh.closed_by = fresh.closed_at = None
        fresh.waiting_since = fresh.waiting_since or now
        _move(fresh, SupportAction.TAKE if fresh.taken_by_id else SupportAction.FOLLOW_UP)
        return fresh


def close(request: SupportRequest, *, actor: User, now: datetime) -> SupportRequest:
    """End it; the customer may write again. Raises SupportRefused when it is closed already."""
    with _locked(request, SupportAction.CLOSE) as fresh:
        fresh.waiting_since, fresh.closed_by, fresh.closed_at = None, actor, now
        _move(fresh, SupportAction.CLOSE)
        return fresh


@contextmanager
def _locked(request: SupportRequest, action: SupportAction) -> Iterator[SupportRequest]:
    """A transaction in which nobody else changes this request, and the request as it is now, if it allows `action`."""
    with transaction.atomic():
        fresh = SupportRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        if not SUPPORT[action].allows(fresh.state):
            raise SupportRefused(action, SupportState(fresh.state))
        yield fresh


def _move(request: SupportRequest, action: SupportAction) -> None:
    request.state = SUPPORT[action].target
    request.save()


def _give(request: SupportRequest, agent: User, *, now: datetime) -> None:
    request.taken_by, request.taken_at = agent, now


def _fit(text: str) -> str:
    """The text without blank ends. Raises TextUnfit, or ValueInText."""
    text = text.strip().replace("\r\n", "\n")
    if not 0 < len(text) <= MAX_TEXT or "\0" in text:
        raise TextUnfit(MAX_TEXT)
    refuse_values(text=text)
    return text


def _was_said(request: SupportRequest, text: str, actor: User) -> bool:
    """Whether this is the last message once more: a form sent twice."""
    last = request.messages.order_by("-pk").first()
    return last is not None and (last.author_id, last.text) == (actor.pk, text)


def _write(request: SupportRequest, text: str, *, actor: User, is_staff: bool, now: datetime) -> None:
    SupportMessage.objects.create(request=request, author=actor, is_staff=is_staff, at=now, text=text)


def _with_report(server: Server | None, code: AuthorizationCode | None, *, now: datetime) -> SupportRequest:
    """A request, not saved yet, with the report of what it is about."""
    request = SupportRequest(server=server, code=code, language=get_language() or "")
    report = report_of(server, code, now=now)
    if report is not None:
        request.report, request.policy, request.all_passed = kept(report), report.policy.as_dict(), report.passed
    return request


def _unused_reference() -> str:
    reference = mint_reference()
    while SupportRequest.objects.filter(reference=reference).exists():
        reference = mint_reference()
    return reference
