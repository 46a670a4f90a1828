"""manage.py reconcile_filings: the filing platform's list against the filings here, after a restore."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codes.reconciling.comparing import CannotSettle, Difference, differences, settle, unlisted
from codes.reconciling.listed import Listed, NoList, Unusable, read
from icpportal.api.models import ApiClient

DIFFERS, NOTHING_DONE = 1, 2  # exit codes


class Command(BaseCommand):
    """Exit code 0 when all agrees in the end, 1 when something still differs, 2 when nothing could be compared."""

    help = (
        "Compare the platform's list of filings (CSV with the columns order_number, code, domain, state and, where "
        "known, account, icp_number, reason, began_at, ended_at; or JSON lines as the API answers) with the filings "
        "here, and with --apply record what is missing. Codes are named by number, never by value."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--client", required=True, metavar="NAME", help="the API client whose filings these are")
        parser.add_argument("--apply", action="store_true", help="record what is missing; without it nothing is done")
        parser.add_argument("--complete", action="store_true", help="the list is whole: name what is held here alone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, compare, settle if asked, sum up."""
        client, now = self._client(options["client"]), timezone.now()
        rows = self._rows(options["file"])
        listed = [row for row in rows if isinstance(row, Listed)]
        unusable = [row for row in rows if isinstance(row, Unusable)]
        for row in unusable:
            self.stdout.write(f"line {row.line}: cannot be used: {row.why}")
        applied, left = 0, len(unusable)
        for difference in differences(listed, client=client, now=now):
            settled, what = self._outcome(difference, client, apply=options["apply"], now=now)
            applied, left = applied + settled, left + (not settled)
            each = difference.listed
            self.stdout.write(f"{each.order_number} (code {each.code}): {difference.said}; {what}")
        for filing in unlisted(listed, client=client) if options["complete"] else ():
            left += 1
            self.stdout.write(f"{filing.order_number} (code {filing.code_id}): {filing.state} here, not listed")
        self.stdout.write(f"{len(rows)} listed, {applied} applied, {left} differ.")
        if left:
            sys.exit(DIFFERS)

    def _outcome(self, difference: Difference, client: ApiClient, *, apply: bool, now: datetime) -> tuple[bool, str]:
        """Whether it is settled now, and what became of it or is to be done."""
        acts = ", ".join(difference.acts)
        if not acts:
            return False, "cannot be applied"
        if not apply:
            return False, f"to do: {acts}"
        try:
            settle(difference, client=client, now=now)
        except CannotSettle as error:
            return False, f"{acts} refused: {error}"
        return True, f"done: {acts}"

    def _client(self, name: str) -> ApiClient:
        client = ApiClient.objects.filter(name=name).first()
        if client is None:
            raise CommandError(f"There is no API client {name}.", returncode=NOTHING_DONE)
        return client

    def _rows(self, name: str) -> list[Listed | Unusable]:
        try:
            with open(name, encoding="utf-8-sig", newline="") as file:
                return list(read(file))
        except NoList as error:
            raise CommandError(f"{name} is no list of filings: {error}.", returncode=NOTHING_DONE) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CommandError(f"{name} cannot be read: {reason}", returncode=NOTHING_DONE) from error
