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

from codes import demo, services, values
from codes.choices import Channel
from codes.demo_life import Fleet, Step
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
        parser.add_argument("--small", action="store_true", help="leave out the account with a fleet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing, then print."""
        if not settings.DEMO:
            raise CommandError("DEMO is not set: the demonstration's passwords are public, keep it off real data.")
        now = timezone.now()
        with transaction.atomic():
            if not User.objects.filter(username="agent").exists():
                _load(now=now, with_fleet=not options["small"])
            token = _fresh_token(now=now)
        self._print(options["address"].rstrip("/"), token)

    def _print(self, address: str, token: str) -> None:
        rows = [
            ("Customers", f"{address}/", f"qingshan / {PASSWORD}, lanye / {PASSWORD}, yuanhang / {PASSWORD}"),
            ("Desk", f"{address}/admin/", f"agent / {PASSWORD}, supervisor / {PASSWORD}, auditor / {PASSWORD}"),
            ("API", f"{address}/api/v1/docs/", f"Authorization: Bearer {token}"),
        ]
        for name, where, sign_in in rows:
            self.stdout.write(f"{name:<10} {where:<34} {sign_in}")
        self.stdout.write("The token is new at every start. Stop with Ctrl+C.")


def _load(*, now: datetime, with_fleet: bool) -> None:
    """Everything in the order of its time: sixty days ago, then step by step until now."""
    past = now - timedelta(days=60)
    agent = _person("agent", "Lin", "Yue", role=AGENT)
    supervisor = _person("supervisor", "Chen", "Wei", role=SUPERVISOR)
    _person("auditor", "Gao", "Jing", role=AUDITOR)
    for list_name, name, query in demo.SHARED_VIEWS:
        services.keep_view(supervisor, list_name=list_name, name=name, query=query, is_shared=True)
    qingshan = _account("qingshan", "Zhao", "Min", *demo.QINGSHAN)
    lanye = _account("lanye", "Sun", "Hui", *demo.LANYE)
    client = ApiClient.objects.create(name=CLIENT, scopes=Scope.values)
    _take_in(qingshan, demo.qingshan(now=now, past=True), now=past)
    steps = [
        *_steps_of_accounts(qingshan, lanye, agent, now=now),
        *(_steps_of_fleet(client, agent, past=past, now=now) if with_fleet else ()),
    ]
    _use(client, agent, qingshan.members.get(), past=past)
    for step in sorted(steps):
        if step.at <= now:
            step.do()


def _steps_of_accounts(qingshan: Account, lanye: Account, agent: User, *, now: datetime) -> list[Step]:
    two_days, one_day = now - timedelta(days=2), now - timedelta(days=1)
    return [
        Step(two_days, lambda: _take_in(qingshan, demo.qingshan(now=now, past=False), now=two_days)),
        Step(now - timedelta(hours=28), lambda: _ask(qingshan, now=now - timedelta(hours=28))),
        Step(one_day, lambda: _take_in(lanye, demo.lanye(now=now), now=one_day)),
        Step(now - timedelta(hours=9), lambda: _ask_and_answer(lanye, agent, now=now - timedelta(hours=9))),
        Step(now - timedelta(hours=3), lambda: _refuse(lanye, now=now - timedelta(hours=3))),
    ]


def _steps_of_fleet(client: ApiClient, agent: User, *, past: datetime, now: datetime) -> list[Step]:
    """The fleet is there since the beginning, and fed again some minutes ago."""
    account, fed = _account("yuanhang", "Xu", "Lan", *demo.YUANHANG), now - timedelta(minutes=20)
    _take_in(account, demo.yuanhang(now=now), now=past)
    again = Step(fed, lambda: _take_in(account, demo.yuanhang(now=now), now=fed))
    return [*Fleet(account=account, agent=agent, client=client, now=now).steps(), again]


def _account(username: str, first: str, last: str, uid: str, name: str) -> Account:
    account = Account.objects.create(uid=uid, name=name, emails=[f"{username}@example.com"])
    account.members.add(_person(username, first, last))
    return account


def _person(username: str, first: str, last: str, *, role: str = "") -> User:
    person = User.objects.create_user(username, f"{username}@example.com", PASSWORD, is_staff=bool(role))
    person.first_name, person.last_name = first, last
    person.save(update_fields=["first_name", "last_name"])
    if role:
        person.groups.add(Group.objects.get(name=role))
    return person


def _take_in(account: Account, responses: list[demo.Response], *, now: datetime) -> None:
    observer = partial(services.record_server_changes, actor=None, channel=Channel.COMMAND, now=now)
    inventory = Inventory(responses, is_secret=values.stands_in)
    tally = apply_inventory(inventory, account=account, now=now, observer=observer)
    record_import(tally, account=account, kind=FeedKind.IMPORT, actor="system", now=now)


def _use(client: ApiClient, agent: User, customer: User, *, past: datetime) -> None:
    """Some weeks of life, in the order of time: codes generated, filings begun, one code withdrawn, two completed."""
    names = ("ins-4h8t2wnc", "ins-7k2m9qpx", "ins-9d3v6rkx")
    web1, web2, shop = (Server.objects.get(instance_id=name) for name in names)
    limit = settings.CODES_PER_SERVER
    mine: dict[str, Any] = {"actor": customer, "channel": Channel.SELF_SERVICE}
    for server, count in ((web1, min(3, limit)), (shop, 1)):
        services.generate(server, count=count, now=past + timedelta(days=1), **mine)
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
            services.generate(server, actor=member, channel=Channel.SELF_SERVICE, now=now)
        except NotEligible:
            continue


def _ask(account: Account, *, now: datetime) -> None:
    """A request that only we can resolve, and that waits."""
    services.open_request(
        account,
        server=Server.objects.get(instance_id="ins-4h8t2wnc"),
        text="Generating failed twice this morning, and the page says that every condition passes.",
        request_id="8f2c41d7a0b94e7c9f13a5d2c6e80b47",
        actor=account.members.get(),
        now=now,
    )


def _ask_and_answer(account: Account, agent: User, *, now: datetime) -> None:
    asked = services.open_request(
        account,
        server=Server.objects.get(instance_id="ins-5t2d8hkw"),
        text="The filing platform says that we have no CVM, but we have two. What are we to do?",
        actor=account.members.get(),
        now=now,
    )
    services.answer(
        asked,
        text="Your server studio is prepaid for 1 month, and 3 are needed. Renew it for 2 months or longer.",
        actor=agent,
        now=now + timedelta(hours=2),
    )


def _fresh_token(*, now: datetime) -> str:
    """A token of the demonstration client; the one of the last start opens nothing any more."""
    client = ApiClient.objects.get(name=CLIENT)
    ApiToken.objects.filter(client=client, revoked_at__isnull=True).update(revoked_at=now)
    return issue_token(client, expires_at=now + timedelta(days=7), now=now)
