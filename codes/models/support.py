"""Support requests: what customers ask about a refusal or a code, with the report as it was."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from codes.choices import WAITING, SupportState
from codes.models.codes import AuthorizationCode
from servers.members import has_member
from servers.models import Account, Server

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

IN_ORDER = ("-all_passed", "waiting_since", "-pk")  # of the queue; for why see in_order


class SupportRequestQuerySet(models.QuerySet["SupportRequest"]):
    def visible_to(self, user: User | AnonymousUser) -> SupportRequestQuerySet:
        """The requests of the accounts that this person is a member of."""
        return self.filter(has_member(user, "account__members"))

    def waiting(self) -> SupportRequestQuerySet:
        """Those in which the customer waits for customer service, taken or not."""
        return self.filter(waiting_since__isnull=False)

    def answered_after(self, moment: datetime) -> SupportRequestQuerySet:
        """Those in which customer service had the last word, after this moment (aware); the latest answer first."""
        return self.filter(state=SupportState.ANSWERED, answered_at__gt=moment).order_by("-answered_at", "-pk")

    def in_order(self) -> SupportRequestQuerySet:
        """Where every condition passes first, since only we can resolve those; then who waits longest."""
        return self.order_by(*IN_ORDER)


class SupportRequest(models.Model):
    """One question of one account to customer service, with a reference to quote (FAQ 4 end).

    `report` is how the server or the code was judged then: {code, passed, found} of each condition, in FAQ order;
    `policy` the policy values of that moment. `found` is by language; in requests of long ago it is a text in
    `language`, the one in which it was asked.
    `all_passed`: every condition passed, and it failed all the same. `request_id` is that of the failed try, if any.
    `waiting_since`: since when the customer waits for an answer; null when it is not our turn.
    """

    reference = models.CharField(_("reference"), max_length=10, unique=True)
    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="support_requests"
    )
    server = models.ForeignKey(
        Server,
        verbose_name=_("server"),
        on_delete=models.PROTECT,
        related_name="support_requests",
        null=True,
        blank=True,
    )
    code = models.ForeignKey(
        AuthorizationCode,
        verbose_name=_("code"),
        on_delete=models.PROTECT,
        related_name="support_requests",
        null=True,
        blank=True,
    )
    state = models.CharField(_("state"), max_length=10, choices=SupportState, default=SupportState.OPEN)
    all_passed = models.BooleanField(_("every condition passes"), default=False)
    report = models.JSONField(_("report then"), default=list, blank=True)
    policy = models.JSONField(_("policy then"), default=dict, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    request_id = models.CharField(_("failed request"), max_length=64, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("opened by"), on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(_("opened"))
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("closed by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = SupportRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("support request")
        verbose_name_plural = _("support requests")
        permissions = [("answer_supportrequest", gettext_noop("Can open, take, answer and close support requests"))]
        indexes = [
            models.Index(
                F("all_passed").desc(),
                "waiting_since",
                F("id").desc(),
                condition=Q(waiting_since__isnull=False),
                name="support_waiting",
            ),
            models.Index(fields=["state", "-id"], name="support_by_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SupportState.values), name="support_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=WAITING, waiting_since__isnull=False)
                | (~Q(state__in=WAITING) & Q(waiting_since__isnull=True)),
                name="support_waits_while_open",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class SupportMessage(models.Model):
    """What one side wrote. `is_staff`: customer service; the customer otherwise. Never holds a code value."""

    request = models.ForeignKey(
        SupportRequest, verbose_name=_("support request"), on_delete=models.PROTECT, related_name="messages"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), on_delete=models.PROTECT, related_name="+"
    )
    is_staff = models.BooleanField(_("from customer service"), default=False)
    at = models.DateTimeField(_("when"))
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("support message")
        verbose_name_plural = _("support messages")

    def __str__(self) -> str:
        return f"{self.request_id} {self.pk}"
