"""The customers' form generates once (icpportal/once.py), and its code is shown in full once, right afterwards.

So is one that was asked for: after either, the code's page is reached by GET, and whoever goes back to it finds it. The
session never holds a value: only the number of the code that may be shown.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from codes.errors import NotEligible
from codes.models import AuthorizationCode
from icpportal.once import FRESH, OnceForm, held_session, once, take

_FRESH = "fresh_code"
_ASKED = "asked_code"


def generate_once(request: HttpRequest, form: OnceForm, generate: Callable[[], AuthorizationCode]) -> tuple[int, bool]:
    """The number of the code that this form made, and whether it did so just now.

    Raises NotEligible after keeping the event that records the refusal; the id is not spent then.
    """

    def act(session: SessionBase) -> int:
        session[_FRESH] = code = generate().pk
        return code

    return once(request, form, act, keeping=(NotEligible,))


def ask_to_see(request: HttpRequest, code: AuthorizationCode, *, now: datetime) -> None:
    """The code's page shows it in full to this session, the next time."""
    with held_session(request) as session:
        session[_ASKED] = [code.pk, now.timestamp()]


def take_fresh(request: HttpRequest, code: AuthorizationCode, *, now: datetime) -> bool:
    """Whether this session has just generated the code and not seen it yet; true once."""
    return take(request, _FRESH, code.pk) and now - code.generated_at < FRESH


def take_asked(request: HttpRequest, code: AuthorizationCode, *, now: datetime) -> bool:
    """Whether this session has just asked for the code and not seen it yet; true once."""
    pk, at = request.session.get(_ASKED, (0, 0))
    return pk == code.pk and take(request, _ASKED, [pk, at]) and now.timestamp() - at < FRESH.total_seconds()
