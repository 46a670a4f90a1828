"""Who reads, and what of the fleet they ask for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.models import Group, User
from django.test import Client

from bench.scale.fleet import LARGEST
from codes import services, values
from codes.choices import Channel, FilingState
from codes.models import AuthorizationCode, Filing, SupportRequest
from codes.roles import SUPERVISOR
from icpportal import sealing
from icpportal.api.models import ApiClient, Scope, issue_token
from servers.models import Account, IPAddress, Server

Visit = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Handles:
    """Things of the fleet to ask for, from its middle."""

    server: Server
    code: AuthorizationCode
    value: str
    ip: IPAddress
    filing: Filing
    small: Account
    middle: Account
    largest: Account
    request: SupportRequest


class World:
    """Who visits: staff, a customer of the largest account, an API client that sees all and one of that account."""

    def __init__(self, *, now: datetime, host: str = "127.0.0.1") -> None:
        self.now = now
        self.handles = _handles()
        self.staff = _staff()
        self.desk, self.customer = Client(SERVER_NAME=host), Client(SERVER_NAME=host)
        self.desk.force_login(self.staff, backend=_BACKEND)
        self.customer.force_login(_member(self.handles.largest), backend=_BACKEND)
        self._tokens = {
            limited: issue_token(_api_client(self.handles.largest if limited else None), expires_at=None, now=now)
            for limited in (False, True)
        }
        self._api = Client(SERVER_NAME=host)

    def at_desk(self, path: str, **query: object) -> Visit:
        return lambda: self.desk.get(f"/admin/{path}", query)

    def as_customer(self, path: str, **query: object) -> Visit:
        return lambda: self.customer.get(path, query)

    def api(self, path: str, *, limited: bool = False, **query: object) -> Visit:
        return lambda: self.api_get(f"/api/v1/{path}?{urlencode(query)}", limited=limited)

    def change(self) -> AuthorizationCode:
        """Something happens to the largest account."""
        code = AuthorizationCode.objects.filter(server__account=self.handles.largest).order_by("pk")[0]
        remark = f"Visit {time.monotonic_ns()}"
        return services.annotate(code, remark=remark, actor=None, channel=Channel.COMMAND, now=self.now)

    def verify(self) -> Any:
        body = {"code": self.handles.value}
        token = f"Bearer {self._tokens[False]}"
        return self._api.post(
            "/api/v1/codes/verify/", body, content_type="application/json", headers={"authorization": token}
        )

    def api_get(self, address: str, *, limited: bool = False) -> Any:
        return self._api.get(address, headers={"authorization": f"Bearer {self._tokens[limited]}"})

    def deep(self, path: str, *, pages: int = 20, limited: bool = False, **query: object) -> Visit:
        """The page after so many pages of 200."""
        address = f"/api/v1/{path}?{urlencode({'limit': 200, **query})}"
        for _ in range(pages):
            following = self.api_get(address, limited=limited).json()["next"]
            if following is None:
                break
            parts = urlsplit(following)
            address = f"{parts.path}?{parts.query}"
        address = address.replace("limit=200", "limit=50")
        return lambda: self.api_get(address, limited=limited)


_BACKEND = "icpportal.sign_in.people.PeopleBackend"


def _handles() -> Handles:
    largest = Account.objects.get(uid=LARGEST)
    middle = Filing.objects.filter(state=FilingState.COMPLETED, pk__gt=Filing.objects.count() // 2)
    filing = middle.select_related("code__server__account", "code__ip").order_by("pk")[0]
    value = values.mint()
    AuthorizationCode.objects.filter(pk=filing.code_id).update(
        digest=values.digest(value), sealed=sealing.seal(value), tail=value[-values.TAIL :]
    )
    code = AuthorizationCode.objects.select_related("server", "ip").get(pk=filing.code_id)
    small = Account.objects.filter(servers__isnull=False).order_by("-pk")[0]
    return Handles(
        server=code.server,
        code=code,
        value=values.show(value),
        ip=code.ip,
        filing=filing,
        small=small,
        middle=Account.objects.get(pk=largest.pk + 1),
        largest=largest,
        request=SupportRequest.objects.order_by("pk")[0],
    )


def _staff() -> User:
    user, _new = User.objects.get_or_create(username="bench-staff", defaults={"is_staff": True})
    user.groups.add(Group.objects.get(name=SUPERVISOR))
    return user


def _member(account: Account) -> User:
    user, _new = User.objects.get_or_create(username="bench-member", defaults={"email": "bench@example.com"})
    account.members.add(user)
    return user


def _api_client(account: Account | None) -> ApiClient:
    name = "bench-of-largest" if account else "bench-of-all"
    return ApiClient.objects.get_or_create(name=name, defaults={"scopes": Scope.values, "account": account})[0]
