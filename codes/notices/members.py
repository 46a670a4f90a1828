"""What a member chose, and the signed ticket by which a mail lets them choose without signing in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction

from codes.notices.models import MutedAccount, NoNotices
from icpportal.sign_in.models import Preference
from servers.models import Account

_SIGNER_SALT = "codes.notices.stop"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The language of mails and pages ("" until chosen), whether notices are wanted, of which accounts (pk) not."""

    language: str
    is_on: bool
    muted: frozenset[int]


def choice_of(user: User) -> Choice:
    """What is stored; without anything, notices of every account."""
    language = Preference.objects.filter(user=user).values_list("language", flat=True).first()
    return Choice(
        language=language or "",
        is_on=not NoNotices.objects.filter(user=user).exists(),
        muted=frozenset(MutedAccount.objects.filter(user=user).values_list("account", flat=True)),
    )


def choose(user: User, *, language: str, is_on: bool, accounts: Collection[Account], wanted: Collection[int]) -> None:
    """Keep the choice. `accounts` are those that were offered, `wanted` the pks of those that were ticked."""
    with transaction.atomic():
        Preference.objects.update_or_create(user=user, defaults={"language": language})
        if is_on:
            NoNotices.objects.filter(user=user).delete()
        else:
            stop(user)
        MutedAccount.objects.filter(user=user).delete()
        MutedAccount.objects.bulk_create(
            [MutedAccount(user=user, account=account) for account in accounts if account.pk not in wanted],
            ignore_conflicts=True,
        )


def stop(user: User) -> None:
    """No notices any more, of any account. Again: the same."""
    NoNotices.objects.get_or_create(user=user)


def ticket(user: User) -> str:
    """What stands in the address that stops this person's notices. It does not expire and opens nothing else."""
    return signing.Signer(salt=_SIGNER_SALT).sign(str(user.pk))


def user_of(ticket: str) -> User | None:
    """Whose ticket it is; None for one that we did not sign, or of somebody who is gone."""
    try:
        pk = signing.Signer(salt=_SIGNER_SALT).unsign(ticket)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk).first()
