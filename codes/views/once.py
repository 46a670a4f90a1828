"""One form generates once, however often it is sent.

Each generate form carries an unguessable id of its own. The first POST of an id generates, and leaves "this id made
that code" in the session; every later one (a double click, a reload, the form found again by going back) finds the
note and is shown the same code. Two POSTs at the same moment are put in line by the lock on the session's row, which
is held until the note is written; the code and its note are one transaction. Session data is read again after the
lock, and every page of ours that writes it does so here, so no late writer can bring back an older state.

The session never holds a value: only the number of the code that may be shown in full once, right after generating.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest

from codes.errors import NotEligible
from codes.models import AuthorizationCode
from icpportal.sign_in.models import Session

FORM_ID = r"^[A-Za-z0-9_-]{22}$"
_SENT, _FRESH = "sent_forms", "fresh_code"
_KEPT = 100  # forms a session remembers


def new_form_id() -> str:
    """128 random bits in the form of FORM_ID."""
    return secrets.token_urlsafe(16)


def generate_once(request: HttpRequest, form_id: str, generate: Callable[[], AuthorizationCode]) -> tuple[int, bool]:
    """The number of the code that this form made, and whether it did so just now.

    Raises NotEligible after keeping the event that records the refusal; the id is not spent then.
    """
    refused = None
    with held_session(request) as session:
        sent = session.get(_SENT, {})
        if form_id in sent:
            return sent[form_id], False
        try:
            code = generate()
        except NotEligible as error:
            refused = error
        else:
            session[_SENT] = dict([*sent.items(), (form_id, code.pk)][-_KEPT:])
            session[_FRESH] = code.pk
    if refused:
        raise refused
    return code.pk, True


def take_fresh(request: HttpRequest, code: AuthorizationCode) -> bool:
    """Whether this session has just generated the code and not seen it yet; true once."""
    if request.session.get(_FRESH) != code.pk:
        return False
    with held_session(request) as session:
        return bool(session.pop(_FRESH, None) == code.pk)


@contextmanager
def held_session(request: HttpRequest) -> Iterator[SessionBase]:
    """The session's data as they are now, which nobody else changes until they are saved."""
    key = request.session.session_key
    with transaction.atomic():
        Session.objects.select_for_update().filter(pk=key).first()
        session: SessionBase = type(request.session)(key)
        yield session
        session.save()
