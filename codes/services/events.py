"""Events: what happened, recorded in the transaction in which it happened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError, OperationalError
from django.db.models import OuterRef, Subquery

from codes import chain
from codes.choices import Channel, EventType
from codes.errors import NotRecorded
from codes.models import AuthorizationCode, CodeEvent, EventHead
from icpportal import bulk
from icpportal.api.models import ApiClient
from icpportal.context import request_id
from servers.models import Server

Actor: TypeAlias = AbstractBaseUser | ApiClient | None
_ITS_HEAD = EventHead.objects.filter(server=OuterRef("pk"))
# For a query of servers that is run under their lock: it saves a statement of its own.
HEAD = {"head_place": Subquery(_ITS_HEAD.values("place")), "head_mac": Subquery(_ITS_HEAD.values("mac"))}
_OF_A_CHANGE = ("account_id", "detail", "place", "server_id")  # in the order of their names


@dataclass(frozen=True, kw_only=True)
class Act:
    """Who acts, through which face, when and on which ticket: what every event of one act shares."""

    actor: Actor
    channel: Channel
    now: datetime
    ticket: str = ""


def event(
    type: EventType,
    server: Server,
    act: Act,
    *,
    code: AuthorizationCode | None = None,
    order_number: str = "",
    reason: str = "",
    failed: list[str] | None = None,
    policy: Mapping[str, object] | None = None,
    detail: Mapping[str, object] | None = None,
) -> CodeEvent:
    """An event about `server`, not saved yet: see `record`."""
    said = _said(type, act) | {
        "account_id": server.account_id,
        "server_id": server.pk,
        "code_id": code and code.pk,
        "order_number": order_number,
        "reason": reason,
        "failed": failed or [],
        "policy": policy or {},
        "detail": detail or {},
    }
    return bulk.new(CodeEvent, said)


def _said(type: EventType, act: Act) -> dict[str, Any]:
    """What every event of one kind and act says, in columns; the rest says nothing."""
    said: dict[str, Any] = {
        "type": type,
        "at": act.now,
        "order_number": "",
        "channel": act.channel,
        "reason": "",
        "ticket": act.ticket,
        "failed": [],
        "policy": {},
        "request_id": request_id.get(),
    }
    if act.actor is not None:
        said["client_id" if isinstance(act.actor, ApiClient) else "user_id"] = act.actor.pk
    return said


def record(
    *events: CodeEvent, head: chain.Head | None = None, of: Sequence[AuthorizationCode] = (), last: bool = False
) -> None:
    """Save events, in order, each chained to its server's last. The database numbers them: see codes/append_only.py.

    The caller holds the lock of every server concerned, and may have read the `head` of the only one under it: see
    `HEAD`. New codes that the events are `of`, which have their keys, are saved with them. With `last` nothing follows
    in the transaction. Raises NotRecorded: no event, no change.
    """
    _chain(events, {} if head is None else {events[0].server_id: head})
    with _or_nothing():
        bulk.insert(events, keyed=False, first=of, last=last)


@contextmanager
def _or_nothing() -> Iterator[None]:
    try:
        yield
    except OperationalError:
        raise
    except DatabaseError as error:
        raise NotRecorded from error


def head_of(server: Server) -> chain.Head:
    """Where the chain of a server that was read with `HEAD` stands."""
    found: Any = server
    return chain.BEGINNING if found.head_place is None else (found.head_place, bytes(found.head_mac))


def _chain(events: Sequence[CodeEvent], known: dict[int, chain.Head]) -> None:
    heads = known or _heads({each.server_id for each in events})
    for each in events:
        place, before = heads.get(each.server_id, chain.BEGINNING)
        each.place = place + 1
        each.mac = chain.link(before, each)
        heads[each.server_id] = each.place, each.mac


def _heads(server_ids: Collection[int]) -> dict[int, chain.Head]:
    if not server_ids:
        return {}
    known = EventHead.objects.filter(server__among=set(server_ids))
    return {server_id: (place, bytes(mac)) for server_id, place, mac in known.values_list("server_id", "place", "mac")}


def record_server_changes(
    changes: Iterable[tuple[Server, Mapping[str, object]]], *, actor: Actor, channel: Channel, now: datetime
) -> None:
    """An event for each server whose facts changed: what changed, as name: [before, after].

    Called in the transaction that changes the facts, by whoever feeds them in. Rows, not objects: an import records
    one for each of its servers.
    """
    changed = [(server, detail) for server, detail in changes if detail]
    said = _said(EventType.SERVER_CHANGED, Act(actor=actor, channel=channel, now=now))
    rows = _changes(changed, said, heads=_heads({server.id for server, _detail in changed}))
    with _or_nothing():
        bulk.copy(CodeEvent, (*said, *_OF_A_CHANGE, "mac"), rows, number=len(changed))


def _changes(
    changed: list[tuple[Server, Mapping[str, object]]], said: dict[str, Any], *, heads: dict[int, chain.Head]
) -> Iterator[tuple[Any, ...]]:
    """The rows of these events, made as they are asked for: the database takes in the one meanwhile."""
    content, key = chain.series(said, *_OF_A_CHANGE), chain.keys()[0]
    shared = [bulk.stored(CodeEvent, name, value) for name, value in said.items()]
    for server, detail in changed:
        pk, account_id = server.id, server.account_id
        place, before = heads.get(pk, chain.BEGINNING)
        text, place = chain.text(detail), place + 1
        mac = chain.seal(key, before, content(account_id, text, place, pk))
        heads[pk] = place, mac
        yield (*shared, account_id, text, place, pk, mac)
