"""Filings, which hold codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy as _

from codes.choices import HOLDING, FilingState
from codes.models.codes import AuthorizationCode
from codes.names import host_name
from icpportal.final_rows import MAX_REASON
from servers.members import has_member

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

LONG_HOLD = timedelta(days=45)  # a hold older than this is looked after


class FilingQuerySet(models.QuerySet["Filing"]):
    def visible_to(self, user: User | AnonymousUser) -> FilingQuerySet:
        """The filings of codes whose owner this person is a member of."""
        return self.filter(has_member(user, "code__server__account__members"))

    def holding(self) -> FilingQuerySet:
        """Begun and neither completed nor abandoned: each holds its code (decision 10)."""
        return self.filter(state__in=HOLDING)

    def not_abandoned(self) -> FilingQuerySet:
        """What an order number answers for: those that hold or used a code."""
        return self.exclude(state=FilingState.ABANDONED)

    def holding_long(self, *, now: datetime) -> FilingQuerySet:
        """Those that have been holding their code for longer than LONG_HOLD."""
        return self.holding().filter(began_at__lt=now - LONG_HOLD)

    def named(self, term: str) -> list[FilingQuerySet]:
        """Those that a term names, by each way it may: order number, ICP filing number, domain, each has its index."""
        domain = host_name(term) or term.lower()
        return [self.filter(order_number=term), self.filter(icp_number=term), self.filter(domain=domain)]


class Filing(models.Model):
    """The exclusive hold of one filing order on one code, for one domain (decisions 10 and 12).

    An order number is its API client's own. `account` is the uid that files, if it was given.
    """

    code = models.ForeignKey(
        AuthorizationCode, verbose_name=_("code"), on_delete=models.PROTECT, related_name="filings"
    )
    client = models.ForeignKey(
        "api.ApiClient", verbose_name=_("filed through"), on_delete=models.PROTECT, related_name="filings"
    )
    order_number = models.CharField(_("filing order number"), max_length=64, db_index=True)
    domain = models.CharField(_("domain"), max_length=253, db_index=True)
    account = models.CharField(_("account"), max_length=32, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=FilingState, default=FilingState.ACTIVE)
    icp_number = models.CharField(_("ICP filing number"), max_length=40, blank=True, db_index=True)
    reason = models.CharField(_("reason"), max_length=MAX_REASON, blank=True)
    began_at = models.DateTimeField(_("begun"), db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    completed_after_expiry = models.BooleanField(_("completed after expiry"), default=False)

    objects = FilingQuerySet.as_manager()

    class Meta:
        verbose_name = _("filing")
        verbose_name_plural = _("filings")
        indexes = [models.Index(fields=["began_at"], condition=Q(state__in=HOLDING), name="filing_holds")]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(state__in=HOLDING), name="filing_one_hold_per_code"),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(state=FilingState.COMPLETED),
                name="filing_one_completed_per_code",
            ),
            models.UniqueConstraint(
                fields=["client", "order_number"],
                condition=~Q(state=FilingState.ABANDONED),
                name="filing_order_once_per_client",
            ),
            models.CheckConstraint(condition=Q(state__in=FilingState.values), name="filing_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=HOLDING, ended_at__isnull=True)
                | Q(state__in=[FilingState.COMPLETED, FilingState.ABANDONED], ended_at__isnull=False),
                name="filing_ended_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.order_number


def filings_not_abandoned() -> Prefetch[Any]:
    """For `prefetch_related` of codes: the filing that holds or used each, or none, in an attribute of this name."""
    return Prefetch("filings", queryset=Filing.objects.not_abandoned(), to_attr="filings_not_abandoned")
