"""Look-up by exact handle: what agents paste into the one box, found by index and nothing else.

A handle is an account uid, an instance ID, an IP, a code's full value or its last five characters, a filing order
number, a domain, an ICP filing number, a support reference, or the start of a server's name. A line pasted from a
ticket is taken apart: the whole of it is tried as every handle, each word of it only as what cannot be an ordinary
word. Where nothing is found, what only begins like the whole is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F, Model, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from codes import values
from codes.models import AuthorizationCode, Filing, SupportRequest
from codes.pasted import Term
from icpportal.plans import ByBytes, planned_anew
from servers.models import Account, IPAddress, Server

M = TypeVar("M", bound=Model)
LIMIT = 50  # objects of a kind


class Handle(TextChoices):
    """What a term is tried as."""

    ACCOUNT = "account", _("account")
    INSTANCE_ID = "instance_id", _("instance ID")
    IP = "ip", _("IP address")
    CODE = "code", _("full code")
    TAIL = "tail", _("last five characters of a code")
    ORDER = "order", _("filing order number")
    DOMAIN = "domain", _("domain")
    ICP_NUMBER = "icp_number", _("ICP filing number")
    REFERENCE = "reference", _("support reference")
    NAME = "name", _("start of a server's name")
    ACCOUNT_START = "account_start", _("start of an account or its name")
    INSTANCE_ID_START = "instance_id_start", _("start of an instance ID")
    IP_START = "ip_start", _("start of an IP address")
    FILING_START = "filing_start", _("start of an order number, domain or ICP filing number")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a term led to, by kind, and as what it was tried.

    `mistyped`: it reads as a full code whose check character is wrong. `unknown`: it is a well-formed code, and no
    code has that value. `holds_value`: it reads as a full code, so it must not end in an address. `by_start`: nothing
    is what was typed, and this begins like it.
    """

    accounts: list[Account] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    ips: list[IPAddress] = field(default_factory=list)
    codes: list[AuthorizationCode] = field(default_factory=list)
    filings: list[Filing] = field(default_factory=list)
    requests: list[SupportRequest] = field(default_factory=list)
    read_as: list[Handle] = field(default_factory=list)
    tried: list[Handle] = field(default_factory=list)
    holds_value: bool = False
    mistyped: bool = False
    by_start: bool = False

    @property
    def objects(self) -> list[Model]:
        """Everything that was found."""
        return [*self.accounts, *self.servers, *self.ips, *self.codes, *self.filings, *self.requests]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than LIMIT of a kind."""
        kinds = self.accounts, self.servers, self.ips, self.codes, self.filings, self.requests
        return any(len(kind) >= LIMIT for kind in kinds)

    @property
    def unknown(self) -> bool:
        """A code value without a typing error that no code has."""
        return self.holds_value and not self.mistyped and not self.codes

    @property
    def only(self) -> Model | None:
        """The one object that was meant, or None: what only begins like the term may be another."""
        return self.objects[0] if len(self.objects) == 1 and not self.by_start else None


@planned_anew()
def resolve(text: str, *, user: User | AnonymousUser) -> Found:
    """What `text` leads to, of the kinds that `user` may view; at most LIMIT of each.

    With several assignments of one IP their servers and codes are listed too.
    """
    term = Term.of(text)
    search = _Search(term, user)
    found = Found(
        accounts=search.take(Handle.ACCOUNT, Account.objects.filter(uid__in=term.exact)),
        servers=[
            *search.take(Handle.INSTANCE_ID, _servers().filter(instance_id__in=_lower(term.exact))),
            *search.take(Handle.NAME, _named(term)),
        ],
        ips=search.take(Handle.IP, _ips().filter(address__in=term.addresses)),
        codes=[
            *search.take(Handle.CODE, _of_values(term)),
            *search.take(Handle.TAIL, _codes().filter(tail__in=term.tails)),
        ],
        filings=[
            *search.take(Handle.ORDER, _filings().filter(order_number__in=term.exact)),
            *search.take(Handle.DOMAIN, _filings().filter(domain__in=term.domains)),
            *search.take(Handle.ICP_NUMBER, _of_icp_numbers(term)),
        ],
        requests=search.take(Handle.REFERENCE, _requests().filter(reference__in=term.references)),
        read_as=search.read_as,
        tried=search.tried,
        holds_value=bool(term.values),
        mistyped=bool(term.values) and not any(values.is_well_formed(value) for value in term.values),
    )
    if not found.objects and term.start:
        return _by_start(found, term, search)
    if len(found.ips) > 1:
        _add_neighbours(found, user)
    return found


def _by_start(found: Found, term: Term, search: _Search) -> Found:
    """The same with what begins like the term; but no address begins like one that is complete."""
    start, lower = term.start, term.start.lower()
    accounts = Account.objects.filter(Q(uid__startswith=start) | Q(name__startswith=start))
    servers = _servers().filter(instance_id__startswith=lower)
    ips = _ips().none() if term.addresses else _ips().filter(address__startswith=lower)
    filings = _filings().filter(
        Q(order_number__startswith=start) | Q(domain__startswith=lower) | Q(icp_number__startswith=start)
    )
    return replace(
        found,
        accounts=search.take(Handle.ACCOUNT_START, accounts),
        servers=search.take(Handle.INSTANCE_ID_START, servers, by="instance_id"),
        ips=search.take(Handle.IP_START, ips, by="address"),
        filings=search.take(Handle.FILING_START, filings),
        by_start=True,
    )


class _Search:
    """Runs look-ups for one person and keeps what was tried, and what it was read as."""

    def __init__(self, term: Term, user: User | AnonymousUser) -> None:
        self.term, self.user = term, user
        self.read_as: list[Handle] = []
        self.tried: list[Handle] = []
        self.seen: set[tuple[type[Model], int]] = set()

    def take(self, handle: Handle, objects: QuerySet[M], *, by: str = "") -> list[M]:
        """The newest of `objects` that this person may view and that were not found before; the first `by` a text."""
        if not _may_view(self.user, objects.model):
            return []
        order = [ByBytes(F(by)), "-pk"] if by else ["-pk"]
        rows = [row for row in objects.order_by(*order)[:LIMIT] if (objects.model, row.pk) not in self.seen]
        self.seen |= {(objects.model, row.pk) for row in rows}
        (self.read_as if rows else self.tried).append(handle)
        return rows


def _may_view(user: User | AnonymousUser, model: type[Model]) -> bool:
    meta = model._meta
    return user.has_perm(f"{meta.app_label}.view_{meta.model_name}")


def _servers() -> QuerySet[Server]:
    return Server.objects.select_related("account", "region")


def _ips() -> QuerySet[IPAddress]:
    return IPAddress.objects.select_related("server__account")


def _codes() -> QuerySet[AuthorizationCode]:
    return AuthorizationCode.objects.select_related("server__account", "ip")


def _filings() -> QuerySet[Filing]:
    return Filing.objects.select_related("code__server__account")


def _requests() -> QuerySet[SupportRequest]:
    return SupportRequest.objects.select_related("account", "server", "taken_by")


def _of_values(term: Term) -> QuerySet[AuthorizationCode]:
    digests = [digest for value in term.values for digest in values.digests(value)]
    return _codes().filter(digest__in=digests)


def _of_icp_numbers(term: Term) -> QuerySet[Filing]:
    """Those that have the number, and those of each website filed under it."""
    wanted = Q(icp_number__in=term.exact)
    for number in term.main_icp_numbers:
        wanted |= Q(icp_number__startswith=f"{number}-")
    return _filings().filter(wanted).exclude(icp_number="")


def _named(term: Term) -> QuerySet[Server]:
    """By the start of a name."""
    return _servers().filter(name__startswith=term.start) if term.start else _servers().none()


def _lower(texts: list[str]) -> list[str]:
    return list(dict.fromkeys([*texts, *(text.lower() for text in texts)]))


def _add_neighbours(found: Found, user: User | AnonymousUser) -> None:
    if _may_view(user, Server):
        found.servers.extend(_others(_servers().filter(ips__in=found.ips).distinct(), found.servers))
    if _may_view(user, AuthorizationCode):
        found.codes.extend(_others(_codes().filter(ip__in=found.ips), found.codes))


def _others(objects: QuerySet[M], known: list[M]) -> QuerySet[M]:
    return objects.exclude(pk__in=[each.pk for each in known]).order_by("-pk")[:LIMIT]
