"""Whether the chains of events are whole, and what a signed head says about it (codes/chain.py).

Reads every event once, in constant memory. A chain alone cannot tell that its tail was cut together with its head; a
head that was exported before and kept elsewhere can.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from django.db.models import Q

from codes import chain
from codes.models import CodeEvent, EventHead
from icpportal.snapshots import snapshot

Row: TypeAlias = tuple[Any, ...]  # number, MAC, then chain.COLUMNS
CHUNK = 2_000  # rows read at a time
BLOCK = 1_000  # servers whose heads are folded together
_SERVER = 2 + list(chain.COLUMNS).index("server_id")


class Wrong(StrEnum):
    """What is wrong with an event or a chain."""

    EDITED = "edited"
    MISSING = "missing"
    SWAPPED = "swapped"
    CUT = "cut"
    HEAD = "head"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """The first thing wrong with the chain of a server. `event_id` is None where no event is left to name."""

    wrong: Wrong
    server_id: int
    event_id: int | None
    said: str


@dataclass(frozen=True, kw_only=True)
class Head:
    """All chains up to the event `until`, folded: `blocks` has a hash for each thousand of servers, by their number."""

    at: str
    until: int
    servers: int
    events: int
    blocks: dict[str, str]


class Forged(Exception):
    """The file is no head that was signed with one of the keys."""


class Audit:
    """One walk along every chain. After `faults` is exhausted, the rest says what was seen."""

    def __init__(self, *, until: int, progress: Callable[[int], None] = lambda rows: None) -> None:
        self.until = until
        self.events = self.servers = 0  # all that was read
        self.known_events = self.known_servers = 0  # of it, up to `until`
        self.blocks: dict[str, str] = {}
        self._progress = progress
        self._keys = chain.keys()
        self._fold = hashlib.sha256()

    def faults(self) -> Iterator[Fault]:
        """The first fault of each server, by the servers' numbers."""
        with snapshot():
            try:
                for server_id, head, rows in _chains(self._rows()):
                    self.servers += 1
                    walk = _Walk(server_id, self._keys, self.until)
                    fault = walk.along(rows) or walk.at_its_end(head)
                    self._take(walk)
                    if fault:
                        yield fault
            except _Unreadable as error:
                yield error.fault

    def _rows(self) -> Iterator[Row]:
        last = 0, 0
        rows = CodeEvent.objects.order_by("server_id", "pk").values_list("pk", "mac", *chain.COLUMNS)
        try:
            for row in rows.iterator(chunk_size=CHUNK):
                self.events += 1
                if self.events % CHUNK == 0:
                    self._progress(CHUNK)
                last = row[_SERVER], row[0]
                yield row
        except (AttributeError, ValueError) as error:  # SQLite keeps a time that is none
            raise _Unreadable(*last) from error

    def _take(self, walk: _Walk) -> None:
        """Fold the server's head in."""
        if walk.known is None:
            return
        self.known_servers += 1
        self.known_events += walk.known_events
        block = str(walk.server_id // BLOCK)
        if block not in self.blocks:
            self._fold = hashlib.sha256()
        place, mac = walk.known
        self._fold.update(f"{walk.server_id} {place} {mac.hex()}\n".encode())
        self.blocks[block] = self._fold.hexdigest()

    def head(self, *, now: datetime) -> Head:
        """What was seen up to `until`, to be kept elsewhere."""
        return Head(
            at=now.isoformat(),
            until=self.until,
            servers=self.known_servers,
            events=self.known_events,
            blocks=self.blocks,
        )


class _Walk:
    """Along the chain of one server."""

    def __init__(self, server_id: int, keys: list[bytes], until: int) -> None:
        self.server_id = server_id
        self.known: chain.Head | None = None  # that of the last event up to `until`
        self.known_events = 0
        self._keys, self._until = keys, until
        self._key = len(keys) - 1  # the oldest that may still come: after an event under a newer key, none older does
        self._last: chain.Head = chain.BEGINNING
        self._last_id: int | None = None

    def along(self, rows: Iterable[Row]) -> Fault | None:
        """The first fault among the events; all of them are read."""
        found = None
        for row in rows:
            found = found or self._judge(row)
            self._last, self._last_id = (row[2], _raw(row[1])), row[0]
            if row[0] <= self._until:
                self.known = self._last
                self.known_events += 1
        return found

    def _judge(self, row: Row) -> Fault | None:
        expected = self._last[0] + 1
        if row[2] != expected:
            return self._out_of_place(row, expected)
        while not hmac.compare_digest(chain.mac(self._keys[self._key], self._last[1], row[2:]), _raw(row[1])):
            if self._key == 0:
                return self._fault(Wrong.EDITED, row[0], "it does not hold what was recorded")
            self._key -= 1
        return None

    def _out_of_place(self, row: Row, expected: int) -> Fault:
        if not isinstance(row[2], int):
            return self._fault(Wrong.EDITED, row[0], "its place is no number")
        if row[2] < expected or CodeEvent.objects.filter(server=self.server_id, place=expected).exists():
            said = f"it stands at place {expected} and says {row[2]}"
            return self._fault(Wrong.SWAPPED, row[0], said)
        lost = f"event {expected}" if row[2] == expected + 1 else f"events {expected} to {row[2] - 1}"
        return self._fault(Wrong.MISSING, row[0], f"before it, {lost} of the server are gone")

    def at_its_end(self, head: chain.Head | None) -> Fault | None:
        """Whether the chain ends where the database's own head says."""
        place, _mac = self._last
        if head is None:
            return self._fault(Wrong.HEAD, self._last_id, "the head of the chain is gone")
        if head == self._last:
            return None
        if isinstance(head[0], int) and head[0] > place:
            return self._fault(Wrong.CUT, self._last_id, f"after it, {head[0] - place} of {head[0]} events are gone")
        return self._fault(Wrong.HEAD, self._last_id, "the head of the chain does not fit it")

    def _fault(self, wrong: Wrong, event_id: int | None, said: str) -> Fault:
        return Fault(wrong=wrong, server_id=self.server_id, event_id=event_id, said=said)


class _Unreadable(Exception):
    """Some event that comes after this one, in the order of servers and numbers."""

    def __init__(self, server_id: int, event_id: int) -> None:
        super().__init__(server_id, event_id)
        later = Q(server=server_id, pk__gt=event_id) | Q(server__gt=server_id)
        said = "it cannot be read, and nothing after it was"
        for server, event in CodeEvent.objects.filter(later).order_by("server", "pk").values_list("server", "pk"):
            self.fault = Fault(wrong=Wrong.EDITED, server_id=server, event_id=event, said=said)
            try:
                CodeEvent.objects.values_list(*chain.COLUMNS).get(pk=event)
            except (AttributeError, ValueError):
                break


def _chains(rows: Iterator[Row]) -> Iterator[tuple[int, chain.Head | None, Iterable[Row]]]:
    """The events of each server beside its head, where either is missing too."""
    stored = EventHead.objects.order_by("server_id").values_list("server_id", "place", "mac")
    heads = iter(stored.iterator(chunk_size=CHUNK))
    head = next(heads, None)
    for server_id, events in groupby(rows, key=itemgetter(_SERVER)):
        while head and head[0] < server_id:
            yield head[0], (head[1], _raw(head[2])), ()
            head = next(heads, None)
        if head and head[0] == server_id:
            yield server_id, (head[1], _raw(head[2])), events
            head = next(heads, None)
        else:
            yield server_id, None, events
    while head:
        yield head[0], (head[1], _raw(head[2])), ()
        head = next(heads, None)


def _raw(mac: Any) -> bytes:
    """SQLite keeps a text, too, where bytes are due."""
    return mac.encode() if isinstance(mac, str) else bytes(mac)


def sign(head: Head) -> str:
    """The head as text, with a MAC under the newest key."""
    text = _text(head)
    return json.dumps({**asdict(head), "mac": _signature(chain.signing_keys()[0], text)}, indent=1, sort_keys=True)


def read_signed(text: str) -> Head:
    """The head of a signed text. Raises Forged."""
    try:
        said = json.loads(text)
        mac = said.pop("mac")
        head = Head(**said)
        genuine = any(hmac.compare_digest(_signature(key, _text(head)), mac) for key in chain.signing_keys())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Forged from error
    if not genuine:
        raise Forged
    return head


def _text(head: Head) -> str:
    return json.dumps(asdict(head), sort_keys=True)


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def lost_since(head: Head, audit: Audit) -> list[str]:
    """What a walk up to the head's last event did not find as it was then, in sentences; empty when all is there."""
    found = []
    if (audit.known_events, audit.known_servers) != (head.events, head.servers):
        found.append(
            f"of {head.events} events of {head.servers} servers, "
            f"{audit.known_events} of {audit.known_servers} are there"
        )
    for block in sorted({*head.blocks, *audit.blocks}, key=int):
        if head.blocks.get(block) != audit.blocks.get(block):
            first = int(block) * BLOCK
            found.append(f"servers {first} to {first + BLOCK - 1}: their events are not those of then")
    return found
