"""`python -m tests.browser.world`: fills the database of DATABASE_URL for the browser tests, says how to get in.

It is the demonstration world and a little besides. Prints JSON: `sessions`, a session key for each username, so that
not every test has to type a password; `token`, of an API client that may do everything; `request`, a reference;
`paths`, addresses that a mail would bring, and that of a code.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONG = "ins-" + "w" * 60  # an instance ID as long as one may be
LONG_ORDER = "7" * 64  # so may an order number
WORDY_ORDER, ADDRESS = "2026777003", "https://tickets.example.com/" + "q" * 470  # a filing's, and why it was abandoned


def main() -> None:
    """Migrates, loads, prints."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "icpportal.settings")
    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from codes.management.commands import load_demo
    from icpportal.api.models import ApiClient
    from servers.models import Account, Server
    from tests import factories

    now = timezone.now()
    call_command("migrate", verbosity=0)
    call_command("load_demo", small=True, stdout=sys.stderr)
    qingshan, lanye = (Account.objects.get(uid=uid) for uid, _name in (load_demo.demo.QINGSHAN, load_demo.demo.LANYE))
    newcomer = factories.make_user(username="newcomer")
    factories.make_account(uid="100099990000", name="New", members=(newcomer,))
    both = factories.make_user(username="both")
    for account in (qingshan, lanye):
        account.members.add(both)
    studio = Server.objects.get(instance_id="ins-5t2d8hkw")
    request = factories.make_request(studio, actor=lanye.members.earliest("pk"), now=now)
    factories.make_user(username="root", is_staff=True, is_superuser=True)
    _fleet(now=now)
    _runs(now=now)
    factories.make_ip(Server.objects.get(instance_id="ins-8v3c1xqt"), kind="elastic", address="203.0.113.33", now=now)
    code = _long(now=now)
    for number in range(50):  # a list of more than a page
        factories.make_account(name=f"Branch {number}")
    names = ("qingshan", "lanye", "both", "newcomer", "fleet", "long", "agent", "supervisor", "root")
    world = {
        "sessions": {name: _session(name) for name in names},
        "token": factories.make_token(ApiClient.objects.get(name=load_demo.CLIENT)),
        "request": request.reference,
        "paths": _paths(newcomer) | {"code": f"/codes/{code}/"},
    }
    json.dump(world, sys.stdout)


def _fleet(*, now: datetime) -> None:
    """23 servers: 14 can generate, 8 are paid too short, 1 is in Hong Kong; a code in each state, but for expired."""
    from codes import services
    from codes.choices import Channel
    from icpportal.api.models import ApiClient
    from tests import factories

    owner, client = factories.make_user(username="fleet"), ApiClient.objects.earliest("pk")
    account = factories.make_account(uid="100088880000", name="Fleet", members=(owner,))
    for number in range(23):
        server = factories.make_server(
            account=account,
            instance_id=f"ins-fleet{number:03d}",
            name=f"node-{number:02d}",
            prepaid_months=12 if number % 3 else 1,
            region_code="ap-hongkong" if number == 22 else "ap-guangzhou",
            now=now,
        )
        if number == 1:
            _unused, held, done, gone = (factories.make_issued(server, now=now) for _ in range(4))
    factories.make_filing(held, client=client, order_number="2026777001", domain="held.example.cn", now=now)
    filing = factories.make_filing(done, client=client, order_number="2026777002", domain="done.example.cn", now=now)
    services.complete_filing(filing, icp_number="粤ICP备2026018842号-9", actor=client, channel=Channel.API, now=now)
    services.withdraw(gone.code, actor=owner, channel=Channel.SELF_SERVICE, now=now)


def _long(*, now: datetime) -> int:
    """A server whose names and addresses are as long as they may be, with a code in use; returns the code's number."""
    from codes import services
    from codes.choices import Channel
    from tests import factories

    owner = factories.make_user(username="long")
    account = factories.make_account(uid="1000888800007777" * 2, members=(owner,))
    told = factories.make_account(uid="2000888800007777" * 2, name="a" * 200, members=(owner,))
    facts = {"instance_id": LONG, "name": "x" * 128, "with_ip": False}
    server = factories.make_server(account=account, now=now, **facts)
    for last in ("5678", "9999"):
        factories.make_ip(server, address=f"2001:db8:1234:5678:9abc:def0:1234:{last}", now=now)
    issued = factories.make_issued(server, remark="y" * 200, authorized_account=account.uid, now=now)
    names = {"order_number": LONG_ORDER, "domain": f"{'z' * 63}.{'z' * 63}.example.cn", "account": account.uid}
    factories.make_filing(issued, now=now, **names)
    wordy = factories.make_issued(factories.make_server(account=told, name="x" * 128, now=now), now=now)
    filing = factories.make_filing(wordy, now=now, order_number=WORDY_ORDER)
    services.abandon_filing(filing, reason=ADDRESS, actor=filing.client, channel=Channel.API, now=now)
    return issued.code.pk


def _runs(*, now: datetime) -> None:
    """Bulk runs of the supervisor: one that is only planned, one that stopped after its first row."""
    from django.contrib.auth.models import User

    from codes import services
    from codes.choices import BulkAction, Channel
    from codes.models import AuthorizationCode
    from servers.models import Server

    actor = User.objects.get(username="supervisor")
    services.plan_run(BulkAction.GENERATE, Server.objects.values_list("pk", flat=True), actor=actor, now=now)
    codes = AuthorizationCode.objects.exclude(state="unused").values_list("pk", flat=True)
    run = services.plan_run(BulkAction.ROTATE, codes, actor=actor, now=now)
    services.confirm_run(run, texts={"reason": "leaked", "ticket": "T-1"}, now=now)
    services.carry_out(services.pending_rows(run, 1)[0], channel=Channel.ADMIN, now=now)


def _paths(user: User) -> dict[str, str]:
    """Addresses that come by mail: the way to a new password, the way out of notices."""
    from django.contrib.auth.tokens import default_token_generator
    from django.urls import reverse
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode

    from codes.notices.members import ticket

    user.refresh_from_db()  # signing in is part of what the link is made of
    parts = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    return {
        "reset": reverse("password_reset_confirm", args=parts),
        "stop": reverse("notices_stop", args=[ticket(user)]),
    }


def _session(username: str) -> str:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(REMOTE_ADDR="127.0.0.1")
    client.force_login(User.objects.get(username=username), backend="icpportal.sign_in.people.PeopleBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


if __name__ == "__main__":
    main()
