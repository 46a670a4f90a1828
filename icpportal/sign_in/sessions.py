"""A person's sign-ins: noted when they begin, listed, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from icpportal.sign_in.addresses import client_address
from icpportal.sign_in.browsers import family
from icpportal.sign_in.confirming import note_confirmed
from icpportal.sign_in.lifetimes import SIGN_IN, is_alive
from icpportal.sign_in.models import Preference, Session


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One session of a person: since when (aware), from which address, by which browser; whether it asks now."""

    at: datetime
    address: str
    browser: str
    is_this_one: bool


def note(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Writes down where somebody signed in, and turns the pages to the language that they chose."""
    now = timezone.now()
    note_confirmed(request, now=now)
    request.session[SIGN_IN] = {
        "at": now.isoformat(),
        "address": client_address(request) or "",
        "browser": family(request.META.get("HTTP_USER_AGENT", "")),
    }
    chosen = Preference.objects.filter(user=user).values_list("language", flat=True).first()
    if chosen:
        request.chosen_language = chosen  # type: ignore[attr-defined]  # icpportal.middleware.LanguageMiddleware


def sign_ins(user: User, *, key: str | None, now: datetime) -> list[SignIn]:
    """The sessions that would still be let in, the latest first; `key` is that of the session which asks."""
    valid = user.get_session_auth_hash()
    found = []
    for row in Session.objects.filter(user=user, expire_date__gt=now):
        data = row.get_decoded()
        if is_alive(row, user, data, now=now) and constant_time_compare(data.get(HASH_SESSION_KEY, ""), valid):
            about = {**data[SIGN_IN], "at": datetime.fromisoformat(data[SIGN_IN]["at"])}
            found.append(SignIn(**about, is_this_one=row.pk == key))
    return sorted(found, key=lambda each: (each.is_this_one, each.at), reverse=True)


def sign_out_elsewhere(user: User, *, key: str | None) -> None:
    """End every session of this person but the one with this key; with None, all of them."""
    Session.objects.filter(user=user).exclude(pk=key).delete()
