"""Two accounts with one of everything each, and a person of every kind: what the matrix asks with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from codes import services
from codes.choices import BulkAction, Channel
from codes.models import AuthorizationCode, BulkRun
from codes.notices.members import ticket
from codes.webhooks.models import WebhookDelivery
from codes.webhooks.services import create_endpoint
from icpportal.api.models import Scope
from servers.inventory.runs import record_put
from servers.models import Account, FeedRun
from tests import factories


class World:
    """`own` and `other`: the values that addresses name, of the account asked about and of another one."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self.platform = factories.make_client(name="platform", scopes=(Scope.FILINGS_WRITE,))
        self.account, self.foreign = factories.make_account(), factories.make_account()
        self.people: dict[str, User] = {
            "member": factories.make_user(username="member"),
            "stranger": factories.make_user(username="stranger"),
            "roleless": factories.make_user(username="roleless", is_staff=True),
            "superuser": factories.make_user(username="superuser", is_staff=True, is_superuser=True),
        }
        for role in ("agent", "supervisor", "auditor"):
            self.people[role] = factories.make_agent(role=role.title(), username=role)
        self.account.members.add(self.people["member"])
        self.foreign.members.add(self.people["stranger"])
        self.own, self.other = self._things(self.account, "member"), self._things(self.foreign, "stranger")

    def browser(self, who: str) -> Client:
        """A browser in which this person is signed in; nobody's is not."""
        client = Client(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE="en")
        if who != "nobody":
            client.force_login(self.people[who], backend="icpportal.sign_in.people.PeopleBackend")
        return client

    def _things(self, account: Account, member: str) -> dict[str, Any]:
        server = factories.make_server(account=account, now=self.now)
        codes = [factories.make_issued(server, now=self.now) for _ in range(2)]
        services.annotate(
            codes[1].code, authorized_account=account.uid, actor=None, channel=Channel.COMMAND, now=self.now
        )
        filing = factories.make_filing(codes[0], client=self.platform, now=self.now)
        request = factories.make_request(server, actor=self.people[member], now=self.now)
        view = services.keep_view(
            self.people["superuser"],
            list_name="codes.filing",
            name=f"Of {account.uid}",
            query="state=active",
            is_shared=True,
        )
        client = factories.make_client(account=account)
        endpoint = create_endpoint(client, url="https://127.0.0.1/", event_types=["generated"], now=self.now)[0]
        return {
            "account": account,
            "server": server,
            "code": codes[1].code,
            "value": codes[1].value,
            "filing": filing,
            "request": request,
            "view": view,
            "event": server.events.earliest("pk"),
            "ip": server.ips.get(),
            "region": server.region,
            "run": self._run(account),
            "endpoint": endpoint,
            "delivery": WebhookDelivery.objects.create(
                endpoint=endpoint, event=server.events.earliest("pk"), lane="", due_at=self.now
            ),
            "client": client,
            "user": self.people[member],
            "bulk": self._bulk(codes[1].code),
            "file": factories.make_server_file(by=self.people["supervisor"]),
            "person": factories.make_user(is_staff=True),
            "group": Group.objects.get(name="Agent"),
            "ticket": ticket(self.people[member]),
        }

    def _bulk(self, code: AuthorizationCode) -> BulkRun:
        """A run of the superuser, begun and not finished."""
        run = services.plan_run(BulkAction.WITHDRAW, [code.pk], actor=self.people["superuser"], now=self.now)
        services.confirm_run(run, texts={"reason": "leaked"}, now=self.now)
        return run

    def _run(self, account: Account) -> FeedRun:
        record_put("created", account=account, actor="system", now=self.now)
        return account.feed_runs.get()
