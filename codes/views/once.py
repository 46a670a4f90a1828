"""The customers' form generates once (icpportal/once.py), and its code is shown in full once, right afterwards.

The session never holds a value: only the number of the code that may be shown.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from codes.errors import NotEligible
from codes.models import AuthorizationCode
from icpportal.once import OnceForm, held_session, once

_FRESH = "fresh_code"


def generate_once(request: HttpRequest, form: OnceForm, generate: Callable[[], AuthorizationCode]) -> tuple[int, bool]:
    """The number of the code that this form made, and whether it did so just now.

    Raises NotEligible after keeping the event that records the refusal; the id is not spent then.
    """

    def act(session: SessionBase) -> int:
        session[_FRESH] = code = generate().pk
        return code

    return once(request, form, act, keeping=(NotEligible,))


def take_fresh(request: HttpRequest, code: AuthorizationCode) -> bool:
    """Whether this session has just generated the code and not seen it yet; true once."""
    if request.session.get(_FRESH) != code.pk:
        return False
    with held_session(request) as session:
        return bool(session.pop(_FRESH, None) == code.pk)
