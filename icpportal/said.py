"""What is said after an act, kept until the next page: in a cookie, and only what is too long for one in the session.

Not in the session first: forms that are sent at once write to it under a lock (icpportal/once.py).
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class SaidCookie(CookieStorage):
    """Django's own under the name of settings.MESSAGES_COOKIE_NAME."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class Said(FallbackStorage):
    """The setting MESSAGE_STORAGE."""

    storage_classes = (SaidCookie, SessionStorage)
