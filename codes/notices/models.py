"""What was noticed to whom, and who wants none. Only codes/notices writes here. Datetimes are aware, in UTC."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from codes.models import AuthorizationCode
from codes.notices.choices import Kind
from servers.models import Account


class NoticeSent(models.Model):
    """One thing that one member was told, written after the mail was handed over.

    `moment` is the expiry that was near, or the beginning of the filing that stalls: another one is another notice.
    `days` is the threshold: before the expiry, or since the beginning.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+"
    )
    code = models.ForeignKey(AuthorizationCode, verbose_name=_("code"), on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    days = models.PositiveSmallIntegerField(_("days"))
    moment = models.DateTimeField(_("expiry or beginning"))
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["user", "code", "kind", "days", "moment"], name="notice_sent_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="notice_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class NoNotices(models.Model):
    """A person who wants no notices of any account."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("person without notices")
        verbose_name_plural = _("people without notices")

    def __str__(self) -> str:
        return str(self.pk)


class MutedAccount(models.Model):
    """An account of which this person wants no notices."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+"
    )
    account = models.ForeignKey(Account, verbose_name=_("account"), on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("muted account")
        verbose_name_plural = _("muted accounts")
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="account_muted_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.account_id}"


class Lease(models.Model):
    """The one row that a run of send_notices holds until `until`, so that two runs at once do not send twice."""

    holder = models.CharField(max_length=32)
    until = models.DateTimeField()

    class Meta:
        verbose_name = _("run of notices")
        verbose_name_plural = _("runs of notices")

    def __str__(self) -> str:
        return self.holder
