"""One form is carried out once, however often it is sent.

Each such form carries an unguessable id of its own. The first POST of an id acts, and leaves "this id made that" in
the session; every later one (a double click, a reload, the form found again by going back) finds the note and does
nothing. Two POSTs at the same moment are put in line by the lock on the session's row, which is held until the note
is written; what was done and its note are one transaction. Session data is read again after the lock, and the pages
that write it beside such forms do so here, so no late writer can bring back an older state.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar, cast

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from icpportal.sign_in.models import Session

Made = TypeVar("Made", int, int | None)
_FORM_ID = r"^[A-Za-z0-9_-]{22}$"
_FORM_LOST = _("The form arrived incomplete. Check it and send it again.")
_SENT = "sent_forms"
_KEPT = 100  # forms a session remembers
FRESH = timedelta(minutes=10)  # how long what a form asked for may be shown after it


def _new_form_id() -> str:
    """128 random bits in the form of _FORM_ID."""
    return secrets.token_urlsafe(16)


class OnceForm(forms.Form):
    """A form with an id: `sent_as`, once it is checked; its other data are what the act takes.

    One that comes without an id, or with a spoilt one, is asked again under a new id.
    """

    sent_as = ""

    form_id = forms.RegexField(
        _FORM_ID,
        widget=forms.HiddenInput,
        initial=_new_form_id,
        error_messages=dict.fromkeys(("required", "invalid"), _FORM_LOST),
    )

    def full_clean(self) -> None:
        """Django's own; then the id stands apart, or is a new one."""
        super().full_clean()
        if not self.is_bound:
            return
        self.sent_as = self.cleaned_data.pop("form_id", "")
        if not self.sent_as:
            data = cast(QueryDict, self.data).copy()
            data[self.add_prefix("form_id")] = _new_form_id()
            self.data = data


def made_before(request: HttpRequest) -> int | None:
    """The number of what the form that is sent now made when it was sent before; None for one that is new."""
    sent: dict[str, int] = request.session.get(_SENT, {})
    return sent.get(request.POST.get("form_id", ""))


def once(
    request: HttpRequest,
    form: OnceForm,
    act: Callable[[SessionBase], Made],
    *,
    keeping: tuple[type[Exception], ...] = (),
) -> tuple[Made, bool]:
    """The number of what this valid form made, and whether it did so just now. `act` may write to the session too.

    The id is not spent when `act` makes nothing (None) or raises; of the exceptions in `keeping`, what was written
    before they were raised is kept.
    """
    kept = None
    with held_session(request) as session:
        sent: dict[str, int] = session.get(_SENT, {})
        if form.sent_as in sent:
            return cast(Made, sent[form.sent_as]), False
        try:
            made = act(session)
        except keeping as error:
            kept = error
        else:
            if made is not None:
                session[_SENT] = dict([*sent.items(), (form.sent_as, made)][-_KEPT:])
    if kept is not None:
        raise kept
    return made, made is not None


def take(request: HttpRequest, key: str, wanted: object) -> bool:
    """Whether the session holds this under `key`; true once, and never where the headers alone are asked for."""
    if request.method == "HEAD" or request.session.get(key) != wanted:
        return False
    with held_session(request) as session:
        return bool(session.pop(key, None) == wanted)


@contextmanager
def held_session(request: HttpRequest) -> Iterator[SessionBase]:
    """The session's data as they are now, which nobody else changes until they are saved."""
    key = request.session.session_key
    with transaction.atomic():
        Session.objects.select_for_update().filter(pk=key).first()
        session: SessionBase = type(request.session)(key)
        yield session
        session.save()
