"""Handing letters over: one run at a time, and written down only afterwards.

A run holds a lease, which it prolongs before each mail; one that is killed leaves a lease that ends, and at most the
one mail under way is sent again.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta

from django.core.mail.backends.base import BaseEmailBackend

from codes.notices.letters import Letter
from codes.notices.mail import message
from codes.notices.models import Lease, NoticeSent

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than handing one mail over takes
_THE_ONE = 1


class LeaseLost(Exception):
    """Another run has taken over: this one must send nothing more."""


def take_lease(*, now: datetime) -> str | None:
    """The name under which this run holds the lease; None while another run does."""
    Lease.objects.get_or_create(pk=_THE_ONE, defaults={"holder": "", "until": now})
    holder = secrets.token_hex(16)
    taken = Lease.objects.filter(pk=_THE_ONE, until__lte=now).update(holder=holder, until=now + LEASE)
    return holder if taken else None


def give_back(holder: str, *, now: datetime) -> None:
    """Let the next run begin at once."""
    Lease.objects.filter(pk=_THE_ONE, holder=holder).update(until=now)


def deliver(letter: Letter, *, through: BaseEmailBackend, holder: str, now: datetime) -> bool:
    """Hand the letter over and note what it said; whether it went out. Raises LeaseLost."""
    if not Lease.objects.filter(pk=_THE_ONE, holder=holder, until__gt=now).update(until=now + LEASE):
        raise LeaseLost
    try:
        through.open()
        through.send_messages([message(letter, now=now)])
    except (OSError, ValueError) as error:  # of SMTP; of an address that is none
        log.warning("The notices of person %d could not be sent: %s", letter.user.pk, type(error).__name__)
        through.close()
        return False
    NoticeSent.objects.bulk_create(
        [
            NoticeSent(
                user=letter.user, code=each.code, kind=each.kind, days=each.days, moment=each.moment, sent_at=now
            )
            for each in letter.items
        ],
        ignore_conflicts=True,
    )
    return True
