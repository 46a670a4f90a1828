"""CSV files for spreadsheets, whose cells are written so that no spreadsheet runs them, and read back as they were."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_BOM = "\ufeff"  # by which spreadsheets know UTF-8
_FIRST = r"[=+\-@\t\r\n＝＋－＠]"  # spreadsheets of East Asia take the wide ones too
_RUNS = re.compile(f"'*{_FIRST}")
_GUARDED = re.compile(f"'+{_FIRST}")


def guard(text: str) -> str:
    """The text led by an apostrophe when a spreadsheet would run it as a formula, or when it looks guarded already."""
    return f"'{text}" if _RUNS.match(text) else text


def unguard(text: str) -> str:
    """What `guard` made its text of; any other text as it is."""
    return text[1:] if text[:1] == "'" and _GUARDED.match(text) else text


def written(rows: Iterable[Iterable[str]], *, begins: bool = False) -> bytes:
    """Rows of guarded texts as lines of CSV, in UTF-8; `begins`: the file does, with a byte order mark."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return f"{_BOM if begins else ''}{text.getvalue()}".encode()
