"""Who is to be told what: one letter a member, read a batch of members at a time by a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q

from codes.notices.choices import Kind
from codes.notices.due import Due, Key, due
from codes.notices.models import MutedAccount, NoNotices, NoticeSent
from icpportal.sign_in.models import Preference
from servers.models import Account

BATCH = 200  # members

_MEMBERSHIP: Any = Account.members.through


@dataclass(frozen=True, kw_only=True)
class Letter:
    """All that one member is to be told now, in the order of account, server, kind and moment."""

    user: User
    language: str
    items: list[Due]


def letters(*, batch: int = BATCH, now: datetime) -> Iterator[Letter]:
    """The letters of all members who are active, have an address and want notices; only with something new in them."""
    members = (
        User.objects.filter(is_active=True, pk__in=_MEMBERSHIP.objects.values("user"))
        .exclude(email="")
        .exclude(pk__in=NoNotices.objects.values("user"))
        .order_by("pk")
    )
    last = 0
    while some := list(members.filter(pk__gt=last)[:batch]):
        yield from _of(some, now=now)
        last = some[-1].pk


def _of(members: list[User], *, now: datetime) -> Iterator[Letter]:
    accounts = _accounts(members)
    found = due({pk for pks in accounts.values() for pk in pks}, now=now)
    told = _told(members, now=now)
    languages = dict(Preference.objects.filter(user__in=members).values_list("user", "language"))
    for member in members:
        listed = [each for pk in accounts[member.pk] for each in found.get(pk, ())]
        new = [each for each in listed if each.key not in told[member.pk]]
        if new:
            new.sort(key=lambda each: each.code.server.account.uid)  # stable: the order within an account stays
            yield Letter(user=member, language=languages.get(member.pk, settings.LANGUAGE_CODE), items=new)


def _accounts(members: list[User]) -> dict[int, list[int]]:
    """By member, the accounts of which they want notices."""
    muted = set(MutedAccount.objects.filter(user__in=members).values_list("user", "account"))
    found: dict[int, list[int]] = defaultdict(list)
    for user, account in _MEMBERSHIP.objects.filter(user__in=members).values_list("user", "account"):
        if (user, account) not in muted:
            found[user].append(account)
    return found


def _told(members: list[User], *, now: datetime) -> dict[int, set[Key]]:
    """By member, what they were told of what can still be due."""
    sent = NoticeSent.objects.filter(Q(kind=Kind.STALLED) | Q(moment__gte=now), user__in=members)
    found: dict[int, set[Key]] = defaultdict(set)
    for user, code, kind, days, moment in sent.values_list("user", "code", "kind", "days", "moment"):
        found[user].add((code, kind, days, moment))
    return found
