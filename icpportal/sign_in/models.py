"""Sessions, one-time codes, what a person prefers, and the reset mails that were sent. All datetimes in UTC."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from icpportal.final_rows import MAX_REASON, Final


class Session(AbstractBaseSession):
    """A browser's session. `user` is who is signed in with it; nobody's for a guest.

    `seen_at` is when it was last used, give or take store.SEEN_EVERY.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+", null=True
    )
    seen_at = models.DateTimeField(_("last used"), default=timezone.now)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("session")  # type: ignore[assignment]
        verbose_name_plural = _("sessions")  # type: ignore[assignment]

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
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


class OneTimeDevice(models.Model):
    """The app that makes a member of staff's one-time codes (TOTP, RFC 6238: six digits, 30 seconds).

    `sealed` is the shared secret under CODE_KEYS; `last_step` the time step of the last code that was taken: it and
    those before it are taken no more.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="one_time_device",
    )
    sealed = models.BinaryField(max_length=200, editable=False)
    last_step = models.BigIntegerField(editable=False)
    enrolled_at = models.DateTimeField(_("set up"))

    class Meta:
        verbose_name = _("one-time code device")
        verbose_name_plural = _("one-time code devices")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.enrolled_at)


class RecoveryCode(models.Model):
    """A code for the day on which the device is lost: good once, kept as a hash."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    used_at = models.DateTimeField(_("used"), null=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class OneTimeChange(Final):
    """What happened to a person's one-time codes. `by` is who did it when it was somebody else. Append-only."""

    class What(models.TextChoices):
        """All but RESET, which a superuser does, is the person's own doing."""

        ENROLLED = "enrolled", _("One-time codes set up")
        RENEWED = "renewed", _("New recovery codes made")
        RECOVERED = "recovered", _("Signed in by a recovery code")
        RESET = "reset", _("One-time codes reset")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.PROTECT, related_name="one_time_changes"
    )
    what = models.CharField(pgettext_lazy("act", "what"), max_length=10, choices=What)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+", null=True
    )
    at = models.DateTimeField(_("when"))
    reason = models.CharField(_("reason"), max_length=MAX_REASON, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("change of one-time codes")
        verbose_name_plural = _("changes of one-time codes")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.what} {self.pk}"
