"""Statements that are run all the time: handed to libpq as they are, prepared once a connection.

What the driver's cursor does for each statement, most of it in Python, costs as much again as the statement itself: a
quarter of what a short call of the API costs. Django's wrapper stays around it: its log, its wrappers and its errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Connection, OperationalError
from psycopg._preparing import PrepareManager
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus

MOST_PREPARED = 100  # of one connection; then the oldest makes room
_PLACE = re.compile(r"%(?:(%)|s|\((\w+)\)s)")
_DONE = ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK
_held: WeakKeyDictionary[Connection[Any], _Held] = WeakKeyDictionary()


def share_names(*, connection: Any, **signal: object) -> None:
    """A receiver of `connection_created`: what is prepared here is known to be gone when the driver ends all there is.

    It does so after a rollback, if it had prepared statements of its own, and has no signal for it.
    """
    if connection.vendor == "postgresql":
        connection.connection._prepared.__class__ = _Names


class _Names(PrepareManager):
    """The driver's own list of the statements that it has prepared on a connection."""

    def maintain_gen(self, conn: Any) -> Any:
        if None in self._to_flush:  # DEALLOCATE ALL
            _held.pop(conn, None)
        yield from super().maintain_gen(conn)


class Statement:
    """A statement with Django's placeholders: `%s` for each value in turn, or `%(name)s`."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def fetch(self, values: Sequence[Any] | Mapping[str, Any], *, database: Any = None) -> list[Any]:
        """The rows that it gives with these values, of the default `database` if none is given.

        Raises Django's database errors, as a cursor of Django's does.
        """
        database = database or connections[DEFAULT_DB_ALIAS]
        if database.vendor != "postgresql":
            with database.cursor() as cursor:
                cursor.execute(self.sql, values)
                return list(cursor.fetchall())
        database.ensure_connection()
        run = _Run(database.connection, self)
        cursor = database.make_debug_cursor(run) if database.queries_logged else database.make_cursor(run)
        cursor.execute(self.sql, values)
        return run.rows

    def ordered(self, values: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any]:
        """The values in the order of `numbered`."""
        return [values[name] for name in self._numbered[1]] if isinstance(values, Mapping) else values

    @property
    def numbered(self) -> bytes:
        """The same statement with PostgreSQL's own placeholders: $1, $2 and so on."""
        return self._numbered[0]

    @cached_property
    def _numbered(self) -> tuple[bytes, list[str]]:
        places: dict[str, int] = {}

        def place(found: re.Match[str]) -> str:
            if found[1]:
                return "%"
            return f"${places.setdefault(found[2] or str(len(places)), len(places) + 1)}"

        return _PLACE.sub(place, self.sql).encode(), list(places)


class _Held:
    """What a connection holds: how values are written and read, and what is prepared, oldest first.

    It must not hold the connection, or none would ever be let go. Text is UTF-8 and moments are in UTC, as Django asks.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self.transformer = Transformer(connection.adapters)
        self.names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self.made = 0


class _Run:
    """One run of a statement: of a driver's cursor all that Django's wrapper asks for."""

    rows: list[Any]

    def __init__(self, connection: Connection[Any], statement: Statement) -> None:
        self._connection, self._pgconn, self._statement = connection, connection.pgconn, statement

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any]) -> None:
        """Run it, in a transaction where Django wants one. Raises psycopg's errors."""
        if (held := _held.get(self._connection)) is None:
            held = _held[self._connection] = _Held(self._connection)
        transformer, ordered = held.transformer, self._statement.ordered(values)
        sent: Any = transformer.dump_sequence(ordered, [PyFormat.AUTO] * len(ordered))
        types, formats = transformer.types or (), transformer.formats or ()
        self._begin()
        if self._connection.prepare_threshold is None:
            numbered = self._statement.numbered
            result = self._pgconn.exec_params(numbered, sent, types, formats, Format.BINARY)
        else:
            name = held.names.get((self._statement.numbered, types)) or self._prepare(held, types)
            result = self._pgconn.exec_prepared(name, sent, formats, Format.BINARY)
        self._check(result)
        transformer.set_pgresult(result)
        self.rows = transformer.load_rows(0, result.ntuples, tuple)

    def _begin(self) -> None:
        if not self._connection.autocommit and self._pgconn.transaction_status == TransactionStatus.IDLE:
            self._check(self._pgconn.exec_(self._connection._get_tx_start_command()))

    def _prepare(self, held: _Held, types: tuple[int, ...]) -> bytes:
        if len(held.names) >= MOST_PREPARED:
            oldest = next(iter(held.names))
            # As the driver does it: a pooler that can prepare knows the message, and no DEALLOCATE of one name.
            self._connection.wait(self._connection._deallocate(held.names.pop(oldest)))
        held.made += 1
        name = b"icp_%d" % held.made
        self._check(self._pgconn.prepare(name, self._statement.numbered, types))
        held.names[self._statement.numbered, types] = name
        return name

    def _check(self, result: Any) -> None:
        if result.status in _DONE:
            return
        if self._pgconn.status == ConnStatus.BAD:
            raise OperationalError(result.get_error_message())
        raise error_from_result(result)
