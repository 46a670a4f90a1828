"""Files, and responses in them: one response, a list of them, or JSON lines, which are read a line at a time."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

import orjson
from django.utils.translation import gettext_lazy as _

from servers.inventory.fields import shown

STDIN = "-"


class Unreadable(Exception):
    """A file that cannot be opened, or holds no JSON in UTF-8: which, and why, for people."""

    def __init__(self, path: str, reason: object) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


@contextmanager
def opened(path: str, *, stdin: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file, so that it can be rewound: what comes once is kept in a temporary one. Raises Unreadable."""
    if path == STDIN:
        with _kept(stdin, path) as kept:
            yield kept
        return
    try:
        file = open(path, "rb")
    except (OSError, ValueError) as error:
        raise Unreadable(path, getattr(error, "strerror", None) or error) from error
    with file, _kept(file, path) if _comes_once(path) else nullcontext(file) as again:
        yield again


@contextmanager
def _kept(file: IO[bytes], path: str) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile() as kept:
        try:
            shutil.copyfileobj(file, kept)
            kept.flush()
        except OSError as error:
            raise Unreadable(path, error.strerror or error) from error
        yield kept


def _comes_once(path: str) -> bool:
    """Whether it cannot be read again: standard input, or a pipe, also one that stands under a name."""
    return path == STDIN or Path(path).is_fifo()


def reopened(file: IO[bytes]) -> IO[bytes]:
    """The same open file, whatever became of its name, with a place of its own in it, as a forked process needs.

    Linux alone has it.
    """
    return open(f"/proc/self/fd/{file.fileno()}", "rb")


class ResponseFiles:
    """The responses in `paths`, in order; may be iterated again. What comes once is kept, as `opened` says.

    Raises Unreadable, also while iterating. Use as a context manager.
    """

    def __init__(self, paths: Sequence[str], *, stdin: IO[bytes]) -> None:
        self._paths, self._stdin = paths, stdin
        self._names: dict[str, str] = {}  # of what is kept
        self._open = ExitStack()

    def __enter__(self) -> ResponseFiles:
        with ExitStack() as keeping:
            for path in filter(_comes_once, dict.fromkeys(self._paths)):
                self._names[path] = keeping.enter_context(opened(path, stdin=self._stdin)).name
            self._open = keeping.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def __iter__(self) -> Iterator[object]:
        for path in self._paths:
            # Opened each time: processes that share a file share the place in it.
            with opened(self._names.get(path, path), stdin=self._stdin) as file:
                yield from _responses(file, path)


def _responses(file: IO[bytes], path: str) -> Iterator[object]:
    """What stands in one file: a value a line, or a single value over many lines."""
    found = False
    try:
        for number, line in enumerate(file, start=1):
            try:
                value = orjson.loads(line)  # in a third of the time; what it does not take, json takes or explains
            except ValueError:
                text = line.decode("utf-8-sig")
                if not text.strip():
                    continue
                value = _explained(text, file, path, number=number, is_alone=not found)
            found = True
            yield from value if isinstance(value, list) else [value]
    except UnicodeDecodeError as error:
        raise Unreadable(path, _("It is not UTF-8.")) from error
    except OSError as error:
        raise Unreadable(path, error.strerror or error) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(path, _("It is not JSON: %(why)s") % {"why": _why(error)}) from error
    if not found:
        raise Unreadable(path, _("It is empty."))


def _explained(text: str, file: IO[bytes], path: str, *, number: int, is_alone: bool) -> Any:
    """The value of a line, or of it and all that follows. Raises Unreadable for one line of several."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if not is_alone:
            raise Unreadable(path, _("Line %(line)d is not JSON.") % {"line": number}) from error
        return json.loads(text + file.read().decode("utf-8"))


def _why(error: Any) -> str:
    return shown(str(error)) if isinstance(error, json.JSONDecodeError) else type(error).__name__
