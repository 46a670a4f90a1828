"""Facts about accounts, regions, servers and IPs, as the provider states them. Nothing here knows of codes.

All datetimes are aware and stored in UTC. Nothing is deleted: a server is terminated, an IP is released.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from servers.choices import BillingMode, FeedKind, IPKind, Jurisdiction, ServerState
from servers.members import has_member

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: User | AnonymousUser) -> AccountQuerySet:
        """The accounts that this person is a member of: where everything a customer reaches starts."""
        return self.filter(has_member(user, "members"))


class Account(models.Model):
    """A customer of the provider, named by its uid; its members sign in and see the same."""

    uid = models.CharField(_("account"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    emails = models.JSONField(_("e-mail addresses"), default=list, blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("members"), related_name="accounts", blank=True
    )
    created_at = models.DateTimeField(_("known since"), auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        indexes = [models.Index(fields=["name"], opclasses=["varchar_pattern_ops"], name="account_by_name")]

    def __str__(self) -> str:
        return self.uid


class Region(models.Model):
    """A provider's region and where it is for the filing law; an unknown one arrives unclassified (decision 8)."""

    code = models.CharField(pgettext_lazy("region", "code"), max_length=64, unique=True)
    name_en = models.CharField(_("English name"), max_length=100, blank=True)
    name_zh = models.CharField(_("Chinese name"), max_length=100, blank=True)
    jurisdiction = models.CharField(
        _("jurisdiction"), max_length=16, choices=Jurisdiction, default=Jurisdiction.UNCLASSIFIED
    )

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        constraints = [
            models.CheckConstraint(condition=Q(jurisdiction__in=Jurisdiction.values), name="region_jurisdiction_known"),
        ]

    def __str__(self) -> str:
        return _("%(name)s (%(code)s)") % {"name": self.name, "code": self.code} if self.name else self.code

    @property
    def name(self) -> str:
        """In the language of the moment; "" while nobody has named it."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en


class ServerQuerySet(models.QuerySet["Server"]):
    def visible_to(self, user: User | AnonymousUser) -> ServerQuerySet:
        """The servers of the accounts that this person is a member of."""
        return self.filter(has_member(user, "account__members"))


class Server(models.Model):
    """A Cloud Virtual Machine as its provider describes it.

    `expires_at` and `purchased_at` may be null unless the server is prepaid. `prepaid_months` counts the whole
    prepaid term, renewals included (decision 2). `version` is the feed's, which only rises. `facts_at` is when the
    facts were last read, `state_since` when the state was first seen.
    """

    instance_id = models.CharField(_("instance ID"), max_length=64)
    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="servers", db_index=False
    )
    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, related_name="servers")
    name = models.CharField(_("name"), max_length=200, blank=True)
    billing_mode = models.CharField(_("billing mode"), max_length=20, choices=BillingMode)
    purchased_at = models.DateTimeField(_("purchased"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expiry time"), null=True, blank=True)
    prepaid_months = models.PositiveSmallIntegerField(_("prepaid months"), default=0)
    prepaid_months_stated = models.BooleanField(_("stated by a feed that knows the orders"), default=False)
    state = models.CharField(_("state"), max_length=12, choices=ServerState)
    state_since = models.DateTimeField(_("in this state since"))
    public_ip_assigned = models.BooleanField(_("public IP assigned at purchase"), default=False)
    version = models.BigIntegerField(_("facts version"), default=0)
    facts_at = models.DateTimeField(_("facts read"))

    objects = ServerQuerySet.as_manager()

    class Meta:
        verbose_name = _("server")
        verbose_name_plural = _("servers")
        indexes = [
            models.Index(fields=["account", "id"], name="server_of_account"),
            models.Index(fields=["expires_at", "id"], name="server_by_expiry"),
            # By its start, and in the order of its bytes, as the desk sorts. A column's own index would come twice.
            models.Index(fields=["name"], opclasses=["varchar_pattern_ops"], name="server_by_name"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance_id"], opclasses=["varchar_pattern_ops"], name="server_instance_id_once"
            ),
            models.CheckConstraint(condition=Q(billing_mode__in=BillingMode.values), name="server_billing_mode_known"),
            models.CheckConstraint(condition=Q(state__in=ServerState.values), name="server_state_known"),
            models.CheckConstraint(
                condition=~Q(billing_mode=BillingMode.PREPAID)
                | Q(purchased_at__isnull=False, expires_at__isnull=False),
                name="server_prepaid_has_a_term",
            ),
            models.CheckConstraint(
                condition=Q(purchased_at__isnull=True)
                | Q(expires_at__isnull=True)
                | Q(expires_at__gte=F("purchased_at")),
                name="server_expires_after_purchase",
            ),
            models.CheckConstraint(condition=Q(version__gte=0), name="server_version_not_negative"),
        ]

    def __str__(self) -> str:
        return self.instance_id


class IPAddressQuerySet(models.QuerySet["IPAddress"]):
    def on_server(self) -> IPAddressQuerySet:
        """Held by their server now, whether or not their own expiry has passed."""
        return self.filter(released_at__isnull=True)

    def live(self, *, now: datetime) -> IPAddressQuerySet:
        """Held by their server and not past their own expiry (`now < expiry`)."""
        return self.on_server().filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))

    def in_order(self) -> IPAddressQuerySet:
        """First assigned first, the first listed of those assigned together (decision 6)."""
        return self.order_by("assigned_at", "position", "pk")


class IPAddress(models.Model):
    """One assignment of an address to a server, over time (decision 4).

    Addresses are recycled, so a code points at an assignment and never at an address. The same address back on the
    same server restores the assignment, unless another server held it in between.
    """

    server = models.ForeignKey(Server, verbose_name=_("server"), on_delete=models.PROTECT, related_name="ips")
    address = models.CharField(_("address"), max_length=45)
    kind = models.CharField(_("kind"), max_length=8, choices=IPKind)
    assigned_at = models.DateTimeField(_("assigned"))
    position = models.PositiveIntegerField(_("position in the list"), default=0)
    expires_at = models.DateTimeField(_("expiry time"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    objects = IPAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("IP address")
        verbose_name_plural = _("IP addresses")
        indexes = [
            models.Index(fields=["address"], opclasses=["varchar_pattern_ops"], name="ip_by_address"),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="ip_by_expiry"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=IPKind.values), name="ip_kind_known"),
            models.UniqueConstraint(
                fields=["address"], condition=Q(released_at__isnull=True), name="ip_one_live_holder"
            ),
        ]

    def __str__(self) -> str:
        return self.address


class IPClaim(models.Model):
    """An address that a server's own newest facts list, while a later message gave it to another server.

    Messages of two servers have no common order: when the other gives the address up, it goes to who claims it, so that
    the facts end the same in whatever order they come. It is a new assignment (decision 4). A claim counts for a day
    from `since`: what is given up later was moved, and is no late message.
    """

    server = models.ForeignKey(Server, verbose_name=_("server"), on_delete=models.PROTECT, related_name="ip_claims")
    address = models.CharField(_("address"), max_length=45, db_index=True)
    kind = models.CharField(_("kind"), max_length=8, choices=IPKind)
    position = models.PositiveIntegerField(_("position in the list"), default=0)
    expires_at = models.DateTimeField(_("expiry time"), null=True, blank=True)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("claimed IP address")
        verbose_name_plural = _("claimed IP addresses")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=IPKind.values), name="ip_claim_kind_known"),
            models.UniqueConstraint(fields=["server", "address"], name="ip_claim_once"),
        ]

    def __str__(self) -> str:
        return self.address


class FeedRun(models.Model):
    """That facts of an account's servers came in: who brought them, when, and what became of the rows.

    An import is one run. A feed that puts servers one by one has one run an hour, whose `at` is its newest call.
    `is_newest`: no facts of the account came in later, so it tells how old they are. `actor` reads as in events.
    `stale` counts the messages that newer ones had overtaken, the last at `stale_at`; they changed nothing.
    `failures` names what a sync could not read, as {"region": …, "code": …}; with an empty region it read nothing.
    """

    kind = models.CharField(_("feed"), max_length=12, choices=FeedKind)
    account = models.ForeignKey(Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="feed_runs")
    at = models.DateTimeField(_("when"))
    actor = models.CharField(_("who"), max_length=200)
    created = models.PositiveIntegerField(pgettext_lazy("rows", "created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    stale = models.PositiveIntegerField(_("stale"), default=0)
    stale_at = models.DateTimeField(_("last stale message"), null=True, blank=True)
    failures = models.JSONField(_("failures"), default=list, blank=True)
    is_newest = models.BooleanField(_("newest of its account"), default=True)

    class Meta:
        verbose_name = _("feed run")
        verbose_name_plural = _("feed runs")
        indexes = [
            models.Index(fields=["account", "is_newest"], name="feed_run_of_account"),
            models.Index(fields=["at"], condition=Q(is_newest=True), name="feed_run_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FeedKind.values), name="feed_run_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def read(self) -> int:
        """How many rows came in."""
        return self.created + self.updated + self.unchanged + self.rejected + self.stale


class ServerFile(models.Model):
    """A spreadsheet of servers that somebody uploaded: judged at once, taken in when they say so, as it was judged.

    `content` is the file, compressed, from when it was judged until it is taken in or a day has passed. `verdicts` are
    those of the rows, as compressed JSON: what would become of them, and once `applied_at` is set what did. `digest` is
    the file's SHA-256.
    """

    name = models.CharField(_("file"), max_length=200)
    digest = models.CharField(_("SHA-256"), max_length=64)
    content = models.BinaryField(editable=False)
    verdicts = models.BinaryField(editable=False, default=b"")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, related_name="server_files"
    )
    at = models.DateTimeField(_("uploaded"), db_index=True)
    applied_at = models.DateTimeField(_("taken in"), null=True, blank=True)
    created = models.PositiveIntegerField(pgettext_lazy("rows", "created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)

    class Meta:
        verbose_name = _("file of servers")
        verbose_name_plural = _("files of servers")
        default_permissions = ()
        permissions = [("import_server", gettext_noop("Can take in servers from a file"))]

    def __str__(self) -> str:
        return self.name

    @property
    def rows(self) -> int:
        """How many rows were judged."""
        return self.created + self.updated + self.unchanged + self.rejected
