"""Django's middleware and others' that pages alone need.

A call of the API brings a token: it has no session and no message, and asks for no file. It goes past them, which saves
the shortest calls a twentieth of what they cost. Checks of deployment ask for the others by their own names.
"""

from __future__ import annotations

from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from whitenoise import middleware as whitenoise  # type: ignore[import-untyped]

from icpportal.middleware import PagesAlone


class WhiteNoiseMiddleware(PagesAlone, whitenoise.WhiteNoiseMiddleware):  # type: ignore[misc]
    """Static files."""


class SessionMiddleware(PagesAlone, sessions.SessionMiddleware):
    """Who is signed in."""


class MessageMiddleware(PagesAlone, messages.MessageMiddleware):
    """What the next page says."""
