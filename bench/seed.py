"""Rows to measure against: accounts, servers and codes in bulk, straight into the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from rich.progress import track

from bench.server import settle
from codes import values
from codes.choices import Channel, EventType
from codes.models import AuthorizationCode
from codes.policy import Policy
from codes.services.events import Act, event, record
from icpportal import sealing
from icpportal.api.models import ApiClient, Scope, issue_token
from servers.choices import BillingMode, IPKind, ServerState
from servers.models import Account, IPAddress, Region, Server

CHUNK = 2_000
CODES_A_SERVER = 5


@dataclass(frozen=True)
class Seeded:
    """What the requests need: a token of all scopes, fresh servers, known values, one full server's fleet."""

    token: str
    fresh: list[str]
    values: list[str]
    account: str


def seed(*, codes: int, fresh: int) -> Seeded:
    """`codes` codes on full servers, and `fresh` eligible servers without any."""
    now = timezone.now()
    accounts = Account.objects.bulk_create(Account(uid=f"1000{n:08d}", name="Bench") for n in range(200))
    region = Region.objects.get(code="ap-guangzhou")
    full = codes // CODES_A_SERVER
    known: list[str] = []
    names: list[str] = []
    for start in track(range(0, full + fresh, CHUNK), description="Seeding"):
        numbers = range(start, min(start + CHUNK, full + fresh))
        servers = Server.objects.bulk_create(_server(n, accounts[n % len(accounts)], region, now) for n in numbers)
        ips = IPAddress.objects.bulk_create(_ip(server, n, now) for n, server in zip(numbers, servers, strict=True))
        owed = [ip for n, ip in zip(numbers, ips, strict=True) if n < full]
        minted = [values.mint() for _ in range(len(owed) * CODES_A_SERVER)]
        of_each = [ip for ip in owed for _ in range(CODES_A_SERVER)]
        given = AuthorizationCode.objects.bulk_create(
            [
                _code(ip, value, n % CODES_A_SERVER + 1, now)
                for n, (ip, value) in enumerate(zip(of_each, minted, strict=True))
            ],
            batch_size=CHUNK,
        )
        _record(servers, given, now)
        known += [values.show(value) for value in minted[:100]]
        names += [server.instance_id for n, server in zip(numbers, servers, strict=True) if n >= full]
    settle()
    client = ApiClient.objects.create(name="bench", scopes=Scope.values)
    return Seeded(issue_token(client, expires_at=None, now=now), names, known, accounts[0].uid)


def _record(servers: list[Server], codes: list[AuthorizationCode], now: datetime) -> None:
    """The event of each code: of a desk without any, PostgreSQL would keep plans that suit empty tables."""
    by_pk, policy = {server.pk: server for server in servers}, Policy.current().as_dict()
    act = Act(actor=None, channel=Channel.COMMAND, now=now)
    with transaction.atomic():
        record(*(event(EventType.GENERATED, by_pk[code.server_id], act, code=code, policy=policy) for code in codes))


def fleet(name: str, *, count: int) -> list[str]:
    """The instance IDs of `count` eligible servers of a new account of this name."""
    now, first = timezone.now(), Server.objects.count()
    account = Account.objects.create(uid=f"2000{Account.objects.count():08d}", name=name)
    region, numbers = Region.objects.get(code="ap-guangzhou"), range(first, first + count)
    servers = Server.objects.bulk_create(_server(n, account, region, now) for n in numbers)
    IPAddress.objects.bulk_create(_ip(server, n, now) for n, server in zip(numbers, servers, strict=True))
    return [server.instance_id for server in servers]


def _server(n: int, account: Account, region: Region, now: datetime) -> Server:
    return Server(
        instance_id=f"ins-b{n:07d}",
        account=account,
        region=region,
        name=f"web-{n}",
        billing_mode=BillingMode.PREPAID,
        purchased_at=now - timedelta(days=100),
        expires_at=now + timedelta(days=300),
        prepaid_months=13,
        state=ServerState.RUNNING,
        state_since=now,
        public_ip_assigned=True,
        facts_at=now,
    )


def _ip(server: Server, n: int, now: datetime) -> IPAddress:
    address = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
    return IPAddress(server=server, address=address, kind=IPKind.PUBLIC, assigned_at=now)


def _code(ip: IPAddress, value: str, slot: int, now: datetime) -> AuthorizationCode:
    return AuthorizationCode(
        server_id=ip.server_id,
        ip=ip,
        slot=slot,
        digest=values.digest(value),
        sealed=sealing.seal(value),
        tail=value[-values.TAIL :],
        generated_at=now,
    )
