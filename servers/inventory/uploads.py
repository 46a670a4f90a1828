"""Files of servers that people upload: kept, judged, and taken in as a whole, as one transaction."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import IO, Any

import orjson
from django.contrib.auth.models import User
from django.db import transaction

from servers.inventory.facts import INSTANCE_ID
from servers.inventory.runs import record_sheet
from servers.inventory.sheet import SECRET, Named, Sheet
from servers.inventory.sheet_import import RESULTS, SheetImport, Verdict
from servers.inventory.writing import Observer, lock
from servers.models import ServerFile

MOST_ROWS = 100_000
MOST_BYTES = 32 * 1024 * 1024
KEPT = timedelta(days=1)  # until then a file can be taken in

Line = tuple[int, str, str, Sequence[tuple[str, str]]]  # line, instance ID, result, column and reason for each wrong


class AlreadyTaken(Exception):
    """The file is being taken in, or was, or is kept no longer: nothing was done."""


def keep(file: IO[bytes], *, name: str, is_secret: Callable[[str], bool], by: User, now: datetime) -> ServerFile:
    """An upload to be judged; its content stays in memory until then.

    Raises Unreadable, also for more than MOST_ROWS.
    """
    Sheet(file, name=name, is_secret=is_secret, most=MOST_ROWS)
    file.seek(0)
    content = file.read()
    let_go(now=now)
    kept = ServerFile.objects.create(name=name[:200], digest=hashlib.sha256(content).hexdigest(), by=by, at=now)
    kept.content = zlib.compress(content)
    return kept


def let_go(*, now: datetime) -> int:
    """Keep contents older than KEPT no longer; how many there were. The verdicts stay."""
    return ServerFile.objects.filter(at__lt=now - KEPT).exclude(content=b"").update(content=b"")


def judge(kept: ServerFile, *, is_secret: Callable[[str], bool], now: datetime) -> Iterator[tuple[int, int]]:
    """Say what would become of each row, and do nothing; yields how many rows of how many are done.

    Only then is the content written down, unless it carries a secret: one of which nobody knows never is.
    """
    heard: list[Line] = []
    sheet = _sheet(kept, is_secret)
    work = SheetImport(sheet, now=now, observer=lambda changes: None, heed=_keeper(heard), is_dry=True)
    yield from _counted(work, sheet)
    content = b"" if _has_secret(heard) else kept.content
    ServerFile.objects.filter(pk=kept.pk).update(content=content, **_outcome(work, heard))


def take_in(
    pk: int, *, digest: str, is_secret: Callable[[str], bool], observer: Observer, actor: str, now: datetime
) -> Iterator[tuple[int, int]]:
    """Take in the file as one transaction; yields how many rows of how many are done. Leaving off undoes all of it.

    Raises AlreadyTaken, and OperationalError when a server is locked for too long by somebody else.
    """
    with transaction.atomic():
        waiting = ServerFile.objects.select_for_update(skip_locked=True).filter(pk=pk, digest=digest, applied_at=None)
        kept = waiting.first()
        if kept is None or not kept.content:
            raise AlreadyTaken
        heard: list[Line] = []
        sheet = _locked(kept, is_secret)
        work = SheetImport(sheet, now=now, observer=observer, heed=_keeper(heard))
        yield from _counted(work, sheet)
        ServerFile.objects.filter(pk=pk).update(applied_at=now, content=b"", **_outcome(work, heard))
        record_sheet(work.counts, actor=actor, now=now)


def is_let_go(kept: ServerFile, *, now: datetime) -> bool:
    """Whether the file is kept no longer, though its day is not over and nobody took it in: it carries a secret."""
    return not kept.content and kept.applied_at is None and kept.at >= now - KEPT and is_judged(kept)


def is_judged(kept: ServerFile) -> bool:
    """Whether its verdicts are known."""
    return bool(kept.verdicts)


def lines(kept: ServerFile) -> list[Line]:
    """The verdicts, row by row."""
    packed = bytes(kept.verdicts)
    found: list[Line] = orjson.loads(zlib.decompress(packed)) if packed else []
    return found


def _sheet(kept: ServerFile, is_secret: Callable[[str], bool], *, named: Named = lambda name, held: None) -> Sheet:
    content = io.BytesIO(zlib.decompress(bytes(kept.content)))
    return Sheet(content, name=kept.name, is_secret=is_secret, named=named)


def _locked(kept: ServerFile, is_secret: Callable[[str], bool]) -> Sheet:
    """The sheet, with all servers locked that it can touch, in pk order, for the transaction around the whole."""
    names: list[str] = []
    addresses: list[str] = []

    def remember(name: str, held: list[str]) -> None:
        if INSTANCE_ID.fullmatch(name):  # else no server has it; nor does PostgreSQL take every text
            names.append(name)
        addresses.extend(held)

    sheet = _sheet(kept, is_secret, named=remember)
    lock(names, addresses)
    return sheet


def _keeper(heard: list[Line]) -> Callable[[Verdict], Any]:
    def keep(verdict: Verdict) -> None:
        wrong = [(column, str(detail)) for column, detail in verdict.wrong] if verdict.wrong else ()
        heard.append((verdict.line, verdict.instance_id, verdict.result, wrong))

    return keep


def _counted(work: SheetImport, sheet: Sheet) -> Iterator[tuple[int, int]]:
    done = 0
    yield done, sheet.rows
    for rows in work.steps():
        done += rows
        yield done, sheet.rows


def _has_secret(heard: list[Line]) -> bool:
    said = str(SECRET)
    return any(why == said for _line, _name, _result, wrong in heard for _column, why in wrong)


def _outcome(work: SheetImport, heard: list[Line]) -> dict[str, Any]:
    """What a file keeps of an import."""
    return {**{result: work.total[result] for result in RESULTS}, "verdicts": zlib.compress(orjson.dumps(heard))}
