"""The platform's list of filings: CSV with a line of names, or JSON lines as the API answers about filings."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import IO, Any

from rest_framework import serializers

from codes.api.serializers import HostName, account, icp_number, order_number
from codes.api.words import Words
from codes.choices import FilingState
from codes.models import Filing
from icpportal.api.fields import Boolean, Choice, Integer, Moment
from icpportal.api.problems import Invalid
from icpportal.api.serializers import InputSerializer, validated

MISSING = "A completed filing has an ICP filing number."


class _ListedInput(InputSerializer):
    """One filing, in the fields of the API's answers."""

    order_number = order_number()
    code = Integer(min_value=1, max_value=2**63 - 1)
    domain = HostName()
    account = account(required=False)
    state = Choice(choices=FilingState.choices)
    icp_number = icp_number(required=False)
    reason = Words(required=False, max_length=Filing.reason.field.max_length)
    began_at = Moment(required=False)
    ended_at = Moment(required=False)
    completed_after_expiry = Boolean(required=False)  # worked out here

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Raises ValidationError for a completed filing without its number."""
        if attrs["state"] == FilingState.COMPLETED and not attrs["icp_number"]:
            raise serializers.ValidationError({"icp_number": serializers.ValidationError(MISSING, "required").detail})
        return attrs


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A filing as the platform knows it. `code` is the number of the code; times are aware, or None if not told."""

    line: int
    order_number: str
    code: int
    domain: str
    account: str
    state: FilingState
    icp_number: str
    reason: str
    began_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """A line that is no filing, and why."""

    line: int
    why: str


class NoList(Exception):
    """The file cannot be read, or is no list of filings."""


def read(file: IO[str]) -> Iterator[Listed | Unusable]:
    """The filings of a text in UTF-8, opened with newline="". Raises NoList."""
    try:
        first = next((line for line in file if line.strip()), "")
        rows = _json_lines if first.lstrip().startswith("{") else _csv_rows
        for line, row in rows(chain([first], file)):
            yield row if isinstance(row, Unusable) else _listed(line, row)
    except UnicodeDecodeError as error:
        raise NoList("it is not UTF-8") from error


def _json_lines(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, Unusable(line=number, why="no JSON")


def _csv_rows(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    try:
        reader = csv.DictReader(lines, strict=True)
        missing = {"order_number", "code", "domain", "state"} - set(reader.fieldnames or ())
        if missing:
            raise NoList(f"there is no column {', '.join(sorted(missing))}")
        for row in reader:
            if None in row or None in row.values():
                yield reader.line_num, Unusable(line=reader.line_num, why="not as many cells as columns")
            else:
                code = row["code"]
                yield reader.line_num, {**row, "code": int(code) if re.fullmatch("[0-9]{1,18}", code) else code}
    except csv.Error as error:
        raise NoList(f"it is no CSV: {error}") from error


def _listed(line: int, row: Any) -> Listed | Unusable:
    if not isinstance(row, Mapping):
        return Unusable(line=line, why="no JSON object")
    try:
        said = validated(_ListedInput, {name: cell for name, cell in row.items() if cell not in ("", None)})
    except Invalid as error:
        return Unusable(line=line, why="; ".join(f"{each.field}: {each.detail}" for each in error.errors))
    said.pop("completed_after_expiry", None)
    return Listed(line=line, **{"began_at": None, "ended_at": None, **said, "state": FilingState(said["state"])})
