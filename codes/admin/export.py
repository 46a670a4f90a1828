"""Tables as CSV: streamed, safe to open in a spreadsheet, in the language of the page.

UTF-8 with a byte order mark, so that spreadsheets read Chinese; a text that a spreadsheet would run as a formula is
led by an apostrophe. Times are in Asia/Shanghai, as the head says. No code value can be among the cells: lists and
events hold masked codes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.text import capfirst
from django.utils.translation import get_language, override

from icpportal.dates import SHANGHAI
from icpportal.sentences import StrPromise
from icpportal.spreadsheets import guard, written

CHUNK = 500  # rows in memory at a time
_RESULT_SALT = "codes.admin.export.result"
_RESULT_AGE = 24 * 3600  # seconds for which a result page's download works

Cell = str | int | datetime | StrPromise | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its head and the cell of a row. `is_moment`: an aware datetime or None, the head names the zone."""

    title: StrPromise
    cell: Callable[[Any], Cell]
    is_moment: bool = False

    @property
    def head(self) -> str:
        """The title in the language of the moment, with the zone."""
        return f"{capfirst(str(self.title))}{' (Asia/Shanghai)' if self.is_moment else ''}"


@dataclass(frozen=True, kw_only=True)
class Export:
    """How the rows of one list are written; `dress` gives a chunk of rows what its cells need, all at once."""

    columns: Sequence[Column]
    dress: Callable[[list[Any], datetime], list[Any]] = lambda rows, now: rows


def safe(cell: Cell) -> str:
    """A cell as text that no spreadsheet runs."""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    return "" if cell is None else guard(str(cell))


def stream(export: Export, rows: QuerySet[Any], *, now: datetime) -> Iterator[bytes]:
    """The whole list, CHUNK rows at a time, read through a cursor on the server: memory stays flat."""
    language = get_language()
    yield _lines([[column.head for column in export.columns]], begins=True)
    found = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        with override(language):  # the generator runs on after the request
            text = _lines([column.cell(row) for column in export.columns] for row in export.dress(chunk, now))
        yield text


def download(parts: Iterable[bytes], *, name: str, now: datetime) -> StreamingHttpResponse:
    """The answer that a browser saves as name-20261123-1302.csv."""
    filename = f"{name}-{now.astimezone(SHANGHAI):%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8", headers=headers)


def table(head: Sequence[StrPromise], rows: Iterable[Sequence[Cell]]) -> list[bytes]:
    """A table that is at hand as a whole."""
    return [_lines([head, *rows], begins=True)]


def signed(head: Sequence[StrPromise], rows: Iterable[Sequence[Cell]]) -> str:
    """The table of a result page, signed: a result is shown once and kept nowhere, so its page carries it."""
    table = [[str(cell) for cell in row] for row in (head, *rows)]
    return signing.dumps(table, salt=_RESULT_SALT, compress=True)


def read_signed(text: str) -> list[bytes]:
    """The CSV of a signed table. Raises signing.BadSignature for one that this site has not signed lately."""
    return [_lines(signing.loads(text, salt=_RESULT_SALT, max_age=_RESULT_AGE), begins=True)]


def _lines(rows: Iterable[Iterable[Cell]], *, begins: bool = False) -> bytes:
    return written(([safe(cell) for cell in row] for row in rows), begins=begins)
