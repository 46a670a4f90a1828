"""manage.py clear_old_records: delete what only tells how things went, once nobody asks any more; run it daily."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codes.services import clear_bulk_runs
from codes.webhooks.clearing import clear_deliveries
from servers.inventory.runs import clear_runs
from servers.inventory.uploads import let_go

DAYS = 90
MOST_DAYS = 36_500


class Command(BaseCommand):
    """Events, codes and filings stay for ever; so does what an endpoint of webhooks has yet to get."""

    help = (
        "Delete webhook deliveries that were settled long ago, with their attempts, bulk runs that were finished long "
        "ago, with their rows, and feed runs of long ago that are not the newest of their account. The contents of "
        "uploaded spreadsheets go after a day. Events, codes and filings stay. It may be stopped and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--older-than", type=int, default=DAYS, metavar="DAYS", help=f"1 to {MOST_DAYS}; {DAYS} if left out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, a transaction for some hundreds, and say how many there were."""
        if not 1 <= options["older_than"] <= MOST_DAYS:
            raise CommandError(f"--older-than takes 1 to {MOST_DAYS} days.")
        before = timezone.now() - timedelta(days=options["older_than"])
        deliveries = _all(lambda: clear_deliveries(before=before))
        self.stdout.write(f"Webhook deliveries deleted, with their attempts: {deliveries}")
        runs = _all(lambda: clear_runs(before=before))
        self.stdout.write(f"Feed runs deleted: {runs}")
        bulk_runs = _all(lambda: clear_bulk_runs(before=before))
        self.stdout.write(f"Bulk runs deleted, with their rows: {bulk_runs}")
        self.stdout.write(f"Spreadsheets that nobody took in, let go after a day: {let_go(now=timezone.now())}")


def _all(clear: Callable[[], int]) -> int:
    total = 0
    while gone := clear():
        total += gone
    return total
