"""Read an account's servers from the provider itself: once, for a timer, or over and over, as a service."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from codes import services, values
from codes.choices import Channel
from icpportal.watching import NO_WAIT, is_wait, stopped_by_signals, watch
from servers.inventory.facts import REGION_CODE, Tally
from servers.inventory.provider import Access, BadEndpoint, NoCredentials, NoSDK, Provider
from servers.inventory.runs import record_sync
from servers.inventory.sync import Failure, Listener, Outcome, WrongAccount, sync
from servers.management.accounts import NOTHING_DONE, account_named
from servers.models import Account

PARTLY_DONE = 1  # exit code
INSTALL = ".venv/bin/pip install --require-hashes -r requirements-tencent.lock"


class Command(BaseCommand):
    """Exit code 0 when every region was read, 1 when some were, 2 when nothing was done."""

    help = (
        "Read the servers, addresses and load balancers of one account from Tencent Cloud, region by region. "
        "Credentials: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, if temporary, TENCENTCLOUD_TOKEN."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--account", required=True, metavar="UID", help="whose servers these are")
        parser.add_argument("--region", action="append", default=[], help="this region alone; may be repeated")
        parser.add_argument("--complete", action="store_true", help="servers that are gone there become terminated")
        parser.add_argument("--create-account", metavar="NAME", help="create the account if it is not known")
        parser.add_argument("--watch", type=float, metavar="SECONDS", help="go on, reading again after so many seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        """Once, or round after round until SIGTERM or SIGINT."""
        if bad := [name for name in options["region"] if not REGION_CODE.fullmatch(name)]:
            raise CommandError(f"The region is malformed: {bad[0]}", returncode=NOTHING_DONE)
        if options["watch"] is not None and not is_wait(options["watch"]):
            raise CommandError(NO_WAIT, returncode=NOTHING_DONE)
        stop = Event()
        provider = self._provider(stop)
        account = account_named(options["account"], create_as=options["create_account"])
        work = partial(self._round, provider, account, options["region"], complete=options["complete"])
        with stopped_by_signals(stop):
            if options["watch"] is None:
                _exit_as(work())
            else:
                watch(work, seconds=options["watch"], stop=stop)

    def _provider(self, stop: Event) -> Provider:
        try:
            access = Access.from_environment(os.environ, endpoint=settings.TENCENTCLOUD_ENDPOINT)
            return Provider(access, wait=lambda seconds: stop.wait(seconds) if seconds else stop.is_set())
        except NoSDK:
            message = f"The provider's SDK is not installed: {INSTALL}"
        except NoCredentials as error:
            message = f"{error.name} is missing from the environment or malformed."
        except BadEndpoint:
            message = "TENCENTCLOUD_ENDPOINT must be https://host or https://host:port; http is for this machine alone."
        raise CommandError(message, returncode=NOTHING_DONE)

    def _round(self, provider: Provider, account: Account, regions: Sequence[str], *, complete: bool) -> Outcome:
        now = timezone.now()
        observer = partial(services.record_server_changes, actor=None, channel=Channel.COMMAND, now=now)
        try:
            with self._listener() as listener:
                outcome = sync(
                    provider,
                    account=account,
                    regions=regions,
                    complete=complete,
                    is_secret=values.stands_in,
                    now=now,
                    observer=observer,
                    listener=listener,
                )
        except WrongAccount as error:
            outcome = Outcome(failures=[Failure(region="", code="WrongAccount", detail=_wrong(error, account))])
        if outcome.read or outcome.failures:
            record_sync(outcome, account=account, actor="system", now=now)
        self._sum_up(outcome)
        return outcome

    @contextmanager
    def _listener(self) -> Iterator[Listener]:
        """A bar on a terminal; a line a region here as there."""
        if not sys.stderr.isatty():
            yield Listener(regions=lambda names: None, rows=lambda region, rows: None, ended=self._say)
            return
        columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        with Progress(*columns, TimeElapsedColumn(), console=Console(file=sys.stderr), transient=True) as bar:
            task = bar.add_task("", total=None)
            read = 0

            def rows(region: str, more: int) -> None:
                nonlocal read
                read += more
                bar.update(task, description=f"{region}, {read} rows")

            def ended(region: str, result: Tally | Failure) -> None:
                bar.update(task, advance=1)
                self._say(region, result)

            yield Listener(regions=lambda names: bar.update(task, total=len(names)), rows=rows, ended=ended)

    def _say(self, region: str, ended: Tally | Failure) -> None:
        if isinstance(ended, Failure):
            self.stderr.write(f"{region} was left alone: {ended.code}: {ended.detail}")
            return
        for row in ended.rejected:
            self.stdout.write(f"{region}: rejected {row.id or '-'}: {row.detail}")
        if ended.created or ended.updated or ended.unchanged or ended.rejected:
            self.stdout.write(f"{region}: {_counts(ended)}.")

    def _sum_up(self, outcome: Outcome) -> None:
        for failure in outcome.failures:
            if not failure.region:
                self.stderr.write(f"Nothing was read: {failure.code}: {failure.detail}")
        if outcome.read:
            self.stdout.write(f"{len(outcome.read)} regions read: {_counts(outcome.tally)}.")


def _exit_as(outcome: Outcome) -> None:
    if not outcome.read:
        raise CommandError("Nothing was done.", returncode=NOTHING_DONE)
    if outcome.failures:
        raise CommandError(f"Regions left alone: {len(outcome.failures)}.", returncode=PARTLY_DONE)
    if outcome.is_stopped:
        raise CommandError("Stopped; the other regions were left alone.", returncode=PARTLY_DONE)


def _counts(tally: Tally) -> str:
    return (
        f"{tally.created} created, {tally.updated} updated, {tally.unchanged} unchanged, {len(tally.rejected)} rejected"
    )


def _wrong(error: WrongAccount, account: Account) -> str:
    return f"The credentials belong to account {error.found or 'unknown'}, not to {account.uid}."
