"""What the tests of spreadsheets share: a sheet from rows, and what became of them."""

import csv
import io
import tempfile
from datetime import datetime
from typing import Any

from codes.values import stands_in
from servers.inventory.cells import COLUMNS
from servers.inventory.sheet import Row, Sheet
from servers.inventory.sheet_import import SheetImport, Verdict
from tests.factories import NOW
from tests.servers.feeding import Heard

GOOD = {
    "instance_id": "ins-a",
    "account": "100000000001",
    "name": "web-1",
    "region": "ap-guangzhou",
    "billing_mode": "prepaid",
    "purchased_at": "2026-01-31 16:00:00",
    "expires_at": "2027-01-31 16:00:00",
    "state": "running",
    "public_ip_assigned": "true",
    "ips": "203.0.113.7 public",
    "version": "",
    "prepaid_months": "",
}


def table(*rows: dict[str, str], columns: Any = COLUMNS, delimiter: str = ",") -> str:
    """CSV of GOOD, each time with other cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(columns)
    writer.writerows([(GOOD | row).get(column, "") for column in columns] for row in rows)
    return text.getvalue()


def sheet(data: str | bytes, *, most: int | None = None, file: Any = None) -> Sheet:
    """Of memory, or of a real file that gets the data."""
    file = file or io.BytesIO()
    file.write(data.encode() if isinstance(data, str) else data)
    file.flush()
    return Sheet(file, name="servers.csv", is_secret=stands_in, most=most)


def rows_of(data: str | bytes) -> list[Row]:
    return list(sheet(data).read())


def wrong(data: str | bytes) -> list[tuple[int, str, str]]:
    """Line, column and reason of everything that is wrong."""
    return [(row.line, column, str(detail)) for row in rows_of(data) for column, detail in row.wrong]


def take_sheet(
    data: str | bytes, *, now: datetime = NOW, heard: Any = None, is_dry: bool = False, processes: int = 1
) -> tuple[list[Verdict], SheetImport]:
    verdicts: list[Verdict] = []
    observer = Heard() if heard is None else heard
    with tempfile.TemporaryFile() as file:
        told = sheet(data, file=file)
        work = SheetImport(told, now=now, observer=observer, heed=verdicts.append, is_dry=is_dry)
        for _rows in work.steps(processes=processes):
            pass
    return verdicts, work


def results(data: str | bytes, **options: Any) -> list[str]:
    return [verdict.result for verdict in take_sheet(data, **options)[0]]
