"""Who uses an account's codes: the accounts that they name, and the accounts that filed with them.

Codes are not bought, sold or priced (FAQ 3): many unrelated accounts are a hint to ask, and no proof.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Value
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext as _

from codes.models import AuthorizationCode, Filing
from icpportal.numbers import up_to
from icpportal.plans import as_if_few
from servers.models import Account

SHOWN = 20  # accounts on the page, the busiest first
MANY = 5  # other accounts from which on the page asks how they belong together


@dataclass(kw_only=True)
class UsingAccount:
    """One account that uses codes: how many name it, with how many it filed, for how many domains."""

    uid: str
    url: str
    is_owner: bool
    authorized: int = 0
    filed: int = 0
    domains: int = 0


def context(account: Account, *, servers: Collection[int]) -> dict[str, Any]:
    """The busiest users of the codes of these of its servers, and the hint, "" where nothing is to ask. One query."""
    these = as_if_few(servers)
    rows = _filing(these).union(_authorized(these), all=True).order_by("-codes", "uid")[: 2 * SHOWN + 1]
    users: dict[str, UsingAccount] = {}
    for uid, is_filing, codes, domains in rows:
        user = users.setdefault(uid, _user(uid, account))
        if is_filing:
            user.filed, user.domains = codes, domains
        else:
            user.authorized = codes
    others = sum(not user.is_owner for user in users.values())
    return {
        "users": list(users.values())[:SHOWN],
        "more_users": len(users) > SHOWN,
        "users_hint": _hint(others) if others >= MANY else "",
    }


def _authorized(servers: RawSQL) -> Any:
    codes = AuthorizationCode.objects.filter(server__in=servers).exclude(authorized_account="")
    counted = codes.order_by().values(uid=F("authorized_account")).annotate(is_filing=Value(0))
    return counted.annotate(codes=Count("pk"), domains=Value(0)).values_list("uid", "is_filing", "codes", "domains")


def _filing(servers: RawSQL) -> Any:
    filings = Filing.objects.filter(code__server__in=servers).exclude(account="")
    counted = filings.order_by().values(uid=F("account")).annotate(is_filing=Value(1))
    return counted.annotate(codes=Count("code", distinct=True), domains=Count("domain", distinct=True)).values_list(
        "uid", "is_filing", "codes", "domains"
    )


def _user(uid: str, account: Account) -> UsingAccount:
    return UsingAccount(uid=uid, url=reverse("admin:lookup", query={"q": uid}), is_owner=uid == account.uid)


def _hint(others: int) -> str:
    return _(
        "%(others)s other accounts use these codes. That is what codes are for; but they cannot be bought "
        "or sold (FAQ 3), so ask how the accounts are related."
    ) % {"others": up_to(others, SHOWN)}
