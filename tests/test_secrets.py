"""A day of use on every face; then all that was written, and every answer that is there for something else, is
searched for every value, token, secret and password."""

import logging
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codes import values
from codes.choices import EventType
from codes.models import AuthorizationCode, CodeEvent
from icpportal import sealing
from icpportal.logs import LineFormatter
from tests.codes.webhook_receiver import receiver
from tests.secrecy.day import Day
from tests.secrecy.written import Browser, Files, Lines, Piece, leaks, tables

pytestmark = pytest.mark.usefixtures("own_database")
_files = Files()
PAGES = 400  # of one person, more than there are kinds of


@pytest.fixture
def folder(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where everything goes that has a choice: uploads even when small, cache, mails, what is temporary."""
    for name in ("media", "uploads", "cache", "mails", "temporary"):
        (tmp_path / name).mkdir()
    settings.MEDIA_ROOT, settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "media", tmp_path / "uploads"
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    cache = {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": tmp_path / "cache"}
    settings.CACHES = {"default": cache}
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mails"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    _files.watching = True
    yield tmp_path
    _files.watching = False


@pytest.fixture
def logged(folder: Path) -> Iterator[list[str]]:
    """The lines of the day, which also go to a file."""
    lines, root = Lines(), logging.getLogger()
    file, level = logging.FileHandler(folder / "desk.log"), root.level
    file.setFormatter(LineFormatter())
    root.addHandler(lines)
    root.addHandler(file)
    root.setLevel(logging.DEBUG)
    yield lines.lines
    root.removeHandler(lines)
    root.removeHandler(file)
    file.close()
    root.setLevel(level)


def walk(browser: Browser, start: str) -> int:
    """Follow every link from a page on, each kind of address once; how many there were."""
    waiting, kinds = [start], set()
    while waiting and len(kinds) < PAGES:
        path = waiting.pop(0)
        kind = re.sub(r"\d+|=[^&]*|ins-\w+", "", path)
        if kind in kinds or not path.startswith("/") or path.startswith("/static/"):
            continue
        kinds.add(kind)
        answer = browser.get(path)
        assert answer.status_code < 500, path
        text = "" if answer.streaming else answer.content.decode("utf-8", "replace")
        waiting += [found.replace("&amp;", "&").partition("#")[0] for found in re.findall(r'href="([^"]+)"', text)]
        waiting += [answer.url] if answer.status_code == 302 else []
    return len(kinds)


def tour(day: Day) -> None:
    """Everybody reads everything."""
    assert walk(day.customer, "/") > 10
    assert walk(day.supervisor, "/admin/") > 40
    assert walk(day.root, "/admin/") > 40
    token = {"authorization": f"Bearer {day.token}"}
    lists = [
        "accounts/{}/",
        "accounts/{}/eligibility/",
        "servers/",
        "codes/",
        "events/",
        "filings/2026110001/",
        "schema/",
    ]
    for path in lists:
        answer = Browser(day.answers).get(f"/api/v1/{path.format(day.server.account.uid)}", headers=token)
        assert answer.status_code == 200, path


def test_after_a_day_of_use_nothing_that_was_written_holds_a_secret(
    settings: Any, folder: Path, logged: list[str]
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE, settings.ROOT_URLCONF = True, "tests.broken_urls"
    with receiver() as hook:
        day = Day(folder, hook.url)
        for part in (day.morning, day.noon, day.afternoon, day.imports, day.mistakes, day.faults, day.evening):
            part()
        tour(day)
    pieces: list[Piece] = [*tables(), *day.written, *day.answers, *(("a line of the log", line) for line in logged)]
    pieces += [("a webhook", f"{got.path}{got.headers}{got.body.decode()}") for got in hook.got]
    pieces += _files.texts(folder)
    everything_was_used(day, pieces, folder)
    never_shown = {values.show(sealing.unseal(code.sealed)) for code in AuthorizationCode.objects.all()}
    assert len(day.seen) >= 25 and len(never_shown - day.seen) >= 4
    assert leaks(pieces, day.seen | never_shown) == []
    packed = [each.decode("latin-1") for each in day.packed]
    assert len(packed) == 2
    assert [where for where, text in pieces for each in packed if each in text] == []


def everything_was_used(day: Day, pieces: list[Piece], folder: Path) -> None:
    """Without it the search would find nothing for the wrong reason."""
    done = set(CodeEvent.objects.values_list("type", flat=True))
    assert set(EventType.values) - done <= {EventType.GENERATION_REFUSED}
    for name in ("mails", "cache"):
        assert any((folder / name).iterdir()), name
    text = "\n".join(text for _where, text in pieces)
    for known in (
        "shop.example.cn",
        "broken",
        "It is put right.",
        "ins-sheet-1",
        "Web shop",
        "Why is my code invalid?",
    ):
        assert known in text, known
    places = {where.split(":")[0].split(".")[0] for where, _text in pieces}
    assert {
        "codes_bulkrow",
        "webhooks_webhookdelivery",
        "notices_noticesent",
        "a webhook",
        "a line of the log",
    } <= places


def test_the_search_finds_what_stands_anywhere(folder: Path) -> None:
    value = "ICP-7Q4KD-AAAAA-BBBBB-CCCCC-DDDDD"
    (folder / "cache" / "x").write_text(f"a {value.replace('-', ' ').lower()} b")
    (folder / "wide.csv").write_text(value, encoding="utf-16")
    found = leaks([*_files.texts(folder), ("page", f"?q={value[4:]}"), ("none", "ICP-…-DDDDD")], {value})
    assert sorted(Path(where).name for where, _text in found) == ["page", "wide.csv", "x"]
