"""A spreadsheet of servers, saved as CSV: a server a row, the columns those of the API's body.

UTF-8 with or without a byte order mark, UTF-16 with one, or GB18030; parted by commas, semicolons or tabs; empty rows
are passed over. The file is read twice: first for what is wrong with it as a whole and for what stands in it twice,
then a row at a time, so that any number of rows needs little memory. The first row that names an instance has it, and
an address the first that is good; later ones are bad.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import IO, TypeAlias

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from icpportal.sentences import comma
from icpportal.spreadsheets import unguard
from servers.inventory import cells
from servers.inventory.batches import is_turn
from servers.inventory.facts import SHORTEST_VALUE, ServerFacts, term_faults
from servers.inventory.fields import Bad, shown
from servers.inventory.files import Unreadable, reopened
from servers.inventory.hashes import Hashes

Named: TypeAlias = Callable[[str, list[str]], object]
Wrong: TypeAlias = tuple[str, object]  # column, what is wrong and what would be right
CHUNK = 64 * 1024
DELIMITERS = ",;\t"
MOST_TOLD = 5  # unknown columns that a refusal names
LOOKED_AT = 1000  # characters of a cell or a reason; longer texts are neither taken in nor repeated
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how .xlsx and .ods, and .xls, begin
_TERM = ("billing_mode", "purchased_at", "expires_at")  # judged together, where each could be read
TEXTS = ("instance_id", "account", "name", "region")  # columns that could carry a secret
SECRET = _("The cell carries an authorization code: take it out.")
_MORE_CELLS = ngettext_lazy(
    "The row has %(more)d cell more than the first row.", "The row has %(more)d cells more than the first row.", "more"
)


@dataclass(kw_only=True, slots=True)
class Row:
    """One row: what it states, or else what is wrong with it. `line` is where it begins in the file, from 1."""

    line: int
    instance_id: str
    account: str
    version: int | None
    facts: ServerFacts | None
    wrong: tuple[Wrong, ...]


class Sheet:
    """The rows of `file`, which can be rewound. `is_secret` tells texts that must not be taken in, nor repeated.

    `named` hears the instance ID and the addresses that each row names, whatever else is wrong with it. Raises
    Unreadable for a file that is no table of servers, also while iterating, and for more than `most` rows.
    """

    def __init__(
        self,
        file: IO[bytes],
        *,
        name: str,
        is_secret: Callable[[str], bool],
        most: int | None = None,
        named: Named = lambda instance_id, addresses: None,
    ) -> None:
        self._file, self._name, self._is_secret = file, name, is_secret
        self._encoding = self._find_encoding()
        ids, addresses = Hashes(), Hashes()
        self._columns: list[str] = []
        self.rows = 0
        for _line, texts in self._table():
            self.rows += 1
            if most is not None and self.rows > most:
                raise Unreadable(name, _("It has more than %(most)d rows: split it.") % {"most": most})
            instance_id, held = self._names(texts)
            ids.add(instance_id)
            for address in held:
                addresses.add(address)
            named(instance_id, held)
        self._repeated, self._contested = ids.repeated(), addresses.repeated()

    def read(self, turn: int = 0, turns: int = 1) -> Iterator[Row]:
        """The rows, in order. With `turns` so many share them, and these are the ones of `turn`."""
        first: dict[str, int] = {}
        for at, (line, texts) in enumerate(self._table()):
            is_mine = is_turn(at, turn=turn, turns=turns)
            if not (is_mine or self._repeated or self._contested):
                continue
            row = self._read(line, texts)
            is_repeated = row.instance_id and hash(row.instance_id) in self._repeated
            said = [("instance_id", row.instance_id)] if is_repeated else []
            for ip in row.facts.ips or () if row.facts else ():
                if hash(ip.address) in self._contested:
                    said.append(("ips", ip.address))
            row = _told_once(row, said, first) if said else row
            if is_mine:
                yield row

    @contextmanager
    def reopened(self) -> Iterator[None]:
        """Meanwhile the file is read with a place of its own in it: for a process that was forked."""
        with reopened(self._file) as self._file:
            yield

    # The table

    def _find_encoding(self) -> str:
        self._file.seek(0)
        head = self._file.read(4)
        if head in _WORKBOOKS:
            raise Unreadable(self._name, _("It is a workbook, not a CSV file: save it as “CSV UTF-8”."))
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        for encoding in ("utf-8-sig", "gb18030"):
            if self._is_in(encoding):
                return encoding
        raise Unreadable(self._name, _("It is neither UTF-8 nor GB18030: save it as “CSV UTF-8”."))

    def _is_in(self, encoding: str) -> bool:
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := self._file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    def _table(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not empty: its line and its cells, in the order of the columns."""
        self._columns = []
        with self._text() as text:
            line, skipped = 1, 0
            try:
                head = text.readline()
                while head and (not head.strip() or head[:4].lower() == "sep="):
                    head, skipped = text.readline(), skipped + 1
                reader = csv.reader(chain([head], text), delimiter=max(DELIMITERS, key=head.count))
                for texts in reader:
                    if not self._columns and any(texts):
                        self._columns = self._head(texts)
                    elif any(map(str.strip, texts)):
                        yield line + skipped, texts
                    line = reader.line_num + 1
            except (csv.Error, UnicodeError) as error:
                detail = _("Line %(line)d is not CSV: a quotation mark is missing, or a cell is too long.")
                raise Unreadable(self._name, detail % {"line": line + skipped}) from error
        if not self._columns:
            raise Unreadable(self._name, _("It is empty."))

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self._encoding, newline="")
        try:
            yield text
        finally:
            text.detach()

    def _head(self, texts: list[str]) -> list[str]:
        columns = [text.strip().lower() for text in texts]
        while columns and not columns[-1]:
            columns.pop()
        unknown = [shown(name) for name in columns if name not in cells.COLUMNS]
        missing = [name for name in cells.COLUMNS if name not in columns and name not in cells.OPTIONAL]
        right = comma().join(cells.COLUMNS)
        if missing:
            detail = _("Its first row lacks the columns %(missing)s. It may name %(right)s.")
            raise Unreadable(self._name, detail % {"missing": comma().join(missing), "right": right})
        if unknown:
            detail = _("Its first row names unknown columns: %(unknown)s. It may name %(right)s.")
            told = comma().join(unknown[:MOST_TOLD]) + (f"{comma()}…" if len(unknown) > MOST_TOLD else "")
            raise Unreadable(self._name, detail % {"unknown": told, "right": right})
        if twice := [name for name in cells.COLUMNS if columns.count(name) > 1]:
            raise Unreadable(self._name, _("Its first row names %(twice)s twice.") % {"twice": comma().join(twice)})
        return columns

    # The rows

    def _names(self, texts: list[str]) -> tuple[str, list[str]]:
        """The instance ID and the addresses that the row names."""
        return unguard(self._cell(texts, "instance_id")).strip(), list(cells.addresses(self._cell(texts, "ips")))

    def _cell(self, texts: list[str], column: str) -> str:
        return texts[at] if (at := self._columns.index(column)) < len(texts) else ""

    def _read(self, line: int, texts: list[str]) -> Row:
        said, wrong = {}, []
        for column, text in zip_longest(self._columns, texts[: len(self._columns)], fillvalue=""):
            try:
                if column in TEXTS and self._carries(text):
                    raise Bad("")
                said[column] = cells.read(column, text)
            except Bad as bad:
                carries = self._carries(text) or self._carries(str(bad.detail))
                wrong.append((column, SECRET if carries else bad.detail))
        if len(texts) > len(self._columns) and any(map(str.strip, texts[len(self._columns) :])):
            more = len(texts) - len(self._columns)
            wrong.append(("", _MORE_CELLS % {"more": more}))
        if all(name in said for name in _TERM):
            wrong += [(fault.field, fault.detail) for fault in term_faults(*(said[name] for name in _TERM))]
        account, version = said.pop("account", ""), said.pop("version", None)
        name = said.get("instance_id", "")
        facts = None if wrong else ServerFacts(**said)
        return Row(line=line, instance_id=name, account=account, version=version, facts=facts, wrong=tuple(wrong))

    def _carries(self, text: str) -> bool:
        return len(text) >= SHORTEST_VALUE and self._is_secret(text[:LOOKED_AT])


def _told_once(row: Row, said: list[tuple[str, str]], first: dict[str, int]) -> Row:
    """The row, bad if an earlier one has one of its handles; `first` tells which line has a handle."""
    text = _("%(handle)s is in line %(line)d already.")
    twice = [(column, text % {"handle": at, "line": first[at]}) for column, at in said if at in first]
    for column, handle in said:
        if column == "instance_id" or not twice:
            first.setdefault(handle, row.line)
    return replace(row, facts=None, wrong=(*row.wrong, *twice)) if twice else row
