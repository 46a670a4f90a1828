"""Password reset by mail. The answer to the form is given before anybody looks whether the address is known.

Looking up, rendering and sending happen in one thread beside the requests, so that neither the answer nor the time
it takes tells anything. A mail that is lost with its process is asked for again by the person.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from icpportal import mailing
from icpportal.sign_in.models import Preference, ResetMail

log = logging.getLogger(__name__)

PER_PERSON = 3  # mails
PERIOD = timedelta(hours=1)
_WAITING = 1000  # requests; more are dropped

_TYPED = gettext_lazy("Enter an e-mail address, such as name@example.com.")

_beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="password-reset")
_room = BoundedSemaphore(_WAITING)


class ResetForm(PasswordResetForm):
    """Asks for an address; `save` hands the rest over and returns at once."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        error_messages=dict.fromkeys(("required", "invalid"), _TYPED),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def save(self, *, request: HttpRequest | None = None, **options: Any) -> None:  # type: ignore[override]
        """Sends the mail later, to each person who has this address, a password and is active."""
        if not _room.acquire(blocking=False):
            log.error("Too many password resets at once: one is dropped")
            return
        self.site, self.language = mailing.site_url(request), get_language() or settings.LANGUAGE_CODE
        _beside.submit(self._send).add_done_callback(_done)

    def _send(self) -> None:
        try:
            super().save(domain_override="unused", use_https=True)
        finally:
            connection.close()

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """Called by Django's form for each person found."""
        context: dict[str, Any] = next(each for each in (*args, *kwargs.values()) if isinstance(each, dict))
        user, now = context["user"], timezone.now()
        ResetMail.objects.filter(at__lte=now - PERIOD).delete()
        if ResetMail.objects.filter(user=user).count() >= PER_PERSON:
            return
        chosen = Preference.objects.filter(user=user).values_list("language", flat=True).first()
        path = reverse("password_reset_confirm", args=[context["uid"], context["token"]])
        with override(chosen or self.language):
            about = {"name": user.get_username(), "link": self.site + path, "hours": settings.RESET_HOURS}
            text = render_to_string("mails/password_reset.txt", about)
            message = EmailMessage(_("Reset your password"), text, to=[context["email"]], headers=mailing.headers())
        ResetMail.objects.create(user=user, at=now)
        message.send()


def _done(future: Any) -> None:
    _room.release()
    if error := future.exception():
        log.error("A password reset could not be mailed", exc_info=error)
