"""Who calls: a bearer token, found by its hash in one indexed statement that also counts the call.

Sessions never authorise the API. Nothing is cached: a revoked token is dead at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Q
from django.http import HttpRequest

from icpportal import bulk
from icpportal.api import throttling
from icpportal.api.models import ApiClient, ApiToken, token_digest
from icpportal.api.problems import Problem
from icpportal.api.throttling import Count
from icpportal.statements import Statement

USED_AT_STEP = timedelta(minutes=1)  # last_used_at is kept to the minute
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,200})", re.IGNORECASE)

_ONE_STATEMENT = Statement(f"""
WITH token AS (
    SELECT t.id, t.last_used_at, t.client_id, c.name, c.scopes, c.account_id, a.uid
    FROM api_apitoken t JOIN api_apiclient c ON c.id = t.client_id LEFT JOIN servers_account a ON a.id = c.account_id
    WHERE t.digest = %(digest)s AND t.revoked_at IS NULL AND c.is_active
        AND (t.expires_at IS NULL OR t.expires_at > %(now)s)
), counted AS (
    INSERT INTO api_callcount AS count (client_id, minute, calls, unknown_codes)
    SELECT client_id, %(minute)s, 1, 0 FROM token {throttling.ADD_UP} RETURNING calls, unknown_codes
)
SELECT id, last_used_at, client_id, name, scopes, account_id, uid, calls, unknown_codes FROM token, counted
""")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The client behind a valid token, the uid of its account if it is limited to one, and its count of calls."""

    client: ApiClient
    account_uid: str | None
    count: Count

    def need(self, scopes: Collection[str]) -> None:
        """Raises Problem missing_scope unless the client has one of `scopes`."""
        if not set(scopes) & set(self.client.scopes):
            raise Problem("missing_scope", needed=sorted(scopes))


def authenticate(request: HttpRequest, *, now: datetime) -> Caller:
    """The caller. Raises Problem not_authenticated for a missing, malformed, unknown, expired or revoked token."""
    given = _BEARER.fullmatch(request.META.get("HTTP_AUTHORIZATION", ""))
    caller = _find(token_digest(given[1]), now) if given else None
    if caller is None:
        challenge = 'Bearer realm="icp", error="invalid_token"' if given else 'Bearer realm="icp"'
        raise Problem("not_authenticated", headers={"WWW-Authenticate": challenge})
    return caller


def _find(digest: bytes, now: datetime) -> Caller | None:
    return _find_by_one_statement(digest, now) if connection.vendor == "postgresql" else _find_by_orm(digest, now)


def _find_by_one_statement(digest: bytes, now: datetime) -> Caller | None:
    values: dict[str, Any] = {"digest": digest, "now": now, "minute": throttling.minute(now)}
    rows = _ONE_STATEMENT.fetch(values)
    if not rows:
        return None
    token, used_at, pk, name, scopes, account_id, uid, calls, unknown_codes = rows[0]
    _used(token, used_at, now)
    count = Count(calls=calls, unknown_codes=unknown_codes, now=now)
    return Caller(client=_client(pk, name, scopes, account_id), account_uid=uid, count=count)


def _client(pk: int, name: str, scopes: list[str], account_id: int | None) -> ApiClient:
    names = ("id", "name", "scopes", "account_id")
    return bulk.made(ApiClient, [pk, name, scopes, account_id], names=names, using=DEFAULT_DB_ALIAS)


def _find_by_orm(digest: bytes, now: datetime) -> Caller | None:
    token = ApiToken.objects.valid(now=now).filter(digest=digest).select_related("client__account").first()
    if token is None:
        return None
    client = token.client
    _used(token.pk, token.last_used_at, now)
    uid = client.account.uid if client.account else None
    return Caller(client=client, account_uid=uid, count=throttling.add(client, now=now))


def _used(token: int, before: datetime | None, now: datetime) -> None:
    """Keep when the token was last used, in a statement of its own once a minute."""
    stale = now - USED_AT_STEP
    if before is None or before <= stale:
        unused_since = Q(last_used_at__isnull=True) | Q(last_used_at__lte=stale)
        ApiToken.objects.filter(unused_since, pk=token).update(last_used_at=now)
