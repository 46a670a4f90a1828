"""VALIDITY: why a code cannot begin a filing; and the state that is shown, derived from the facts.

A code expires when its server or its IP does, whichever is earlier; it is valid while `now < expiry` (decision 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext_lazy as _

from codes.choices import ShownState, State
from codes.models import AuthorizationCode
from codes.policy import Policy
from codes.reports import Language, Rule
from codes.rules import RuleSet
from icpportal.dates import expiry_time, shanghai_day
from servers.choices import BillingMode, ServerState


@dataclass(frozen=True, kw_only=True)
class FiledBy:
    """Who is about to file: the uid, or "" when none is given."""

    account: str


def unexpired(now: datetime) -> Q:
    """Neither server nor IP has reached its expiry, and the server is not isolated."""
    return (
        (Q(server__expires_at__isnull=True) | Q(server__expires_at__gt=now))
        & (Q(ip__expires_at__isnull=True) | Q(ip__expires_at__gt=now))
        & ~Q(server__state=ServerState.ISOLATED)
    )


def intact() -> Q:
    """The IP assignment stands, the server exists and is prepaid (decisions 4, 6 and 7)."""
    return (
        Q(ip__released_at__isnull=True)
        & ~Q(server__state=ServerState.TERMINATED)
        & Q(server__billing_mode=BillingMode.PREPAID)
    )


def _ladder(now: datetime) -> list[tuple[ShownState, Q]]:
    """The shown states in their order: a code is shown in the first whose condition holds."""
    return [
        (ShownState.USED, Q(state=State.USED)),
        (ShownState.WITHDRAWN, Q(state=State.WITHDRAWN)),
        (ShownState.INVALID, ~intact()),
        (ShownState.EXPIRED, ~unexpired(now)),
        (ShownState.IN_USE, Q(state=State.IN_USE)),
        (ShownState.UNUSED, Q(state=State.UNUSED)),
    ]


def shown_state(now: datetime) -> Case:
    """used > withdrawn > invalid > expired > in_use > unused, as an SQL expression over AuthorizationCode."""
    return Case(*(When(holds, then=Value(state)) for state, holds in _ladder(now)), output_field=CharField())


def shown_number(now: datetime, numbers: Mapping[ShownState, int]) -> Case:
    """The number that stands for the state that is shown."""
    whens = (When(holds, then=Value(numbers[state])) for state, holds in _ladder(now))
    return Case(*whens, output_field=IntegerField())


def shown_as(*states: str, now: datetime) -> Q:
    """The codes that are shown in one of `states`: the same as conditions, so that the database can estimate them."""
    found, before = Q(pk__in=[]), Q()
    for state, holds in _ladder(now):
        if state in states:
            found |= before & holds
        before &= ~holds
    return found


def with_shown_state(codes: QuerySet[AuthorizationCode], *, now: datetime) -> QuerySet[AuthorizationCode]:
    """The same codes, each with `shown_state`, its server, IP and account at hand."""
    return codes.annotate(shown_state=shown_state(now)).select_related("server__account", "ip")


def expires_at(code: AuthorizationCode) -> datetime | None:
    """When the code expires, aware: the earlier of server's and IP's expiry; None when neither has one."""
    return earliest(code.server.expires_at, code.ip.expires_at)


EXPIRY = Coalesce(Least("server__expires_at", "ip__expires_at"), "server__expires_at", "ip__expires_at")  # in SQL


def earliest(*expiries: datetime | None) -> datetime | None:
    """The first of the moments that are known (decision 3)."""
    return min((moment for moment in expiries if moment is not None), default=None)


def _facts(now: datetime, policy: Policy, choice: FiledBy | None) -> Mapping[str, Any]:
    """Without an account to judge, the code counts as filed by the account it names."""
    account = F("authorized_account") if choice is None else Value(choice.account)
    return {"shown_state": shown_state(now), "filing_account": account}


def _found_expiry(code: AuthorizationCode, language: Language) -> object:
    if code.server.state == ServerState.ISOLATED:
        return _("The server has been isolated since %(day)s") % {"day": shanghai_day(code.server.state_since)}
    return expiry_time(expires_at(code), language)


def _found_invalid(code: AuthorizationCode, language: Language) -> object:
    if code.server.state == ServerState.TERMINATED:
        return _("The server was terminated on %(day)s") % {"day": shanghai_day(code.server.state_since)}
    if code.ip.released_at is not None:
        return _("%(address)s was released on %(day)s") % {
            "address": code.ip.address,
            "day": shanghai_day(code.ip.released_at),
        }
    return code.server.get_billing_mode_display()


def _found_account(code: Any, language: Language) -> object:
    return code.filing_account or _("No account given")


VALIDITY: RuleSet[AuthorizationCode] = RuleSet(
    policy=Policy.current,
    facts=_facts,
    related=("server__account", "ip"),
    rules=(
        Rule(
            code="code_used",
            faq="5.2",
            title=_("The code is not used"),
            explanation=_("A code whose filing succeeded can never be used again."),
            remedy=_("Generate another code."),
            found=lambda code, language: code.get_state_display(),
            passes=lambda now, policy: ~Q(state=State.USED),
        ),
        Rule(
            code="code_in_use",
            faq="5.1",
            title=_("No other filing holds the code"),
            explanation=_("A filing that was begun holds its code until it is completed or abandoned."),
            remedy=_("Finish or abandon that filing first, or use another code."),
            found=lambda code, language: code.get_state_display(),
            passes=lambda now, policy: ~Q(state=State.IN_USE),
        ),
        Rule(
            code="code_withdrawn",
            faq="5",
            title=_("The code is not withdrawn"),
            explanation=_("A withdrawn code is dead for good; its slot stays spent."),
            remedy=_("Generate another code."),
            found=lambda code, language: code.get_state_display(),
            passes=lambda now, policy: ~Q(state=State.WITHDRAWN),
        ),
        Rule(
            code="code_expired",
            faq="6",
            title=_("Server and IP have not expired"),
            explanation=_("A code expires when its server or its IP does."),
            remedy=_("Renew what expired, the server or its IP: the code is usable again at once."),
            found=_found_expiry,
            passes=lambda now, policy: unexpired(now),
        ),
        Rule(
            code="code_invalid",
            faq="6",
            title=_("The code's server and IP stand as they were"),
            explanation=_(
                "A code is invalid once its IP is released or its server is terminated or no longer prepaid."
            ),
            remedy=_(
                "If the same IP can come back on the server, or the server be made prepaid again, the code is valid "
                "again; otherwise generate another code."
            ),
            found=_found_invalid,
            passes=lambda now, policy: intact(),
        ),
        Rule(
            code="not_authorized_account",
            faq="",
            title=_("The code is meant for this account"),
            explanation=_("The owner named one account that may use this code."),
            remedy=_("File with the account that the owner named, or ask the owner to change it."),
            found=_found_account,
            passes=lambda now, policy: Q(authorized_account="") | Q(authorized_account=F("filing_account")),
        ),
    ),
)
