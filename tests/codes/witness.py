"""What the tables of codes hold, for tests of the verbs: the one event since, and everything, to compare."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from codes.models import AuthorizationCode, CodeEvent, Filing
from icpportal.context import request_id
from tests.factories import NOW


def rows() -> list[Any]:
    """Every code, filing and event, to tell that nothing changed."""
    return [list(model.objects.order_by("pk").values()) for model in (AuthorizationCode, Filing, CodeEvent)]


def said(event: CodeEvent) -> dict[str, Any]:
    """What an event says besides where and whom it is about, without what is empty."""
    told = {
        "type": event.type,
        "actor": event.actor,
        "channel": event.channel,
        "order_number": event.order_number,
        "reason": event.reason,
        "ticket": event.ticket,
        "failed": event.failed,
        "policy": event.policy,
        "detail": event.detail,
        "request_id": event.request_id,
    }
    return {name: value for name, value in told.items() if value}


@contextmanager
def one_event(*, code: AuthorizationCode | None = None) -> Iterator[dict[str, Any]]:
    """Asserts that what is done inside records one event, about `code` and its server and account; gives what it said.

    The request id of the meantime is "req-7".
    """
    before, told = CodeEvent.objects.count(), {}
    token = request_id.set("req-7")
    try:
        yield told
    finally:
        request_id.reset(token)
    assert CodeEvent.objects.count() == before + 1
    event = CodeEvent.objects.select_related("user", "client", "server").latest("pk")
    assert event.at == NOW
    assert event.account_id == event.server.account_id
    if code is not None:
        assert (event.code_id, event.server_id) == (code.pk, code.server_id)
    told |= said(event)


@contextmanager
def nothing_changes(refusal: type[Exception] | tuple[type[Exception], ...] | None = None) -> Iterator[Any]:
    """Asserts that what is done inside changes no row and records nothing, and that it raises `refusal`, if given."""
    before = rows()
    if refusal is None:
        yield
    else:
        with pytest.raises(refusal) as caught:
            yield caught
    assert rows() == before
