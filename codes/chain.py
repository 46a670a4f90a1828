"""The chain of a server's events: each carries a keyed hash (MAC) of itself and of the one before it.

Whoever can write to the database and lacks the key can neither change an event nor take one out from between others
unnoticed: `manage.py verify_audit` names the first that does not fit. The key comes from the setting AUDIT_KEYS, newest
first, or else from SECRET_KEY; keys that seal code values can change without touching it. The database's own number of
an event is not hashed, since the database draws it; the place in the chain is.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import TypeAlias

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

Head: TypeAlias = tuple[int, bytes]  # place and MAC of a server's last event
BEGINNING: Head = (0, bytes(32))  # of a server that has none

# Every column but id and mac, with what it holds when it says nothing. That is left out of what is hashed, so a column
# that is added later, with such a default, leaves the older MACs as they are.
COLUMNS: Mapping[str, object] = {
    "place": 0,
    "type": "",
    "at": None,
    "account_id": None,
    "server_id": None,
    "code_id": None,
    "order_number": "",
    "user_id": None,
    "client_id": None,
    "channel": "",
    "reason": "",
    "ticket": "",
    "failed": [],
    "policy": {},
    "detail": {},
    "request_id": "",
}
_EMPTY = tuple(COLUMNS.items())
_row = attrgetter(*COLUMNS)


def link(before: bytes, event: object) -> bytes:
    """The MAC, under the newest key, of an event whose predecessor's MAC is `before`; its place is set already."""
    return mac(keys()[0], before, _row(event))


def mac(key: bytes, before: bytes, row: Sequence[object]) -> bytes:
    """HMAC-SHA256 of the MAC before and of a row: the values of COLUMNS, in their order."""
    return seal(key, before, content(row))


def seal(key: bytes, before: bytes, written: bytes) -> bytes:
    """HMAC-SHA256 of the MAC before and of a row as `content` writes it."""
    return hmac.digest(key, before + written, "sha256")


def series(shared: Mapping[str, object], *varying: str) -> Callable[..., bytes]:
    """`content` for many rows that have the values `shared` and else differ in the columns `varying` alone, none empty.

    Takes their values in the order of their names, numbers as they are and others as `text` writes them.
    """
    parts = []
    for name, empty in sorted(COLUMNS.items()):
        if name in varying:
            parts.append(f'"{name}":%s')
        elif shared.get(name, empty) != empty:
            parts.append(f'"{name}":{text(shared[name])}'.replace("%", "%%"))
    template = f"{{{','.join(parts)}}}"
    return lambda *values: (template % values).encode()


def content(row: Sequence[object]) -> bytes:
    """The one way to write a row, whichever database it was read from: JSON with sorted keys, times in UTC."""
    said = {name: value for (name, empty), value in zip(_EMPTY, row, strict=True) if value != empty}
    return text(said).encode()


def keys() -> list[bytes]:
    """The keys of the chain, newest first."""
    return _derived(b"icp audit chain", tuple(settings.AUDIT_KEYS or [settings.SECRET_KEY]))


def signing_keys() -> list[bytes]:
    """The keys that sign exported heads, newest first."""
    return _derived(b"icp audit head", tuple(settings.AUDIT_KEYS or [settings.SECRET_KEY]))


@lru_cache(maxsize=8)
def _derived(label: bytes, secrets: tuple[str, ...]) -> list[bytes]:
    return [HKDF(SHA256(), length=32, salt=None, info=label).derive(secret.encode()) for secret in secrets]


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"An event holds {type(value).__name__}")


text = json.JSONEncoder(separators=(",", ":"), sort_keys=True, default=_plain).encode
