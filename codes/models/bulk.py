"""Bulk runs: one act of an agent on many servers or codes, a row each, so that it can stop anywhere and go on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from codes.choices import BulkAction, BulkState
from codes.models.codes import AuthorizationCode
from servers.models import Server


class BulkRun(models.Model):
    """What `actor` wants done to each of the rows. `texts` are the same for all: reason, ticket, remark.

    Planned first, and nothing happens; confirmed, its rows are done one by one; finished when none is pending.
    """

    action = models.CharField(pgettext_lazy("act", "what"), max_length=10, choices=BulkAction)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.PROTECT, related_name="+"
    )
    texts = models.JSONField(_("texts"), default=dict, blank=True)
    planned_at = models.DateTimeField(_("planned"))
    confirmed_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("bulk run")
        verbose_name_plural = _("bulk runs")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["actor", "-id"], name="bulk_run_of_actor")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.pk}"


class BulkRow(models.Model):
    """One server or code of a run. `code` of a server is what was generated; `why` says why it was not done.

    A row leaves `pending` in the transaction that does it, so it is done once or not at all. `whys` are by
    language: who reads the result may read another than who ran it.
    """

    run = models.ForeignKey(BulkRun, verbose_name=_("bulk run"), on_delete=models.CASCADE, related_name="rows")
    server = models.ForeignKey(
        Server, verbose_name=_("server"), on_delete=models.PROTECT, related_name="bulk_rows", null=True, blank=True
    )
    code = models.ForeignKey(
        AuthorizationCode,
        verbose_name=_("code"),
        on_delete=models.PROTECT,
        related_name="bulk_rows",
        null=True,
        blank=True,
    )
    state = models.CharField(_("result"), max_length=7, choices=BulkState, default=BulkState.PENDING)
    whys = models.JSONField(_("why"), default=dict, blank=True)

    class Meta:
        verbose_name = _("row of a bulk run")
        verbose_name_plural = _("rows of bulk runs")
        default_permissions = ()
        indexes = [models.Index(fields=["run", "state", "id"], name="bulk_row_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["run", "server"], name="bulk_row_of_server"),
            models.UniqueConstraint(fields=["run", "code"], name="bulk_row_of_code"),
            models.CheckConstraint(
                condition=Q(server__isnull=False) | Q(code__isnull=False), name="bulk_row_has_a_subject"
            ),
            models.CheckConstraint(condition=Q(state__in=BulkState.values), name="bulk_row_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.pk}"

    @property
    def why(self) -> str:
        """Why it was not done, in the language of the moment; "" when it was."""
        return str(self.whys.get(get_language() or settings.LANGUAGE_CODE, ""))
