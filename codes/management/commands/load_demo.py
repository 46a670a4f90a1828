"""manage.py load_demo: a demonstration world, loaded once, and how to sign in to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from codes import demo, services
from codes.choices import Channel
from codes.errors import NotEligible
from codes.models.staff import AGENT, AUDITOR
from codes.roles import SUPERVISOR
from icpportal.api.models import ApiClient, ApiToken, Scope, issue_token
from servers.choices import FeedKind
from servers.inventory.apply import apply_inventory
from servers.inventory.runs import record_import
from servers.inventory.tencent import Inventory
from servers.models import Account, Server

PASSWORD = "demo-only"
CLIENT = "Demonstration client"
FILINGS_OF_WEB2 = ["shop.example.cn", "img.example.cn", "blog.example.cn"]


class Command(BaseCommand):
    """Refuses to run where DEMO is not set: its passwords are known to everybody."""

    help = "Load the demonstration inventory once, and print the addresses and sign-ins. Needs DEMO=1."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the desk is served")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing, then print."""
        if not settings.DEMO:
            raise CommandError("DEMO is not set: the demonstration's passwords are public, keep it off real data.")
        now = timezone.now()
        with transaction.atomic():
            if not User.objects.filter(username="agent").exists():
                _load(now=now)
            token = _fresh_token(now=now)
        self._print(options["address"].rstrip("/"), token)

    def _print(self, address: str, token: str) -> None:
        rows = [
            ("Customers", f"{address}/", f"qingshan / {PASSWORD}, lanye / {PASSWORD}"),
            ("Desk", f"{address}/admin/", f"agent / {PASSWORD}, supervisor / {PASSWORD}, auditor / {PASSWORD}"),
            ("API", f"{address}/api/v1/docs/", f"Authorization: Bearer {token}"),
        ]
        for name, where, sign_in in rows:
            self.stdout.write(f"{name:<10} {where:<34} {sign_in}")
        self.stdout.write("The token is new at every start. Stop with Ctrl+C.")


def _load(*, now: datetime) -> None:
    past = now - timedelta(days=60)
    agent = _person("agent", "Lin", "Yue", role=AGENT)
    supervisor = _person("supervisor", "Chen", "Wei", role=SUPERVISOR)
    _person("auditor", "Gao", "Jing", role=AUDITOR)
    for list_name, name, query in demo.SHARED_VIEWS:
        services.keep_view(supervisor, list_name=list_name, name=name, query=query, is_shared=True)
    accounts = {}
    for username, first, last, (uid, name) in (
        ("qingshan", "Zhao", "Min", demo.QINGSHAN),
        ("lanye", "Sun", "Hui", demo.LANYE),
    ):
        accounts[username] = Account.objects.create(uid=uid, name=name, emails=[f"{username}@example.com"])
        accounts[username].members.add(_person(username, first, last))
    _take_in(accounts["qingshan"], demo.qingshan(now=now, past=True), now=past)
    client = ApiClient.objects.create(name=CLIENT, scopes=Scope.values)
    _use(client, agent, accounts["qingshan"].members.get(), past=past)
    _take_in(accounts["qingshan"], demo.qingshan(now=now, past=False), now=now - timedelta(days=2))
    _take_in(accounts["lanye"], demo.lanye(now=now), now=now - timedelta(days=1))
    _refuse(accounts["lanye"], now=now)
    _ask(agent, accounts, now=now)


def _person(username: str, first: str, last: str, *, role: str = "") -> User:
    person = User.objects.create_user(username, f"{username}@example.com", PASSWORD, is_staff=bool(role))
    person.first_name, person.last_name = first, last
    person.save(update_fields=["first_name", "last_name"])
    if role:
        person.groups.add(Group.objects.get(name=role))
    return person


def _take_in(account: Account, responses: list[demo.Response], *, now: datetime) -> None:
    observer = partial(services.record_server_changes, actor=None, channel=Channel.COMMAND, now=now)
    tally = apply_inventory(Inventory(responses), account=account, now=now, observer=observer)
    record_import(tally, account=account, kind=FeedKind.IMPORT, actor="system", now=now)


def _use(client: ApiClient, agent: User, customer: User, *, past: datetime) -> None:
    """Some weeks of life, in the order of time: codes generated, filings begun, one code withdrawn, two completed."""
    names = ("ins-4h8t2wnc", "ins-7k2m9qpx", "ins-9d3v6rkx")
    web1, web2, shop = (Server.objects.get(instance_id=name) for name in names)
    limit = settings.CODES_PER_SERVER
    mine: dict[str, Any] = {"actor": customer, "channel": Channel.SELF_SERVICE}
    for days, server, count in ((1, web1, 3), (2, shop, 1)):
        services.generate(server, count=min(count, limit), now=past + timedelta(days=days), **mine)
    issued = services.generate(web2, count=limit, remark="Autumn sites", now=past + timedelta(days=1), **mine)
    theirs: dict[str, Any] = {"actor": client, "channel": Channel.API}
    filings = []
    for number, (each, domain) in enumerate(zip(issued, FILINGS_OF_WEB2, strict=False)):
        begun = past + timedelta(days=2, hours=number)
        order = f"{begun:%Y%m%d}{number:06d}"
        filing, _new = services.begin_filing(
            each.code, value=each.value, order_number=order, domain=domain, now=begun, **theirs
        )
        filings.append(filing)
    for each in issued[3:4]:
        services.withdraw(
            each.code,
            reason="Generated on the wrong server, asked for by the customer",
            ticket="T-20260914-0077",
            actor=agent,
            channel=Channel.ADMIN,
            now=past + timedelta(days=4),
        )
    for number, filing in enumerate(filings[:2], start=1):
        icp_number, completed = f"粤ICP备2026018842号-{number}", filing.began_at + timedelta(days=9)
        services.complete_filing(filing, icp_number=icp_number, now=completed, **theirs)


def _refuse(account: Account, *, now: datetime) -> None:
    """A customer who tried and was told why."""
    member = account.members.get()
    for server in account.servers.order_by("pk"):
        try:
            services.generate(server, actor=member, channel=Channel.SELF_SERVICE, now=now - timedelta(hours=3))
        except NotEligible:
            continue


def _ask(agent: User, accounts: dict[str, Account], *, now: datetime) -> None:
    """Two support requests: one that only we can resolve waits, one is answered."""
    account, other = accounts["qingshan"], accounts["lanye"]
    services.open_request(
        account,
        server=Server.objects.get(instance_id="ins-4h8t2wnc"),
        text="Generating failed twice this morning, and the page says that every condition passes.",
        request_id="8f2c41d7a0b94e7c9f13a5d2c6e80b47",
        actor=account.members.get(),
        now=now - timedelta(hours=28),
    )
    asked = services.open_request(
        other,
        server=Server.objects.get(instance_id="ins-5t2d8hkw"),
        text="The filing platform says that we have no CVM, but we have two. What are we to do?",
        actor=other.members.get(),
        now=now - timedelta(hours=9),
    )
    services.answer(
        asked,
        text="Your server studio is prepaid for 1 month, and 3 are needed. Renew it for 2 months or longer.",
        actor=agent,
        now=now - timedelta(hours=7),
    )


def _fresh_token(*, now: datetime) -> str:
    """A token of the demonstration client; the one of the last start opens nothing any more."""
    client = ApiClient.objects.get(name=CLIENT)
    ApiToken.objects.filter(client=client, revoked_at__isnull=True).update(revoked_at=now)
    return issue_token(client, expires_at=now + timedelta(days=7), now=now)
