"""Codes under the newest of CODE_KEYS, so that an older key can be dropped. Values and what is known of codes stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.fernet import InvalidToken
from django.db import transaction

from codes.models import AuthorizationCode
from codes.services.changes import give_value
from icpportal import sealing
from servers.models import Server

BATCH = 200  # codes; their servers are locked together, for some hundredths of a second


@dataclass
class Resealed:
    """What became of a batch: the last id looked at (None: there was none left), counts, ids that no key opens."""

    last: int | None = None
    seen: int = 0
    changed: int = 0
    unreadable: list[int] = field(default_factory=list)


def reseal_codes(*, after: int = 0, limit: int = BATCH) -> Resealed:
    """Seal the next `limit` codes by id after `after` anew, and their digests. What is new already is passed over.

    May run while the service does: a code is read and written under its server's lock, like in every other change.
    """
    found = Resealed()
    batch = list(AuthorizationCode.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "sealed")[:limit])
    if batch:
        found.last, found.seen = batch[-1][0], len(batch)
        old = [pk for pk, sealed in batch if not sealing.is_newest(sealed)]
        if old:
            _reseal(old, found)
    return found


def _reseal(ids: Sequence[int], found: Resealed) -> None:
    of_ids = AuthorizationCode.objects.filter(pk__in=ids)
    with transaction.atomic():
        servers = of_ids.values("server")
        list(Server.objects.filter(pk__in=servers).order_by("pk").select_for_update(no_key=True).values_list("pk"))
        fresh = []
        for code in of_ids.order_by("pk"):  # as they are now, after the wait
            try:
                give_value(code, sealing.unseal(code.sealed))
            except InvalidToken:
                found.unreadable.append(code.pk)
            else:
                fresh.append(code)
        AuthorizationCode.objects.bulk_update(fresh, ["digest", "sealed"])
    found.changed += len(fresh)
