"""No code value is readable anywhere: every text and JSON column of every table, found in the catalogue.

The database looks for what could be a value, codes.values for what has its form; whether it is one, its digest tells.
By form alone one password's hash in 2,000 and one session in 500 would be taken for one. What sessions hold is packed,
so it is unpacked.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from importlib import import_module

from django.conf import settings
from django.db import connection

from codes import values
from codes.invariants.invariant import Broken, Invariant
from codes.models import AuthorizationCode

CHUNK = 2_000  # rows read at a time
# Five groups of five, or single characters, with anything between them; never a part of a longer word. Within a group
# may stand what is not seen, which is not ASCII.
_GROUP = "(?:[0-9a-z][^ -~]*){4}[0-9a-z]"
_GROUPS = f"(?:{_GROUP}[^0-9a-z]*){{4}}{_GROUP}"
_SINGLE = "(?:[0-9a-z][^0-9a-z]+){24,27}[0-9a-z]"
CANDIDATE = f"(?<![0-9a-z])(?:(?:[i1l]cp[^0-9a-z]*)?{_GROUPS}|{_SINGLE})(?![0-9a-z])"
_candidate = re.compile(CANDIDATE)
_COLUMNS = {
    "postgresql": "SELECT table_name, column_name, data_type FROM information_schema.columns "
    "JOIN information_schema.tables USING (table_schema, table_name) "
    "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' "
    "AND data_type IN ('text', 'character varying', 'character', 'json', 'jsonb') ORDER BY table_name, column_name",
    "sqlite": "SELECT m.name, c.name, c.type FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c "
    "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' "
    "AND (c.type LIKE '%char%' OR c.type LIKE '%text%' OR c.type LIKE '%json%') ORDER BY m.name, c.name",
}


def text_columns() -> dict[str, dict[str, bool]]:
    """Every table of this database with its columns that hold text or JSON, and whether it is JSON."""
    found: dict[str, dict[str, bool]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS[connection.vendor])
        for table, column, type in cursor.fetchall():
            found.setdefault(table, {})[column] = type.startswith("json")
    return found


def _readable() -> Iterator[Broken]:
    for table, columns in text_columns().items():
        yield from _readable_in(table, columns)
    yield from _readable_in_sessions()


def _readable_in(table: str, columns: dict[str, bool]) -> Iterator[Broken]:
    with connection.cursor() as cursor:
        keys = connection.introspection.get_primary_key_columns(cursor, table) or list(columns)[:1]
        cursor.execute(_search(table, keys, columns))
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                for column, text in zip(columns, row[len(keys) :], strict=True):
                    if text and _holds_one(text):
                        yield f"{table}.{column} {_shown(row[: len(keys)])}"


def _search(table: str, keys: list[str], columns: dict[str, bool]) -> str:
    """The rows of which a text could hold a value.

    JSON is dear to read as text and recurs, as policies do: put in a query of its own, PostgreSQL remembers the answer.
    """
    quote = connection.ops.quote_name
    texts, could, apart = [], [], ""
    for column, is_json in columns.items():
        text = f"CAST({quote(column)} AS text)"
        texts.append(text)
        if is_json and connection.vendor == "postgresql":
            name = quote(f"of_{column}")
            apart += f" CROSS JOIN LATERAL (SELECT {_could_hold_one(text)} AS could OFFSET 0) AS {name}"
            could.append(f"{name}.could")
        else:
            could.append(_could_hold_one(text))
    return f"SELECT {', '.join([*map(quote, keys), *texts])} FROM {quote(table)}{apart} WHERE {' OR '.join(could)}"


def _shown(key: tuple[object, ...]) -> str:
    """Of a key that is a text, the beginning: it may be a secret, or the very value."""
    return ", ".join(f"{each[:6]}…" if isinstance(each, str) else str(each) for each in key)


def _could_hold_one(text: str) -> str:
    """SQLite only leaves out what is too short: its regular expressions would be Python's, called row by row."""
    long_enough = f"length({text}) >= {values.LENGTH}"
    if connection.vendor != "postgresql":
        return long_enough
    # From cheap to dear. ASCII is normal as it is; a word alone, such as a request's id, is a value by its length.
    normal = f"lower(normalize({text}, NFKC)) ~ '{CANDIDATE}'"
    word = f"length({text}) IN ({values.LENGTH}, {values.LENGTH + len(values.PREFIX)})"
    return (
        f"({long_enough} AND CASE WHEN octet_length({text}) <> length({text}) THEN {normal} "
        f"WHEN {text} ~ '^[0-9A-Za-z]+$' THEN {word} ELSE lower({text}) ~ '{CANDIDATE}' END)"
    )


def _holds_one(text: str) -> bool:
    if not _candidate.search(unicodedata.normalize("NFKC", text).lower()):
        return False
    digests = [digest for value in values.found_in(text) for digest in values.digests(value)]
    return bool(digests) and AuthorizationCode.objects.filter(digest__in=digests).exists()


def _readable_in_sessions() -> Iterator[Broken]:
    """By the beginning of the session's key, which is itself a secret."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    sessions = store.get_model_class().objects.values_list("pk", "session_data")
    for key, data in sessions.iterator(chunk_size=CHUNK):
        if _holds_one(json.dumps(store().decode(data), ensure_ascii=False, default=str)):
            yield f"session {_shown((key,))}"


TEXTS = (
    Invariant(
        name="no_value_is_readable",
        says="No text and no JSON of any table holds a code value.",
        things="texts",
        broken=_readable,
    ),
)
