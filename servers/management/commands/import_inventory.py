"""manage.py import_inventory: take in the provider's responses from files."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codes import services
from codes.choices import Channel
from icpportal.progress import shown
from servers.choices import FeedKind
from servers.inventory.apply import Incomplete, apply_inventory
from servers.inventory.facts import REGION_CODE, Tally
from servers.inventory.files import ResponseFiles, Unreadable
from servers.inventory.runs import record_import
from servers.inventory.tencent import Inventory
from servers.management.accounts import NOTHING_DONE, account_named
from servers.models import Account


class Command(BaseCommand):
    """Exit code 0, also when rows were rejected, which it lists; 2 when nothing was done, and says why."""

    help = (
        "Import the provider's responses (DescribeInstances, DescribeAddresses, DescribeLoadBalancers) of one account. "
        "A file holds one response, a list of them, or JSON lines; - is standard input."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--account", required=True, metavar="UID", help="whose servers these are")
        parser.add_argument("--region", help="take in rows of this region alone")
        parser.add_argument("--complete", action="store_true", help="servers that are missing become terminated")
        parser.add_argument("--create-account", metavar="NAME", help="create the account if it is not known")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, check, apply, sum up."""
        if options["region"] is not None and not REGION_CODE.fullmatch(options["region"]):
            raise CommandError("The region is malformed.", returncode=NOTHING_DONE)
        with ResponseFiles(options["files"], stdin=sys.stdin.buffer) as responses:
            try:
                inventory = Inventory(responses)
                if options["complete"] and not inventory.is_complete:
                    raise Incomplete
                account = account_named(options["account"], create_as=options["create_account"])
                tally = self._apply(inventory, account, options["region"], complete=options["complete"])
            except Unreadable as error:
                message = f"{error.path} cannot be read: {error.reason} Nothing was done."
                raise CommandError(message, returncode=NOTHING_DONE) from error
            except Incomplete as error:
                message = "These responses are not complete: instances are missing or listed twice, or one is an error."
                raise CommandError(f"{message} Nothing was done.", returncode=NOTHING_DONE) from error
        self._sum_up(tally)

    def _apply(self, inventory: Inventory, account: Account, region: str | None, *, complete: bool) -> Tally:
        now = timezone.now()
        observer = partial(services.record_server_changes, actor=None, channel=Channel.COMMAND, now=now)
        with shown("Importing", total=inventory.rows, things="rows", say=self._say) as progress:
            tally = apply_inventory(
                inventory,
                account=account,
                region=region,
                complete=complete,
                now=now,
                observer=observer,
                progress=progress,
            )
        record_import(tally, account=account, kind=FeedKind.IMPORT, actor="system", now=now)
        return tally

    def _say(self, line: str) -> None:
        self.stderr.write(line, self.style.NOTICE)

    def _sum_up(self, tally: Tally) -> None:
        for row in tally.rejected:
            self.stdout.write(f"rejected {row.id or '-'}: {row.detail}")
        self.stdout.write(
            f"{tally.created} created, {tally.updated} updated, {tally.unchanged} unchanged, "
            f"{len(tally.rejected)} rejected."
        )
