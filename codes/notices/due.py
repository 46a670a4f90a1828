"""What there is to tell: codes that expire soon, filings that have stalled. Two queries for any number of accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q

from codes.choices import LIVE_STATES
from codes.models import AuthorizationCode, Filing
from codes.models.filings import LONG_HOLD
from codes.notices.choices import Kind
from codes.standing import EXPIRES_SOON
from codes.validity import expires_at, shown_as, with_shown_state
from icpportal.dates import SHANGHAI

DAYS_BEFORE = (1, 7, EXPIRES_SOON.days)  # nearest first
Key = tuple[int, str, int, datetime]


@dataclass(frozen=True, kw_only=True)
class Due:
    """One thing about one code: `moment` is its expiry (kind EXPIRY) or when the filing began (STALLED), aware.

    `days` is the threshold that was reached. `code` carries server, account and IP.
    """

    kind: Kind
    code: AuthorizationCode
    days: int
    moment: datetime
    filing: Filing | None = None

    @property
    def key(self) -> Key:
        """What makes it the same notice for a member."""
        return (self.code.pk, self.kind, self.days, self.moment)


def due(accounts: Collection[int], *, now: datetime) -> dict[int, list[Due]]:
    """By account, what its members are to be told, in the order of server, kind and moment."""
    found: dict[int, list[Due]] = defaultdict(list)
    for each in (*_expiring(accounts, now=now), *_stalled(accounts, now=now)):
        found[each.code.server.account_id].append(each)
    for listed in found.values():
        listed.sort(key=lambda each: (each.code.server.instance_id, each.kind, each.moment, each.code.pk))
    return found


def _expiring(accounts: Collection[int], *, now: datetime) -> list[Due]:
    """Codes that can still be used and whose expiry day is near; the nearest threshold that is reached counts."""
    soon = _end_of_day(now, DAYS_BEFORE[-1])
    codes = AuthorizationCode.objects.filter(
        Q(server__expires_at__lt=soon) | Q(ip__expires_at__lt=soon), server__account__in=accounts
    )
    judged: Any = with_shown_state(codes, now=now)
    found = []
    for code in judged.filter(shown_as(*LIVE_STATES, now=now)):
        moment = expires_at(code)
        if moment is not None:
            days = next(days for days in DAYS_BEFORE if moment < _end_of_day(now, days))
            found.append(Due(kind=Kind.EXPIRY, code=code, days=days, moment=moment))
    return found


def _stalled(accounts: Collection[int], *, now: datetime) -> list[Due]:
    holds = Filing.objects.filter(code__server__account__in=accounts).holding_long(now=now)
    return [
        Due(kind=Kind.STALLED, code=filing.code, days=LONG_HOLD.days, moment=filing.began_at, filing=filing)
        for filing in holds.select_related("code__server__account", "code__ip")
    ]


def _end_of_day(now: datetime, days: int) -> datetime:
    """The midnight in Shanghai that ends the day so many days from today: "expires in 1 day" is today or tomorrow."""
    day = now.astimezone(SHANGHAI).date() + timedelta(days=days + 1)
    return datetime.combine(day, time.min, SHANGHAI)
