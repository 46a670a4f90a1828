"""Events: what happened, never changed or deleted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from codes.choices import BY_PEOPLE, Channel, EventType
from codes.models.codes import AuthorizationCode
from icpportal.final_rows import MAX_REASON, Final
from servers.models import Account, Server


class CodeEvent(Final):
    """What happened: who, when, from where, what and why. Append-only; stores codes, never sentences, never values.

    `account` is the one that owned the server then. With neither user nor client the actor is the system. `failed`
    holds refusal codes, `policy` the policy values of that moment, `detail` the changed facts as [before, after].
    `place` counts the events of one server from 1, `mac` chains them (codes/chain.py).
    The indexes below lead with account, server and code, so that the columns need none of their own. That the server
    exists is kept by the foreign key of its head, which the database makes with its first event.
    """

    type = models.CharField(_("what"), max_length=20, choices=EventType)
    at = models.DateTimeField(_("when"))
    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="events", db_index=False
    )
    server = models.ForeignKey(
        Server,
        verbose_name=_("server"),
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    code = models.ForeignKey(
        AuthorizationCode,
        verbose_name=_("code"),
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
        null=True,
        blank=True,
    )
    order_number = models.CharField(_("filing order number"), max_length=64, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        null=True,
        blank=True,
    )
    client = models.ForeignKey(
        "api.ApiClient",
        verbose_name=_("API client"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        null=True,
        blank=True,
    )
    channel = models.CharField(_("from where"), max_length=12, choices=Channel)
    reason = models.CharField(_("reason"), max_length=MAX_REASON, blank=True)
    ticket = models.CharField(_("ticket"), max_length=64, blank=True)
    failed = models.JSONField(_("refused because of"), default=list, blank=True)
    policy = models.JSONField(_("policy then"), default=dict, blank=True)
    detail = models.JSONField(_("changes"), default=dict, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    place = models.BigIntegerField(editable=False)
    mac = models.BinaryField(max_length=32, editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["account", "id"], name="event_of_account"),
            models.Index(fields=["server", "id"], name="event_of_server"),
            models.Index(fields=["code", "id"], condition=Q(code__isnull=False), name="event_of_code"),
            models.Index(fields=["user", "id"], condition=Q(user__isnull=False), name="event_of_user"),
            models.Index(fields=["client"], condition=Q(client__isnull=False), name="event_of_client"),
            models.Index(fields=["type", "at"], name="event_by_type"),
            models.Index(fields=["type", "id"], name="event_of_type"),
            models.Index(fields=["channel", "id"], condition=Q(channel__in=BY_PEOPLE), name="event_by_people"),
            models.Index(fields=["id"], condition=Q(type=EventType.GENERATION_REFUSED), name="event_refusals"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(user__isnull=True) | Q(client__isnull=True), name="event_has_one_actor"),
            models.CheckConstraint(condition=Q(type__in=EventType.values), name="event_type_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.pk}"

    @property
    def actor(self) -> str:
        """Who did it, as the API names them: user:NAME, client:NAME or system. Needs user and client selected."""
        if self.user is not None:
            return f"user:{self.user.get_username()}"
        return f"client:{self.client.name}" if self.client is not None else "system"


class EventHead(models.Model):
    """Where the chain of a server's events stands: the place and MAC of the last. Kept by the database itself."""

    server = models.OneToOneField(Server, on_delete=models.PROTECT, primary_key=True, related_name="+")
    place = models.BigIntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk}: {self.place}"
