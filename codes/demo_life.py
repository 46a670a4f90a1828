"""Weeks of ordinary work on the demonstration's fleet, so that lists, tabs and charts have something to show.

The same at every loading, but for the day: a step says when it happens, and does it through the services.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.contrib.auth.models import User

from codes import services
from codes.choices import Channel
from codes.errors import NotEligible
from codes.models import Filing
from icpportal.api.models import ApiClient
from servers.models import Account, Server

DAYS = 14
A_DAY = (3, 2, 4, 1, 3, 0, 1)  # codes asked for, from Monday to Sunday
LONG_AGO = (48, 46)  # days before, on which two filings began that have stalled since


@dataclass(frozen=True, order=True)
class Step:
    """Something that happens at a moment; steps are taken in their order."""

    at: datetime
    do: Callable[[], object] = field(compare=False)


@dataclass
class Fleet:
    """Who acts on which servers of the account."""

    account: Account
    agent: User
    client: ApiClient
    now: datetime

    def steps(self) -> Iterator[Step]:
        """All that happens until `now`, in no order."""
        dice = Random(16)
        good = list(self.account.servers.filter(name__startswith="shop-").order_by("name"))
        bad = list(self.account.servers.exclude(name__startswith="shop-").order_by("name"))
        for turn, days in enumerate(LONG_AGO):
            yield from self._life(good[turn], turn, self.now - timedelta(days=days), dice, stalls=True)
        turn = len(LONG_AGO)
        for back in range(DAYS, -1, -1):
            morning = (self.now - timedelta(days=back)).replace(hour=1, minute=0)  # nine in Shanghai
            for _ in range(A_DAY[morning.weekday()]):
                at = morning + timedelta(minutes=dice.randrange(540))
                yield from self._life(good[turn % len(good)], turn, at, dice)
                turn += 1
            if back % 2 == 0:
                yield self._refusal(dice.choice(bad), morning + timedelta(minutes=dice.randrange(540)))

    def _life(self, server: Server, turn: int, at: datetime, dice: Random, *, stalls: bool = False) -> Iterator[Step]:
        """A code and what becomes of it: most are filed within hours, most filings are completed within days."""
        held: dict[str, Any] = {}
        yield Step(at, lambda: held.update(self._generate(server, turn, at)))
        if not stalls and turn % 3 == 0:
            return
        begun = at + timedelta(minutes=20 + dice.randrange(300))
        yield Step(begun, lambda: held.update(self._begin(held, turn, begun)))
        ended = begun + timedelta(days=5, minutes=dice.randrange(4000))
        if not stalls:
            yield Step(ended, lambda: self._end(held["filing"], turn, ended))

    def _generate(self, server: Server, turn: int, at: datetime) -> dict[str, Any]:
        by: dict[str, Any] = {"actor": self.account.members.get(), "channel": Channel.SELF_SERVICE}
        if turn % 4 == 3:
            by = {"actor": self.agent, "channel": Channel.ADMIN, "ticket": f"T-{at:%Y%m%d}-{turn:04d}"}
        return {"issued": services.generate(server, remark=f"Shop {turn + 1}", now=at, **by)[0]}

    def _begin(self, held: dict[str, Any], turn: int, at: datetime) -> dict[str, Any]:
        issued, order = held["issued"], f"{at:%Y%m%d}{turn:06d}"
        by: dict[str, Any] = {"actor": self.client, "channel": Channel.API, "now": at}
        domain = f"shop{turn + 1}.example.cn"
        filing, _new = services.begin_filing(issued.code, value=issued.value, order_number=order, domain=domain, **by)
        return {"filing": filing}

    def _end(self, filing: Filing, turn: int, at: datetime) -> None:
        by: dict[str, Any] = {"actor": self.client, "channel": Channel.API, "now": at}
        if turn % 7 == 4:
            services.reject_filing(filing, reason="The owner's name and the licence differ", **by)
        elif turn % 7 == 5:
            services.reset(
                filing.code,
                reason="The customer gave the filing up",
                ticket=f"T-{at:%Y%m%d}-{turn:04d}",
                actor=self.agent,
                channel=Channel.ADMIN,
                now=at,
            )
        else:
            services.complete_filing(filing, icp_number=f"沪ICP备{2026020000 + turn}号", **by)

    def _refusal(self, server: Server, at: datetime) -> Step:
        def refuse() -> None:
            with suppress(NotEligible):
                services.generate(server, actor=self.account.members.get(), channel=Channel.SELF_SERVICE, now=at)

        return Step(at, refuse)
