"""Taking in a spreadsheet of servers, with a verdict for each row: by the same rules as a server put by a feed.

Each row is judged and written by `state`, so a version decides here as it does there; an empty one keeps what is
stored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from icpportal import bulk
from icpportal.processes import share
from icpportal.sentences import comma
from servers.inventory.apply import ServerTerminated, StaleVersion, VersionConflict, write_stated
from servers.inventory.batches import Batches, sharers
from servers.inventory.races import settle
from servers.inventory.sheet import Row, Sheet, Wrong
from servers.inventory.writing import Batch, Observer
from servers.models import Account

REJECTED = "rejected"
RESULTS = ("created", "updated", "unchanged", REJECTED)
Refusal: TypeAlias = StaleVersion | VersionConflict | ServerTerminated


@dataclass(kw_only=True, slots=True)
class Verdict:
    """What became of one row, or would: one of RESULTS, and for a rejected one what is wrong, by column."""

    line: int
    instance_id: str
    result: str
    wrong: tuple[Wrong, ...] = ()


@dataclass(kw_only=True, slots=True)
class _Part:
    """What became of one batch: rows by the uid and the result, the verdicts, the accounts that are known."""

    told: Counter[tuple[str, str]]
    verdicts: list[Verdict]
    accounts: dict[str, Account]


class SheetImport:
    """One import of a sheet as it goes. `heed` hears the verdict of each row, in order.

    With `is_dry` nothing is saved and nobody else hears of it. `total` counts rows by result, `counts` by account too.
    """

    def __init__(
        self,
        sheet: Sheet,
        *,
        now: datetime,
        observer: Observer,
        heed: Callable[[Verdict], object],
        is_dry: bool = False,
    ) -> None:
        self._sheet, self._now, self._observer, self._heed, self._is_dry = sheet, now, observer, heed, is_dry
        self.total: Counter[str] = Counter()
        self.counts: dict[Account, Counter[str]] = defaultdict(Counter)

    def steps(self, *, processes: int = 1) -> Iterator[int]:
        """Go on by one batch, in a transaction of its own, each time the number of its rows is asked for.

        So many processes share the work as `icpportal.processes` says, if there is enough of it; then `heed` hears of
        rejected rows alone. Raises OperationalError when a lock takes too long, ProcessLost when a process was killed;
        what was done before stays, unless a transaction surrounds this.
        """
        processes = sharers(self._sheet.rows, most=processes)
        shared = share(lambda turn: self._share(turn, processes), number=processes) if processes > 1 else None
        for part in shared or self._parts(Batches(self._sheet.read())):
            for verdict in part.verdicts:
                self._heed(verdict)
            for (uid, result), number in part.told.items():
                self.total[result] += number
                if uid in part.accounts:
                    self.counts[part.accounts[uid]][result] += number
            yield part.told.total()

    def _share(self, turn: int, processes: int) -> Iterator[_Part]:
        with self._sheet.reopened():
            for part in self._parts(Batches(self._sheet.read(turn, processes), ahead=False)):
                part.verdicts = [verdict for verdict in part.verdicts if verdict.wrong]
                yield part

    def _parts(self, batches: Batches[Row]) -> Iterator[_Part]:
        for rows in batches:
            with bulk.uncollected():
                part = self._take(rows, meanwhile=batches.read_on)
            yield part

    def _take(self, rows: list[Row], *, meanwhile: Callable[[], None]) -> _Part:
        uids = {row.account for row in rows if row.account}
        accounts = {account.uid: account for account in Account.objects.filter(uid__among=uids)}
        readable = [row for row in rows if row.facts is not None and row.account in accounts]
        results = settle(lambda: self._write(readable, accounts, meanwhile))
        verdicts = [
            _verdict(row, results.get(row.line), is_unknown=bool(row.account) and row.account not in accounts)
            for row in rows
        ]
        told = Counter((row.account, verdict.result) for row, verdict in zip(rows, verdicts, strict=True))
        return _Part(told=told, verdicts=verdicts, accounts=accounts)

    def _write(
        self, rows: list[Row], accounts: dict[str, Account], meanwhile: Callable[[], None]
    ) -> dict[int, str | Refusal]:
        refused: dict[int, str | Refusal] = {}
        while True:
            batch, results = self._state([row for row in rows if row.line not in refused], accounts)
            again = {line: result for line, result in results.items() if not isinstance(result, str)}
            if not again:
                break
            refused |= again
        if self._is_dry:
            transaction.set_rollback(True)
            return results | refused
        meanwhile()
        batch.save(self._observer)
        for row in rows:
            # Another row has taken an address of this server away before, which changed it.
            if results.get(row.line) == "unchanged" and batch.has_lost_one(batch.servers[row.instance_id]):
                results[row.line] = "updated"
        return results | refused

    def _state(self, rows: list[Row], accounts: dict[str, Account]) -> tuple[Batch, dict[int, str | Refusal]]:
        stated = [(row, row.facts) for row in rows if row.facts is not None]
        addresses = {ip.address for _row, facts in stated for ip in facts.ips or ()}
        names, regions = [facts.instance_id for _row, facts in stated], {facts.region for _row, facts in stated}
        batch = Batch(names, addresses, regions, now=self._now)
        results: dict[int, str | Refusal] = {}
        for row, facts in stated:
            try:
                results[row.line] = write_stated(batch, facts, account=accounts[row.account], version=row.version)[1]
            except (StaleVersion, VersionConflict, ServerTerminated) as error:
                results[row.line] = error
        return batch, results


def _verdict(row: Row, result: str | Refusal | None, *, is_unknown: bool) -> Verdict:
    wrong = row.wrong
    if is_unknown:
        wrong = (*wrong, ("account", _("There is no account %(uid)s.") % {"uid": row.account}))
    elif result is not None and not isinstance(result, str):
        wrong = (_why(result),)
    said = REJECTED if wrong or not isinstance(result, str) else result
    return Verdict(line=row.line, instance_id=row.instance_id, result=said, wrong=wrong)


def _why(error: Refusal) -> Wrong:
    if isinstance(error, StaleVersion):
        text = _("Version %(stored)d is known already: raise the version, or leave the cell empty.")
        return "version", text % {"stored": error.stored}
    if isinstance(error, VersionConflict):
        text = _("This version is known with another %(names)s: raise the version, or leave the cell empty.")
        return "version", text % {"names": comma().join(sorted(error.detail))}
    return "state", _("The server is terminated here, and that is final.")
