"""Statements that are run all the time: handed to libpq as they are, prepared once a connection.

What the driver's cursor does for each statement, most of it in Python, costs as much again as the statement itself: a
quarter of what a short call of the API costs. Django's wrapper stays around it: its log, its wrappers and its errors.
"""

from __future__ import annotations

import re
import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import orjson
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Connection, Error, OperationalError
from psycopg._preparing import PrepareManager
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.types.json import set_json_loads

MOST_PREPARED = 100  # of one connection; then the oldest makes room
Values: TypeAlias = Sequence[Any] | Mapping[str, Any]
_PLACE = re.compile(r"%(?:(%)|s|\((\w+)\)s)")
_DONE = ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK
set_json_loads(orjson.loads)  # where a result is read in binary, as here: Django reads text itself
_held: WeakKeyDictionary[Connection[Any], _Held] = WeakKeyDictionary()


def share_names(*, connection: Any, **signal: object) -> None:
    """A receiver of `connection_created`: makes the driver tell when it ends every prepared statement.

    It sends DEALLOCATE ALL after a rollback, if it had prepared some of its own. Ours end with them, and it has no
    signal for that: so its list of them becomes one that forgets ours too.
    """
    if connection.vendor == "postgresql":
        connection.connection._prepared.__class__ = _Names


class _Names(PrepareManager):
    """The driver's own list of what it has prepared on a connection; after DEALLOCATE ALL nothing of ours is known."""

    def maintain_gen(self, conn: Any) -> Any:
        if None in self._to_flush:  # DEALLOCATE ALL
            _held.pop(conn, None)
        yield from super().maintain_gen(conn)


class Statement:
    """A statement with Django's placeholders: `%s` for each value in turn, or `%(name)s`."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def fetch(self, values: Values, *, database: Any = None, last: bool = False) -> list[Any]:
        """The rows that it gives with these values, as `fetch_in_turn` gives those of several."""
        return fetch_in_turn(Asked(self, values), database=database, last=last)[0]

    def ordered(self, values: Values) -> Sequence[Any]:
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


@dataclass(frozen=True)
class Asked:
    """A statement and the values to run it with."""

    statement: Statement
    values: Values


def fetch_in_turn(*asked: Asked, database: Any = None, last: bool = False) -> list[list[Any]]:
    """The rows of each statement, run in this order on the default `database` if none is given.

    PostgreSQL gets them at once, with the beginning of a transaction where Django wants one: a round trip in all. It
    runs the next when the one before is done, be it after a wait for a lock, and sees what is there then. With `last`
    nothing follows in the `atomic` block around, nor is it taken back: if that is the outermost, its end goes along.
    Raises Django's database errors, as a cursor of Django's does; what came after the error was not run.
    """
    database = database or connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        return [_through_cursor(each, database) for each in asked]
    database.ensure_connection()
    turn = _Turn(database.connection, asked, ends=last and _is_outermost(database))
    for each in asked:
        cursor = database.make_debug_cursor(turn) if database.queries_logged else database.make_cursor(turn)
        cursor.execute(each.statement.sql, each.values)
    return turn.rows


def _is_outermost(database: Any) -> bool:
    """Whether a transaction ends with the `atomic` block under way: not if it was begun by hand, without autocommit."""
    return len(database.atomic_blocks) == 1 and database.commit_on_exit


def _through_cursor(asked: Asked, database: Any) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(asked.statement.sql, asked.values)
        return list(cursor.fetchall())


class _Held:
    """What a connection holds: how values are written and read, and what is prepared, oldest first.

    It must not hold the connection, or none would ever be let go. Text is UTF-8 and moments are in UTC, as Django asks.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self.transformer = Transformer(connection.adapters)
        self.names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self.made = 0


@dataclass(frozen=True)
class _Written:
    """A statement with its values as libpq takes them."""

    sql: bytes
    types: tuple[int, ...]
    values: Sequence[Any]
    formats: Sequence[Any]

    @property
    def key(self) -> tuple[bytes, tuple[int, ...]]:
        """What is prepared."""
        return self.sql, self.types


