"""Authorization codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from codes.choices import State
from codes.policy import MAX_CODES_PER_SERVER
from codes.values import digests, mask, normalise
from servers.members import has_member
from servers.models import IPAddress, Server

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

JUST_NOW = timedelta(minutes=10)


class CodeQuerySet(models.QuerySet["AuthorizationCode"]):
    def visible_to(self, user: User | AnonymousUser) -> CodeQuerySet:
        """The codes of servers whose account this person is a member of."""
        return self.filter(has_member(user, "server__account__members"))

    def of_value(self, typed: str) -> CodeQuerySet:
        """The code of this value as somebody typed it: one or none, at the same cost whether it is well-formed."""
        return self.filter(digest__in=digests(normalise(typed)))

    def just_generated(self, *, now: datetime) -> CodeQuerySet:
        """So new that whoever generates another may be about to ask for the same one again."""
        return self.filter(generated_at__gt=now - JUST_NOW)


class AuthorizationCode(models.Model):
    """A credential that ties one filing to one IP assignment of one server (FAQ 1).

    `slot` counts from 1 and is never freed, so the database itself refuses a sixth code (FAQ 2). `authorized_account`
    is the uid of the one account that may use the code, known here or not; empty: anybody.

    The index by server holds what an account's codes are counted by. Handles are looked up whole: their indexes are
    declared here, since a column's own would bring a second one for beginnings.
    """

    server = models.ForeignKey(
        Server, verbose_name=_("server"), on_delete=models.PROTECT, related_name="codes", db_index=False
    )
    ip = models.ForeignKey(IPAddress, verbose_name=_("public IP"), on_delete=models.PROTECT, related_name="codes")
    slot = models.PositiveSmallIntegerField(_("slot"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UNUSED)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    sealed = models.BinaryField(max_length=200, editable=False)
    tail = models.CharField(_("code"), max_length=5)
    generated_at = models.DateTimeField(_("generated"), db_index=True)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    authorized_account = models.CharField(_("authorized account"), max_length=32, blank=True)

    objects = CodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("authorization code")
        verbose_name_plural = _("authorization codes")
        permissions = [
            ("generate_code", gettext_noop("Can generate authorization codes")),
            ("reset_code", gettext_noop("Can reset the filing of a code")),
            ("withdraw_code", gettext_noop("Can withdraw a code")),
            ("rotate_code", gettext_noop("Can rotate the value of a code")),
            ("reveal_code", gettext_noop("Can reveal the value of a code")),
            ("annotate_code", gettext_noop("Can edit remark and authorized account of a code")),
        ]
        indexes = [
            models.Index(fields=["server"], include=["state", "ip"], name="code_of_server"),
            models.Index(fields=["tail"], name="code_by_tail"),
            models.Index(fields=["authorized_account"], condition=~Q(authorized_account=""), name="code_for_account"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["server", "slot"], name="code_slot_once_per_server"),
            models.CheckConstraint(
                condition=Q(slot__gte=1, slot__lte=MAX_CODES_PER_SERVER), name="code_slot_within_limit"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="code_state_known"),
        ]

    def __str__(self) -> str:
        return self.masked

    @property
    def masked(self) -> str:
        """What everybody may see of the value."""
        return mask(self.tail)
