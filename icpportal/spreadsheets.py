"""Texts in cells of CSV files: written so that no spreadsheet runs them, and read back as they were."""

from __future__ import annotations

import re

_FIRST = r"[=+\-@\t\r\n＝＋－＠]"  # spreadsheets of East Asia take the wide ones too
_RUNS = re.compile(f"'*{_FIRST}")
_GUARDED = re.compile(f"'+{_FIRST}")


def guard(text: str) -> str:
    """The text led by an apostrophe when a spreadsheet would run it as a formula, or when it looks guarded already."""
    return f"'{text}" if _RUNS.match(text) else text


def unguard(text: str) -> str:
    """What `guard` made its text of; any other text as it is."""
    return text[1:] if text[:1] == "'" and _GUARDED.match(text) else text