class _Turn:
    """Several statements, in the place of a driver's cursor: Django's wrapper executes each, the last runs them all."""

    rows: list[list[Any]]

    def __init__(self, connection: Connection[Any], asked: Sequence[Asked], *, ends: bool) -> None:
        self._connection, self._pgconn, self._asked, self._ends = connection, connection.pgconn, asked, ends
        if (held := _held.get(connection)) is None:
            held = _held[connection] = _Held(connection)
        self._held, self._written = held, list[_Written]()

    def execute(self, sql: str, values: Values) -> None:
        """Take the next; with the last, run them all. Raises psycopg's errors."""
        statement, transformer = self._asked[len(self._written)].statement, self._held.transformer
        ordered = statement.ordered(values)
        written = transformer.dump_sequence(ordered, [PyFormat.AUTO] * len(ordered))
        types, formats = transformer.types or (), transformer.formats or ()
        self._written.append(_Written(statement.numbered, types, written, formats))
        if len(self._written) == len(self._asked):
            self.rows = [*map(self._read, self._results())]

    def _results(self) -> list[Any]:
        """The result of each. Raises psycopg's error for the first that failed."""
        how, runs = self._runs()
        # Without autocommit the driver begins a transaction by itself: so do we.
        begins = not self._connection.autocommit and self._pgconn.transaction_status == TransactionStatus.IDLE
        if len(runs) == 1 and not begins and not self._ends:
            return [self._checked(getattr(self._pgconn, f"exec_{how}")(*runs[0]))]
        send = getattr(self._pgconn, f"send_query_{how}")
        with _pipeline(self._connection):
            if begins:
                self._pgconn.send_query_params(self._connection._get_tx_start_command(), None)
            for each in runs:
                send(*each)
            if self._ends:
                self._pgconn.send_query_params(b"COMMIT", None)
            self._pgconn.pipeline_sync()
            results = _awaited(self._pgconn)
        return [*map(self._checked, results)][begins : begins + len(runs)]

    def _runs(self) -> tuple[str, list[tuple[Any, ...]]]:
        """How libpq runs them, "prepared" or "params" as its functions' names end, and the arguments for each."""
        if self._connection.prepare_threshold is None:
            return "params", [
                (each.sql, each.values, each.types, each.formats, Format.BINARY) for each in self._written
            ]
        names = self._held.names
        # Again from the first: preparing one may have ended another of these, the oldest.
        while missing := next((each.key for each in self._written if each.key not in names), None):
            self._prepare(missing)
        return "prepared", [(names[each.key], each.values, each.formats, Format.BINARY) for each in self._written]

    def _prepare(self, key: tuple[bytes, tuple[int, ...]]) -> None:
        held = self._held
        if len(held.names) >= MOST_PREPARED:
            oldest = next(iter(held.names))
            # As the driver does it: a pooler that can prepare knows the message, and no DEALLOCATE of one name.
            self._connection.wait(self._connection._deallocate(held.names.pop(oldest)))
        held.made += 1
        name = b"icp_%d" % held.made
        self._checked(self._pgconn.prepare(name, *key))
        held.names[key] = name

    def _checked(self, result: Any) -> Any:
        if result.status in _DONE:
            return result
        if self._pgconn.status == ConnStatus.BAD:
            raise OperationalError(result.get_error_message())
        raise error_from_result(result)

    def _read(self, result: Any) -> list[Any]:
        self._held.transformer.set_pgresult(result)
        return self._held.transformer.load_rows(0, result.ntuples, tuple)


@contextmanager
def _pipeline(connection: Connection[Any]) -> Iterator[None]:
    """Where what is sent waits for no answer. A connection that is left before all have come is closed."""
    connection.pgconn.enter_pipeline_mode()
    try:
        yield
    finally:
        try:
            connection.pgconn.exit_pipeline_mode()
        except Error:
            connection.close()


def _awaited(pgconn: Any) -> list[Any]:
    """The answers to all that was sent. Other threads run meanwhile, as they do not while libpq itself waits."""
    answers = list[Any]()
    _wait(pgconn)
    while True:
        while pgconn.is_busy():
            _wait(pgconn)
        if (answer := pgconn.get_result()) is None:  # nor will there be one
            raise OperationalError(pgconn.get_error_message())
        if answer.status == ExecStatus.PIPELINE_SYNC:
            return answers
        answers.append(answer)
        pgconn.get_result()  # None: the end of this one's


def _wait(pgconn: Any) -> None:
    """Send what is left to be sent as far as the other side takes it, or else take in what it sends."""
    unsent, ready = pgconn.flush(), select.poll()
    ready.register(pgconn.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
    ready.poll()
    pgconn.consume_input()
