"""The provider's responses of one region, kept in a file while they are read: a region may have many."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any


class Pages:
    """Responses in a temporary file, which may be read any number of times. Use as a context manager."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="ascii")

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[object]:
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)

    def add(self, response: Mapping[str, Any]) -> None:
        """One more response, at the end."""
        self._file.write(json.dumps(response) + "\n")

    def clear(self) -> None:
        """Begin anew."""
        self._file.seek(0)
        self._file.truncate()
