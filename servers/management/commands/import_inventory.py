"""manage.py import_inventory: take in the provider's responses, or a spreadsheet of servers, from files."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codes import services, values
from codes.choices import Channel
from icpportal.processes import ProcessLost, usable
from icpportal.progress import shown
from servers.choices import FeedKind
from servers.inventory.apply import Incomplete, apply_inventory
from servers.inventory.facts import REGION_CODE, Tally
from servers.inventory.files import ResponseFiles, Unreadable, opened
from servers.inventory.runs import record_import, record_sheet
from servers.inventory.sheet import Sheet
from servers.inventory.sheet_import import RESULTS, SheetImport, Verdict
from servers.inventory.tencent import Inventory
from servers.management.accounts import NOTHING_DONE, account_named
from servers.models import Account

PROCESSES = 4  # that share the work, unless told otherwise
STAYS = "what was taken in stays, so run this again"


class Command(BaseCommand):
    """Exit code 0, also when rows were rejected, which it lists; 2 when nothing was done, and says why."""

    help = (
        "Import the provider's responses (DescribeInstances, DescribeAddresses, DescribeLoadBalancers) of one account. "
        "A file holds one response, a list of them, or JSON lines; - is standard input. "
        "Or, with --csv, a spreadsheet of servers, as export_inventory --csv writes it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("files", nargs="*", metavar="FILE")
        parser.add_argument(
            "--csv", metavar="FILE", help="a spreadsheet of servers of any accounts; - is standard input"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="with --csv: say what would become of it, do nothing"
        )
        parser.add_argument("--account", metavar="UID", help="whose servers these are")
        parser.add_argument("--region", help="take in rows of this region alone")
        parser.add_argument("--complete", action="store_true", help="servers that are missing become terminated")
        parser.add_argument("--create-account", metavar="NAME", help="create the account if it is not known")
        parser.add_argument(
            "--processes",
            type=int,
            default=PROCESSES,
            metavar="N",
            help="at most so many share the work, one a processor; %(default)s by default, always one on SQLite",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, check, apply, sum up."""
        self._refuse_misuse(options)
        options["processes"] = usable(options["processes"])
        self._has_begun = False
        try:
            if options["csv"] is not None:
                self._take_sheet(options["csv"], is_dry=options["dry_run"], processes=options["processes"])
            else:
                self._take_responses(options)
        except Unreadable as error:
            if self._has_begun:
                raise CommandError(f"{error.path} cannot be read any more; {STAYS}: {error.reason}") from error
            message = f"{error.path} cannot be read, so nothing was done: {error.reason}"
            raise CommandError(message, returncode=NOTHING_DONE) from error
        except ProcessLost as error:
            done = STAYS if self._has_begun else "nothing was done"
            raise CommandError(f"A process was killed; {done}.") from error

    def _take_responses(self, options: dict[str, Any]) -> None:
        with ResponseFiles(options["files"], stdin=sys.stdin.buffer) as responses:
            try:
                inventory = Inventory(responses, is_secret=values.stands_in)
                if options["complete"] and not inventory.is_complete:
                    raise Incomplete
                account = account_named(options["account"], create_as=options["create_account"])
                tally = self._apply(inventory, account, options)
            except Incomplete as error:
                message = "These responses are not complete: instances are missing or listed twice, or one is an error."
                raise CommandError(f"{message} Nothing was done.", returncode=NOTHING_DONE) from error
        self._sum_up(tally)

    def _refuse_misuse(self, options: dict[str, Any]) -> None:
        of_responses = [options[name] for name in ("files", "account", "region", "complete", "create_account")]
        if options["csv"] is not None and any(of_responses):
            raise CommandError(
                "--csv goes alone or with --dry-run: its rows name their accounts.", returncode=NOTHING_DONE
            )
        if options["csv"] is None and (options["dry_run"] or not options["files"] or options["account"] is None):
            raise CommandError("Give --account UID and FILE, or --csv FILE.", returncode=NOTHING_DONE)
        if options["region"] is not None and not REGION_CODE.fullmatch(options["region"]):
            raise CommandError("The region is malformed.", returncode=NOTHING_DONE)
        if options["processes"] < 1:
            raise CommandError("--processes is 1 or more.", returncode=NOTHING_DONE)

    def _take_sheet(self, path: str, *, is_dry: bool, processes: int) -> None:
        now = timezone.now()
        observer = partial(services.record_server_changes, actor=None, channel=Channel.COMMAND, now=now)
        with opened(path, stdin=sys.stdin.buffer) as file:
            sheet = Sheet(file, name=path, is_secret=values.stands_in)
            self._has_begun = not is_dry
            work = SheetImport(sheet, now=now, observer=observer, heed=self._heed, is_dry=is_dry)
            with shown("Importing", total=sheet.rows, things="rows", say=self._say) as progress:
                for rows in work.steps(processes=processes):
                    progress(rows)
        if not is_dry:
            record_sheet(work.counts, actor="system", now=now)
        numbers = ", ".join(f"{work.total[result]} {result}" for result in RESULTS)
        self.stdout.write(f"{'Nothing was done. It would be: ' if is_dry else ''}{numbers}.")

    def _heed(self, verdict: Verdict) -> None:
        for column, detail in verdict.wrong:
            where = f"line {verdict.line}{f', {column}' if column else ''}"
            self.stdout.write(f"rejected {verdict.instance_id or '-'} ({where}): {detail}")

    def _apply(self, inventory: Inventory, account: Account, options: dict[str, Any]) -> Tally:
        now = timezone.now()
        observer = partial(services.record_server_changes, actor=None, channel=Channel.COMMAND, now=now)
        self._has_begun = True
        with shown("Importing", total=inventory.rows, things="rows", say=self._say) as progress:
            tally = apply_inventory(
                inventory,
                account=account,
                region=options["region"],
                complete=options["complete"],
                now=now,
                observer=observer,
                progress=progress,
                processes=options["processes"],
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
