"""Sessions with their person, what a person prefers, and the reset mails that were sent. All datetimes in UTC."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _


class Session(AbstractBaseSession):
    """A browser's session. `user` is who is signed in with it; nobody's for a guest."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+", null=True
    )

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("session")  # type: ignore[assignment]
        verbose_name_plural = _("sessions")  # type: ignore[assignment]

    @classmethod
    def get_session_store_class(cls):  # type: ignore[no-untyped-def]
        from icpportal.sign_in.store import SessionStore

        return SessionStore


class Preference(models.Model):
    """The language that a person chose, for pages from sign-in on and for mails. No row: none chosen yet."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="preference",
    )
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return self.language


class ResetMail(models.Model):
    """A password reset mail that was sent, so that nobody's mailbox is filled; kept for an hour."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField(_("when"), db_index=True)

    class Meta:
        verbose_name = _("reset mail")
        verbose_name_plural = _("reset mails")

    def __str__(self) -> str:
        return str(self.at)
