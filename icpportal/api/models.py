"""API clients and their tokens. A token is stored only as a hash; nothing here can be turned back into one."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from servers.models import Account


class Scope(TextChoices):
    """What a client may do; icpportal/api/guide.py says it in words."""

    INVENTORY_WRITE = "inventory:write", _("Write inventory")
    CODES_READ = "codes:read", _("Read codes")
    CODES_GENERATE = "codes:generate", _("Generate codes")
    FILINGS_WRITE = "filings:write", _("Write filings")


class ApiClient(models.Model):
    """A program that calls the API. With an account it sees that account alone."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    scopes = models.JSONField(_("scopes"), default=list)
    account = models.ForeignKey(
        Account,
        verbose_name=_("account"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="api_clients",
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")

    def __str__(self) -> str:
        return self.name


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self, *, now: datetime) -> ApiTokenQuerySet:
        """Tokens that open something at `now`: not revoked, not expired, of an active client."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            revoked_at__isnull=True,
            client__is_active=True,
        )


class ApiToken(models.Model):
    """One secret of a client, as a hash. `prefix` is its first characters, to tell tokens apart in lists."""

    client = models.ForeignKey(ApiClient, verbose_name=_("API client"), on_delete=models.PROTECT, related_name="tokens")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    prefix = models.CharField(_("begins with"), max_length=12)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.prefix}…"


def token_digest(token: str) -> bytes:
    """How a token is stored and found: it holds 256 random bits, so a plain hash tells nothing about it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def issue_token(client: ApiClient, *, expires_at: datetime | None, now: datetime) -> str:
    """A new token of `client`, shown this once. `expires_at` is aware, or None for never."""
    token = f"icp_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        client=client, digest=token_digest(token), prefix=token[:8], created_at=now, expires_at=expires_at
    )
    return token


class CallCount(models.Model):
    """What a client did in one minute (counted since 1970): see throttling.py, the only writer."""

    client = models.OneToOneField(ApiClient, on_delete=models.CASCADE, primary_key=True, related_name="+")
    minute = models.BigIntegerField()
    calls = models.PositiveIntegerField()
    unknown_codes = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("calls of an API client")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.client_id}: {self.calls}"


class KeptAnswer(models.Model):
    """The answer to a request with an Idempotency-Key, sealed: see idempotency.py, the only writer.

    `fingerprint` is a hash of path and the meaning of the JSON. An empty `sealed` stands during the request.
    """

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(default=0)
    sealed = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("answer kept for an API client")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="answer_once_per_key")]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.status}"
