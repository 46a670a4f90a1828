"""Feeds repeat and reorder: whatever the order, the newest message about each server decides.

What stays of the order of arrival is the history: which assignment an address has (decision 4), and the events.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from servers.choices import IPKind, ServerState
from servers.inventory.apply import ServerTerminated, StaleVersion
from servers.models import Account, IPAddress, IPClaim, Server
from tests.factories import NOW, make_account
from tests.servers.feeding import Heard, addresses, instance, instances, ip, put, take

pytestmark = pytest.mark.django_db
Message: TypeAlias = tuple[str, int, dict[str, Any]]
A, B, C = "203.0.113.1", "203.0.113.2", "203.0.113.3"
EXPIRY = datetime(2027, 1, 31, 8, tzinfo=NOW.tzinfo)


class _Undo(Exception):
    """Takes everything of one order back."""


def state() -> dict[str, Any]:
    """Everything that the feeds state, and no trace of when it came."""
    of_server = ("account__uid", "version", "name", "state", "expires_at", "prepaid_months", "prepaid_months_stated")
    servers = {row[0]: row[1:] for row in Server.objects.values_list("instance_id", *of_server)}
    live = IPAddress.objects.on_server().values_list("address", "server__instance_id", "kind", "expires_at")
    return {"servers": servers, "ips": sorted(live)}


def arrive(accounts: dict[str, Account], message: Message, *, minute: int) -> bool:
    """Put it; whether it was stale, or about a server that is gone."""
    name, version, stated = message
    fields = {"name": "web", "ips": ()} | stated
    account = accounts[fields.pop("account", "first")]
    try:
        put(account, instance_id=name, version=version, now=NOW + timedelta(minutes=minute), **fields)
    except (StaleVersion, ServerTerminated):
        return True
    return False


def ends(
    accounts: dict[str, Account], messages: list[Message], before: tuple[Message, ...] = ()
) -> Iterator[tuple[tuple[Message, ...], Any, Any]]:
    """Each order, the state it ends in, and the state after its first message came once more.

    Orders that begin alike share their beginning.
    """
    if not messages:
        end = state()
        arrive(accounts, before[0], minute=len(before))
        yield before, end, state()
    for number, message in enumerate(messages):
        try:
            with transaction.atomic():
                order = (*before, message)
                arrive(accounts, message, minute=len(order))
                yield from ends(accounts, messages[:number] + messages[number + 1 :], order)
                raise _Undo
        except _Undo:
            pass


MOVES: list[Message] = [
    ("ins-a", 1, {"ips": (ip(A),), "expires_at": EXPIRY}),
    ("ins-a", 2, {"ips": (), "prepaid_months": 4}),
    ("ins-b", 1, {"ips": (ip(A, expires_at=EXPIRY), ip(B))}),
    ("ins-b", 2, {"ips": (ip(A),), "account": "second", "name": "moved"}),
    ("ins-a", 3, {"ips": (ip(B, IPKind.ELASTIC),), "account": "second"}),
    ("ins-a", 4, {"ips": (ip(B, IPKind.ELASTIC), ip(C)), "state": ServerState.STOPPED}),
]
BACK: list[Message] = [
    ("ins-a", 1, {"ips": (ip(A),)}),
    ("ins-a", 2, {"ips": ()}),
    ("ins-b", 1, {"ips": (ip(A),)}),
    ("ins-a", 3, {"ips": (ip(A),)}),
    ("ins-b", 2, {"state": ServerState.TERMINATED, "ips": (ip(A),)}),
]


@pytest.mark.parametrize(("messages", "orders"), [(MOVES, 720), (BACK, 120)], ids=["moves", "back"])
def test_all_orders_and_repetitions_end_the_same(messages: list[Message], orders: int) -> None:
    accounts = {name: make_account(uid=name) for name in ("first", "second")}
    found = list(ends(accounts, messages))
    _order, expected, _again = found[0]
    wrong = [order for order, end, again in found if (end, again) != (expected, expected)]
    assert ([[message[:2] for message in order] for order in wrong], len(found)) == ([], orders)


def test_the_state_that_all_orders_end_in() -> None:
    accounts = {name: make_account(uid=name) for name in ("first", "second")}
    for minute, message in enumerate(reversed(MOVES)):
        arrive(accounts, message, minute=minute)
    end = state()
    assert end["ips"] == [(A, "ins-b", "public", None), (B, "ins-a", "elastic", None), (C, "ins-a", "public", None)]
    assert end["servers"]["ins-a"][:4] == ("first", 4, "web", "stopped")
    assert end["servers"]["ins-b"][:3] == ("second", 2, "moved")


def test_a_late_message_takes_an_address_only_until_its_server_gives_it_up() -> None:
    account, heard = make_account(), Heard()
    put(account, instance_id="ins-b", ips=(ip(A),))
    put(account, instance_id="ins-a", ips=(ip(A),))
    assert (addresses("ins-a"), addresses("ins-b")) == ([A], [])
    assert put(account, instance_id="ins-b", ips=(ip(A),)) == "unchanged"  # the same again is no conflict
    put(account, instance_id="ins-a", version=2, ips=(), heard=heard)
    assert (addresses("ins-a"), addresses("ins-b")) == ([], [A])
    assert [(name, detail["ips"]) for name, _uid, detail in heard] == [("ins-a", [[A], []]), ("ins-b", [[], [A]])]
    assert not IPClaim.objects.exists()


def test_claims_of_servers_are_looked_for_only_where_there_are_any() -> None:
    """Before the locks are taken, and under them."""
    account, asked = make_account(), []
    for name in ("ins-a", "ins-b", "ins-b"):  # the second takes the address of the first, which claims it then
        with CaptureQueriesContext(connection) as queries:
            put(account, instance_id=name, version=1 + len(asked), ips=(ip(A),))
        asked.append(sum(each["sql"].startswith('SELECT "servers_ipclaim"."id"') for each in queries))
    assert (asked, IPClaim.objects.count()) == ([0, 0, 2], 1)


def test_what_comes_back_is_a_new_assignment() -> None:
    """Decision 4: another server held it in between, as far as anybody could see."""
    account = make_account()
    put(account, instance_id="ins-b", ips=(ip(A),))
    first = IPAddress.objects.get()
    put(account, instance_id="ins-a", ips=(ip(A),))
    put(account, instance_id="ins-a", version=2, ips=())
    assert IPAddress.objects.on_server().get().pk != first.pk
    first.refresh_from_db()
    assert first.released_at is not None


def test_newer_facts_of_the_server_itself_end_its_claim() -> None:
    account = make_account()
    put(account, instance_id="ins-b", ips=(ip(A),))
    put(account, instance_id="ins-a", ips=(ip(A),))
    put(account, instance_id="ins-b", version=2, ips=())
    put(account, instance_id="ins-a", version=2, ips=())
    assert not IPAddress.objects.on_server().exists()


def test_a_server_that_is_gone_claims_nothing() -> None:
    account = make_account()
    put(account, instance_id="ins-b", ips=(ip(A),))
    put(account, instance_id="ins-a", ips=(ip(A),))
    take(account, instances(instance("ins-a", PublicIpAddresses=[A])), complete=True)
    assert Server.objects.get(instance_id="ins-b").state == ServerState.TERMINATED
    put(account, instance_id="ins-a", version=2, ips=())
    assert not IPAddress.objects.on_server().exists()


@pytest.mark.parametrize(("hours", "expected"), [(24, [A]), (25, [])])
def test_an_address_given_up_a_day_later_was_moved_and_does_not_come_back(hours: int, expected: list[str]) -> None:
    account = make_account()
    put(account, instance_id="ins-b", ips=(ip(A),))
    put(account, instance_id="ins-a", ips=(ip(A),))
    put(account, instance_id="ins-a", version=2, ips=(), now=NOW + timedelta(hours=hours))
    assert addresses("ins-b") == expected


def test_the_providers_own_lists_leave_no_claim() -> None:
    account = make_account()
    put(account, instance_id="ins-b", ips=(ip(A),))
    take(account, instances(instance("ins-a", PublicIpAddresses=[A])))
    take(account, instances(instance("ins-a", PublicIpAddresses=[])))
    assert not IPAddress.objects.on_server().exists()
