"""All that was written somewhere, as texts to search: tables, files, log lines, answers."""

from __future__ import annotations

import json
import logging
import pickle
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client

from codes import values
from icpportal.logs import LineFormatter
from icpportal.sign_in.models import Session

Piece = tuple[str, str]  # where it stands, and the text


class Lines(logging.Handler):
    """Every record, as the console would get it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(LineFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Files:
    """Which files this process opened for writing since `watching` was set."""

    def __init__(self) -> None:
        self.watching, self.paths = False, set[str]()
        sys.addaudithook(self._heed)

    def _heed(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching or event not in ("open", "os.rename", "sqlite3.connect"):
            return
        path, mode = (arguments[1], "w") if event == "os.rename" else (arguments[0], (*arguments, "")[1])
        flags = arguments[2] if event == "open" else 0
        if event != "open" or set("wax+") & set(mode or "") or flags & 3:
            self.paths.add(str(path))

    def texts(self, folder: Path) -> Iterator[Piece]:
        """Their contents as they are now, and those of everything below the folder."""
        found = {Path(path) for path in self.paths if not path.startswith("/dev/")} | set(folder.rglob("*"))
        for path in sorted(found):
            if path.is_file() and path.suffix != ".pyc":
                content = path.read_bytes()
                yield str(path), content.decode("latin-1")
                if path.suffix == ".djcache":
                    pickle.loads(content)  # when it expires; what is kept stands packed behind
                    yield f"{path}, unpacked", unpacked(content[content.index(b"x\x9c") :])


class Browser(Client):
    """Keeps every answer; who is meant to see a secret takes that one out of them."""

    def __init__(self, answers: list[Piece], **options: Any) -> None:
        super().__init__(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE="en", **options)
        self.answers = answers

    def request(self, **asked: Any) -> Any:
        answer = super().request(**asked)
        if answer.streaming:
            answer.streaming_content = [b"".join(answer.streaming_content)]
        body = answer.getvalue() if answer.streaming else answer.content
        text = f"{answer.status_code} {answer.headers} {answer.cookies} {body.decode('utf-8', 'replace')}"
        self.answers.append((f"{asked['REQUEST_METHOD']} {asked['PATH_INFO']}", text))
        if answer.streaming:
            answer.streaming_content = [body]
        return answer


def unpacked(content: bytes) -> str:
    """Of what zlib packed, the text; "" of anything else."""
    try:
        return zlib.decompressobj().decompress(content).decode("latin-1")
    except zlib.error:
        return ""


def tables() -> Iterator[Piece]:
    """Every cell of every table as text, packed ones unpacked too; sessions also read."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        assert {"codes_codeevent", "django_migrations", "axes_accessattempt", "api_keptanswer"} <= set(names)
        for name in names:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, cell in zip(columns, row, strict=True):
                    if isinstance(cell, bytes | memoryview):
                        yield f"{name}.{column}, unpacked", unpacked(bytes(cell))
                        cell = bytes(cell).decode("latin-1")
                    yield f"{name}.{column}", str(cell)
    for session in Session.objects.all():
        yield "a session", json.dumps(session.get_decoded())


def forms_of(secret: str) -> list[str]:
    """A value with and without its prefix and hyphens; anything else as it is. In capitals."""
    if not secret.startswith("ICP-"):
        return [secret.upper()]
    bare = values.normalise(secret)
    groups = [bare[at : at + 5] for at in range(0, 25, 5)]
    return [bare, "-".join(groups), " ".join(groups), "%20".join(groups), "+".join(groups)]


def leaks(pieces: list[Piece], secrets: set[str]) -> list[Piece]:
    """The pieces that hold one of the secrets in any form; wide letters are folded to their one byte."""
    forms = [form for secret in secrets for form in forms_of(secret)]
    folded = [(where, text.replace("\0", "").upper()) for where, text in pieces]
    whole = "\n".join(text for _where, text in folded)
    held = [form for form in forms if form in whole]
    return [(where, _around(text, text.index(form))) for where, text in folded for form in held if form in text]


def _around(text: str, at: int) -> str:
    return text[max(at - 200, 0) : at + 100]
