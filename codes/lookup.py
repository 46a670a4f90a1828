"""Look-up by exact handle: what agents paste into the one box, found by index and nothing else.

A handle is an account uid, an instance ID, an IP, a code's full value or its last five characters, a filing order
number, a domain, an ICP filing number, a support reference, or the start of a server's name. A line pasted from a
ticket is taken apart: the whole of it is tried as every handle, each word of it only as what cannot be an ordinary
word.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from codes import values
from codes.models import AuthorizationCode, Filing, SupportRequest
from codes.support import references
from icpportal.plans import planned_anew
from servers.models import Account, IPAddress, Server

M = TypeVar("M", bound=Model)
LIMIT = 50  # objects of a kind
WORDS = 40  # of a pasted text
LENGTH = 500  # characters of a pasted text
_SEPARATORS = re.compile(r"[\s,;!?()\[\]{}<>\"'“”‘’「」『』《》【】、。|=/]+")
_GROUPS = r"[0-9A-Z]{5}(?:[\s-]{0,3}[0-9A-Z]{5}){4}"
_SLIPPED = r"[0-9A-Z]{4,6}(?:-[0-9A-Z]{4,6}){4}"  # a character too few or too many
_VALUE = re.compile(
    rf"(?<![0-9A-Z])(?:ICP[\s-]{{0,3}})?({_GROUPS}|{_SLIPPED})(?![0-9A-Z])|ICP[\s-]{{0,3}}([0-9A-Z][0-9A-Z-]{{17,}})"
)
_TAIL = re.compile(r"(?:ICP-\.\.\.-)?([0-9A-Z]{5})")


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


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a term led to, by kind, and as what it was tried.

    `mistyped`: it reads as a full code whose check character is wrong. `unknown`: it is a well-formed code, and no
    code has that value. `holds_value`: it reads as a full code, so it must not end in an address.
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

    @property
    def objects(self) -> list[Model]:
        """Everything that was found."""
        return [*self.accounts, *self.servers, *self.ips, *self.codes, *self.filings, *self.requests]

    @property
    def unknown(self) -> bool:
        """A code value without a typing error that no code has."""
        return self.holds_value and not self.mistyped and not self.codes

    @property
    def only(self) -> Model | None:
        """The one object that was meant, or None."""
        return self.objects[0] if len(self.objects) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Term:
    """A pasted text, taken apart: the `whole` of it, and the `words` that cannot be ordinary ones."""

    whole: str
    words: list[str]
    values: list[str]

    @classmethod
    def of(cls, text: str) -> Term:
        """Of what somebody typed or pasted."""
        readable = text[:LENGTH].replace("\0", " ").encode(errors="replace").decode()
        folded = unicodedata.normalize("NFKC", readable)
        plain = "".join(
            "-" if unicodedata.category(letter) == "Pd" else letter
            for letter in folded
            if unicodedata.category(letter) != "Cf"
        )
        whole = plain.strip().strip(_EDGES)
        return cls(whole=whole, words=list(_words(plain)), values=_values(plain.upper()))

    @cached_property
    def exact(self) -> list[str]:
        """What is compared with handles: the whole and the words, each once; not a code value."""
        if self.values:
            return []
        return list(dict.fromkeys([self.whole, *self.words]))

    @cached_property
    def addresses(self) -> list[str]:
        """The IP addresses among them, in their usual form."""
        return [address for address in map(_address, self.exact) if address]

    @cached_property
    def tails(self) -> list[str]:
        """The last characters of codes among them."""
        found = (_TAIL.fullmatch(text.upper()) for text in self.exact)
        return [values.normalise(match.group(1)) for match in found if match]

    @cached_property
    def references(self) -> list[str]:
        """The support references in the text, which a reference without a digit is too."""
        return [] if self.values else references(self.whole)

    @cached_property
    def domains(self) -> list[str]:
        """The domains among them, as typed and in ASCII."""
        dotted = [text.lower().rstrip(".") for text in self.exact if "." in text and text not in self.addresses]
        return list(dict.fromkeys([*dotted, *filter(None, map(_ascii, dotted))]))


_EDGES = ".,:;!?#*_ \t\r\n"


def _words(text: str) -> Iterable[str]:
    """The words of a text that hold a digit or a dot, without the label that may stand before a colon."""
    for word in _SEPARATORS.split(text)[:WORDS]:
        parts = [word] if _address(word.strip(_EDGES)) else word.split(":")
        for part in parts:
            plain = part.strip(_EDGES)
            if any(letter.isdigit() or letter == "." for letter in plain):
                yield plain


def _values(text: str) -> list[str]:
    """What reads as the full value of a code, in canonical form: also with a typing error."""
    found = [values.normalise(match.group(1) or match.group(2)) for match in _VALUE.finditer(text)]
    whole = values.normalise(text)
    found += [whole] if values.is_well_formed(whole) else []
    # Five ordinary words of five letters are no code; of the codes one in ten thousand has no digit.
    return [value for value in dict.fromkeys(found) if any(letter.isdigit() for letter in value)]


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return ""


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
            *search.take(Handle.ICP_NUMBER, _filings().filter(icp_number__in=term.exact).exclude(icp_number="")),
        ],
        requests=search.take(Handle.REFERENCE, _requests().filter(reference__in=term.references)),
        read_as=search.read_as,
        tried=search.tried,
        holds_value=bool(term.values),
        mistyped=bool(term.values) and not any(values.is_well_formed(value) for value in term.values),
    )
    if len(found.ips) > 1:
        _add_neighbours(found, user)
    return found


class _Search:
    """Runs look-ups for one person and keeps what was tried, and what it was read as."""

    def __init__(self, term: Term, user: User | AnonymousUser) -> None:
        self.term, self.user = term, user
        self.read_as: list[Handle] = []
        self.tried: list[Handle] = []
        self.seen: set[tuple[type[Model], int]] = set()

    def take(self, handle: Handle, objects: QuerySet[M]) -> list[M]:
        """The newest of `objects` that this person may view and that were not found before."""
        if not _may_view(self.user, objects.model):
            return []
        rows = [row for row in objects.order_by("-pk")[:LIMIT] if (objects.model, row.pk) not in self.seen]
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


def _named(term: Term) -> QuerySet[Server]:
    """By the start of a name: of a whole term that is not too short to mean anything."""
    too_short = len(term.whole) < 3 or bool(term.values)
    return _servers().none() if too_short else _servers().filter(name__startswith=term.whole)


def _lower(texts: list[str]) -> list[str]:
    return list(dict.fromkeys([*texts, *(text.lower() for text in texts)]))


def _add_neighbours(found: Found, user: User | AnonymousUser) -> None:
    if _may_view(user, Server):
        known = {server.pk for server in found.servers}
        found.servers.extend(
            _servers().filter(ips__in=found.ips).exclude(pk__in=known).distinct().order_by("-pk")[:LIMIT]
        )
    if _may_view(user, AuthorizationCode):
        found.codes.extend(_codes().filter(ip__in=found.ips).order_by("-pk")[:LIMIT])
