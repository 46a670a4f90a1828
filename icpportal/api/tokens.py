"""The life of clients and their tokens: made, listed, rotated, revoked. For commands and the desk alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from icpportal.api.models import ApiClient, ApiToken, Scope, issue_token
from servers.models import Account

MOST_DAYS = 36_500  # for which a token is valid, if not for ever
MOST_OVERLAP = 8_760  # hours for which an old token stays valid beside a new one


class ClientRefused(Exception):
    """What was asked for of a client cannot be; the message says why."""


def lifetime_of(days: int | None) -> timedelta | None:
    """How long a token is valid that is asked for with `days`; None is for ever. Raises ClientRefused."""
    if days is None:
        return None
    if not 1 <= days <= MOST_DAYS:
        raise ClientRefused(f"--expires takes 1 to {MOST_DAYS} days.")
    return timedelta(days=days)


def create_client(
    name: str, *, scopes: Iterable[str], account: str = "", lifetime: timedelta | None = None, now: datetime
) -> str:
    """A new client's first token, shown this once. `account` is a known uid. Raises ClientRefused."""
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in Scope.values]
    if unknown or not wanted:
        raise ClientRefused(f"A scope is one of {', '.join(Scope.values)}; give one or more.")
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise ClientRefused("A name has 1 to 100 printable characters.")
    owner = Account.objects.filter(uid=account).first() if account else None
    if account and owner is None:
        raise ClientRefused(f"There is no account {account}.")
    with transaction.atomic():
        client, is_new = ApiClient.objects.get_or_create(name=name, defaults={"scopes": wanted, "account": owner})
        if not is_new:
            raise ClientRefused(f"A client named {name} exists already; rotate_api_client gives it another token.")
        return issue_token(client, expires_at=now + lifetime if lifetime else None, now=now)


def rotate(client: ApiClient, *, overlap: timedelta, lifetime: timedelta | None = None, now: datetime) -> str:
    """Another token of `client`, shown this once; the old ones end after `overlap` at the latest."""
    if not client.is_active:
        raise ClientRefused(f"The client {client.name} is revoked.")
    with transaction.atomic():
        ends = now + overlap
        old = client.tokens.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=ends), revoked_at__isnull=True)
        old.update(expires_at=ends)
        return issue_token(client, expires_at=now + lifetime if lifetime else None, now=now)


def revoke(client: ApiClient, *, now: datetime) -> int:
    """Every token of `client` is dead at once, and none will follow; returns how many died."""
    with transaction.atomic():
        client.is_active = False
        client.save(update_fields=["is_active"])
        return client.tokens.filter(revoked_at__isnull=True).update(revoked_at=now)


def with_last_use() -> QuerySet[ApiClient]:
    """Every client with `last_used_at` of all its tokens, to the minute."""
    return ApiClient.objects.select_related("account").annotate(last_used_at=Max("tokens__last_used_at"))


def named(name: str) -> ApiClient:
    """The client of this name. Raises ClientRefused."""
    client = ApiClient.objects.filter(name=name).first()
    if client is None:
        raise ClientRefused(f"There is no client named {name}.")
    return client


def valid_tokens(client: ApiClient, *, now: datetime) -> int:
    """How many tokens of `client` open something at `now`."""
    return ApiToken.objects.valid(now=now).filter(client=client).count()
