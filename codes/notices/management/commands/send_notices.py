"""Send what is due to the members of accounts, once a day. Again on the same day, or beside itself, it sends none."""

from __future__ import annotations

from typing import Any

from django.core.mail import get_connection
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codes.notices.choices import Kind
from codes.notices.letters import Letter, letters
from codes.notices.sending import LeaseLost, deliver, give_back, take_lease
from icpportal import mailing

_GIVE_UP = 5  # failures in a row: the mail server is away


class Command(BaseCommand):
    """Exits with 1 when a mail could not be handed over; the next run tries it again."""

    help = "E-mail members about codes that expire in 30, 7 and 1 days and filings begun 45 days ago. Run it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="say who would be told what, and send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line in the end; with --dry-run a line for each member before it."""
        if options["dry_run"]:
            self._list()
            return
        if missing := mailing.missing():
            raise CommandError(f"{' and '.join(missing)} not set: nothing can be sent.")
        holder = take_lease(now=timezone.now())
        if holder is None:
            raise CommandError("Another run is under way, or was killed within the last 5 minutes.")
        try:
            self._send(holder)
        except LeaseLost:
            raise CommandError("Another run has taken over.") from None
        finally:
            give_back(holder, now=timezone.now())

    def _list(self) -> None:
        mails = notices = 0
        for letter in letters(now=timezone.now()):
            mails, notices = mails + 1, notices + len(letter.items)
            self.stdout.write(f"{letter.user.get_username()} ({letter.language}): {_counts(letter)}")
        self.stdout.write(f"{mails} mails with {notices} notices would be sent")

    def _send(self, holder: str) -> None:
        sent = notices = failed = in_a_row = 0
        with get_connection() as through:
            for letter in letters(now=timezone.now()):
                if deliver(letter, through=through, holder=holder, now=timezone.now()):
                    sent, notices, in_a_row = sent + 1, notices + len(letter.items), 0
                    continue
                failed, in_a_row = failed + 1, in_a_row + 1
                if in_a_row == _GIVE_UP:
                    break
        line = f"{sent} mails with {notices} notices sent, {failed} failed"
        if failed:
            raise CommandError(f"{line}; the next run tries again")
        self.stdout.write(line)


def _counts(letter: Letter) -> str:
    expiring = sum(each.kind == Kind.EXPIRY for each in letter.items)
    accounts = sorted({each.code.server.account.uid for each in letter.items})
    return f"{expiring} expiring, {len(letter.items) - expiring} stalled, of {', '.join(accounts)}"
