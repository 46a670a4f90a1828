"""What every verb is made of: the lock, the check against the table, the guard of free texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from codes import values
from codes.choices import Action, Channel, State
from codes.errors import ReasonRequired, TransitionRefused, ValueInText
from codes.lifecycle import TRANSITIONS
from codes.models import AuthorizationCode
from icpportal import sealing
from icpportal.prepared import prepared
from icpportal.statements import Asked
from servers.models import Server


@dataclass(frozen=True)
class Named:
    """A server that the lock itself looks up: by its instance ID, of one account, or of any (None)."""

    instance_id: str
    account_id: int | None


def lock(server_id: int) -> Server:
    """The server as it is now, locked until the transaction ends. On SQLite the transaction itself is the lock."""
    return _locked_server(pk=server_id)[0]


def locking(server: Server | Named) -> tuple[dict[str, Any], Asked]:
    """Look-ups that find the server, and the statement that locks it: for a report, which runs it first."""
    if isinstance(server, Named):
        where: dict[str, Any] = {"instance_id": server.instance_id}
        if server.account_id is not None:
            where["account"] = server.account_id
    else:
        where = {"pk": server.pk}
    return where, _locked_key.asked(**where)


@prepared
def _locked_server(*, pk: int) -> QuerySet[Server]:
    return Server.objects.filter(pk=pk).select_for_update(no_key=True)


@prepared
def _locked_key(**where: Any) -> QuerySet[Any, Any]:
    return Server.objects.filter(**where).select_for_update(no_key=True).values_list("pk")


@contextmanager
def locked(code: AuthorizationCode) -> Iterator[AuthorizationCode]:
    """A transaction in which nobody else changes this code, and the code as it is now."""
    with transaction.atomic():
        server = lock(code.server_id)
        fresh = AuthorizationCode.objects.get(pk=code.pk)
        fresh.server = server
        yield fresh


def move(code: AuthorizationCode, action: Action) -> None:
    """Take the code along the table, to the action's target. Raises TransitionRefused as `check` does."""
    check(code, action)
    code.state = TRANSITIONS[action].target or code.state
    code.save(update_fields=["state"])


def check(code: AuthorizationCode, action: Action) -> None:
    """Raises TransitionRefused when the code's stored state does not allow the action."""
    if not TRANSITIONS[action].allows(code.state):
        raise TransitionRefused(action, State(code.state))


def require_reason(action: Action, *, channel: Channel, reason: str) -> None:
    """Raises ReasonRequired when the channel needs one and none was given."""
    if channel in TRANSITIONS[action].reason_in and not reason.strip():
        raise ReasonRequired(action)


def refuse_values(**texts: str) -> None:
    """Raises ValueInText for the first text that carries a readable code value: none is kept anywhere."""
    for field, text in texts.items():
        if values.stands_in(text):
            raise ValueInText(field)


def give_value(code: AuthorizationCode, value: str) -> None:
    """Set the canonical `value`: sealed, and its digest and tail."""
    code.digest, code.sealed, code.tail = values.digest(value), sealing.seal(value), value[-values.TAIL :]
