"""Idempotency-Key: the same POST under the same key by the same client is carried out once, for 24 hours.

The key's row is inserted first, in the transaction that also holds what the request does: whoever comes second waits
for the first, and what is rolled back leaves no key. Answers are sealed, for they may hold a code value.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from icpportal import sealing
from icpportal.api import problems
from icpportal.api.models import KeptAnswer
from icpportal.api.problems import Problem, invalid
from icpportal.logs import redact

if TYPE_CHECKING:
    from icpportal.api.endpoint import Call

HEADER, META_KEY = "Idempotency-Key", "HTTP_IDEMPOTENCY_KEY"
KEPT_FOR = timedelta(hours=24)
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_CLAIM = """
INSERT INTO api_keptanswer AS kept (client_id, key, fingerprint, status, sealed, created_at)
VALUES (%s, %s, %s, 0, %s, %s)
ON CONFLICT (client_id, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, created_at = excluded.created_at
    WHERE kept.created_at <= %s
RETURNING id
"""


def once(call: Call, handle: Callable[[], HttpResponse]) -> HttpResponse:
    """What `handle` answers, or what it answered when the request came before under its key.

    Raises Problem: idempotency_key_reused, request_in_progress; and what `handle` raises, except for refusals (409),
    which are answers to keep.
    """
    key = call.request.META.get(META_KEY)
    if key is None:
        return handle()
    if not _KEY.fullmatch(key):
        raise invalid(HEADER, "invalid", _("Give 1 to 255 printable ASCII characters."))
    key = _kept(key)
    with transaction.atomic():
        fingerprint = _fingerprint(call)
        claimed = _claim(call, key, fingerprint)
        if claimed is None:
            return _again(call, key, fingerprint)
        response = _answer(call, handle)
        KeptAnswer.objects.filter(pk=claimed).update(status=response.status_code, sealed=_seal(response))
        return response


def _answer(call: Call, handle: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return handle()
    except Exception as error:
        problem = problems.problem_of(error)
        if problem.kind.status != 409:
            raise
        return problems.respond(problem, call.request)


def _kept(key: str) -> str:
    """How a key is stored: one that looks like a code's value, as platforms may choose it, by its hash."""
    return key if redact(key) == key else hashlib.sha256(key.encode()).hexdigest()


def _fingerprint(call: Call) -> bytes:
    meaning = json.dumps(call.body, sort_keys=True)
    return hashlib.sha256(f"{call.request.path}\n{meaning}".encode()).digest()


def _claim(call: Call, key: str, fingerprint: bytes) -> int | None:
    """The row for this request; None when another request has the key. Waits for one that is under way."""
    moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (call.now, call.now - KEPT_FOR)]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [call.client.pk, key, fingerprint, b"", *moments])
            row = cursor.fetchone()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == "55P03":  # lock_not_available
            raise Problem("request_in_progress") from error
        raise
    return row[0] if row else None


def _again(call: Call, key: str, fingerprint: bytes) -> HttpResponse:
    kept = KeptAnswer.objects.get(client=call.client, key=key)
    if kept.fingerprint != fingerprint:
        raise Problem("idempotency_key_reused")
    headers, body = json.loads(sealing.unseal(kept.sealed))
    response = HttpResponse(body.encode(), status=kept.status, headers=headers)
    response["Idempotency-Replayed"] = "true"
    return response


def _seal(response: HttpResponse) -> bytes:
    headers = {name: response[name] for name in ("Content-Type", "Location") if name in response}
    headers["Content-Language"] = get_language() or "en"
    return sealing.seal(json.dumps([headers, response.content.decode()]))
