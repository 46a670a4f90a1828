"""Authorization codes, the filings that hold them, and the events that tell what happened.

Only codes/services.py writes here. All datetimes are aware and stored in UTC; a code's expiry is never stored: it is
the earlier of its server's and its IP's (decision 3, codes/validity.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from codes.choices import HOLDING, Channel, EventType, FilingState, State
from codes.policy import MAX_CODES_PER_SERVER
from codes.values import digests, mask, normalise
from servers.models import Account, IPAddress, Server

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class CodeQuerySet(models.QuerySet["AuthorizationCode"]):
    def visible_to(self, user: User | AnonymousUser) -> CodeQuerySet:
        """The codes of servers whose account this person is a member of."""
        return self.filter(server__account__members=user.pk)

    def of_value(self, typed: str) -> CodeQuerySet:
        """The code of this value as somebody typed it: one or none, at the same cost whether it is well-formed."""
        return self.filter(digest__in=digests(normalise(typed)))


class AuthorizationCode(models.Model):
    """A credential that ties one filing to one IP assignment of one server (FAQ 1).

    `slot` counts from 1 and is never freed, so the database itself refuses a sixth code (FAQ 2). `authorized_account`
    is the uid of the one account that may use the code, known here or not; empty: anybody.
    """

    server = models.ForeignKey(Server, verbose_name=_("server"), on_delete=models.PROTECT, related_name="codes")
    ip = models.ForeignKey(IPAddress, verbose_name=_("public IP"), on_delete=models.PROTECT, related_name="codes")
    slot = models.PositiveSmallIntegerField(_("slot"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UNUSED)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    sealed = models.BinaryField(max_length=200, editable=False)
    tail = models.CharField(_("code"), max_length=5, db_index=True)
    generated_at = models.DateTimeField(_("generated"), db_index=True)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    authorized_account = models.CharField(_("authorized account"), max_length=32, blank=True, db_index=True)

    objects = CodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("authorization code")
        verbose_name_plural = _("authorization codes")
        permissions = [
            ("generate_code", "Can generate authorization codes"),
            ("reset_code", "Can reset the filing of a code"),
            ("withdraw_code", "Can withdraw a code"),
            ("rotate_code", "Can rotate the value of a code"),
            ("reveal_code", "Can reveal the value of a code"),
            ("annotate_code", "Can edit remark and authorized account of a code"),
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


class FilingQuerySet(models.QuerySet["Filing"]):
    def visible_to(self, user: User | AnonymousUser) -> FilingQuerySet:
        """The filings of codes whose owner this person is a member of."""
        return self.filter(code__server__account__members=user.pk)

    def holding(self) -> FilingQuerySet:
        """Begun and neither completed nor abandoned: each holds its code (decision 10)."""
        return self.filter(state__in=HOLDING)

    def standing(self) -> FilingQuerySet:
        """All but the abandoned ones: what an order number answers for."""
        return self.exclude(state=FilingState.ABANDONED)


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
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    began_at = models.DateTimeField(_("begun"), db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    completed_after_expiry = models.BooleanField(_("completed after expiry"), default=False)

    objects = FilingQuerySet.as_manager()

    class Meta:
        verbose_name = _("filing")
        verbose_name_plural = _("filings")
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


class AppendOnly(Exception):
    """An event was about to be changed or deleted. The database refuses it too, by a trigger."""


class CodeEventQuerySet(models.QuerySet["CodeEvent"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class CodeEvent(models.Model):
    """What happened: who, when, from where, what and why. Append-only; stores codes, never sentences, never values.

    `account` is the one that owned the server then. With neither user nor client the actor is the system. `failed`
    holds refusal codes, `policy` the policy values of that moment, `detail` the changed facts as [before, after].
    """

    type = models.CharField(_("what"), max_length=20, choices=EventType)
    at = models.DateTimeField(_("when"))
    account = models.ForeignKey(Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="events")
    server = models.ForeignKey(Server, verbose_name=_("server"), on_delete=models.PROTECT, related_name="events")
    code = models.ForeignKey(
        AuthorizationCode,
        verbose_name=_("code"),
        on_delete=models.PROTECT,
        related_name="events",
        null=True,
        blank=True,
    )
    order_number = models.CharField(_("filing order number"), max_length=64, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    client = models.ForeignKey(
        "api.ApiClient",
        verbose_name=_("API client"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    channel = models.CharField(_("from where"), max_length=12, choices=Channel)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    ticket = models.CharField(_("ticket"), max_length=64, blank=True)
    failed = models.JSONField(_("refused because of"), default=list, blank=True)
    policy = models.JSONField(_("policy then"), default=dict, blank=True)
    detail = models.JSONField(_("changes"), default=dict, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    objects = CodeEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["account", "id"], name="event_of_account"),
            models.Index(fields=["server", "id"], name="event_of_server"),
            models.Index(fields=["code", "id"], name="event_of_code"),
            models.Index(fields=["type", "at"], name="event_by_type"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(user__isnull=True) | Q(client__isnull=True), name="event_has_one_actor"),
            models.CheckConstraint(condition=Q(type__in=EventType.values), name="event_type_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert. Raises AppendOnly for an event that already exists."""
        if self.pk is not None:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    @property
    def actor(self) -> str:
        """Who did it, as the API names them: user:NAME, client:NAME or system. Needs user and client selected."""
        if self.user is not None:
            return f"user:{self.user.get_username()}"
        return f"client:{self.client.name}" if self.client is not None else "system"
