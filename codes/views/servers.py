"""My servers: what each may generate, what needs attention first; and one server with every condition and its codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import normalize
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from codes import values
from codes.choices import ShownState
from codes.forms import SHOW, ServerFilter
from codes.models import AuthorizationCode
from codes.pasted import Term
from codes.standing import FLEET, Place, any_can, places
from codes.validity import shown_as, with_shown_state
from codes.views.access import READ, membership, own_server, page, person, signed_in
from codes.views.cards import cards
from codes.views.codes import rows
from codes.views.news import unread_answers
from codes.views.paging import PAGE
from icpportal.handles import canonical_address
from servers.models import Account, IPAddress, Server

FILTER_FROM = 10  # more servers than this are worth a search


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The servers of an account, of a large one the newest, in the order of attention: to count and cut pages from."""

    rows: list[Place]

    def count(self, show: str) -> int:
        return sum(place.standing in SHOW[show] for place in self.rows)

    def cut(self, show: str, cursor: str) -> tuple[list[int], str]:
        """A page of servers after `cursor`, and the cursor of the next page or ""."""
        after = tuple(int(part) for part in cursor.split("-")) if cursor else (-1,)
        left = [place for place in self.rows if place.standing in SHOW[show] and place > after]
        last = left[PAGE - 1] if len(left) > PAGE else None
        return [place.pk for place in left[:PAGE]], "{}-{}-{}".format(*last) if last else ""


@signed_in(*READ, "POST")
def servers(request: HttpRequest) -> HttpResponse:
    """The list, with the FAQ 7 answer on top when there are servers and none qualifies. POST searches."""
    member = membership(request)
    if member.current is None:
        return page(request, "codes/no_account.html", {}, section="servers", member=member)
    now = timezone.now()
    form = ServerFilter(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid() and "q" not in form.errors:
        raise BadRequest("no such list")  # nobody types a filter or a page
    if form.errors:
        context = {"form": form, "now": now}
        return page(request, "codes/servers_invalid.html", context, section="servers", member=member, status=400)
    if request.method == "POST":
        return _search(request, member.current, form.cleaned_data)
    context = {
        "form": form,
        "now": now,
        "answered": unread_answers(request, member.current, now=now),
        **_list(member.current, form.cleaned_data, now=now),
    }
    return page(request, "codes/servers.html", context, section="servers", member=member)


def _search(request: HttpRequest, account: Account, query: dict[str, str]) -> HttpResponse:
    """What was typed goes into the address, unless it is a code, mistyped or not: one's own leads to its page."""
    value = next(values.found_in(query["q"]), "")
    own = AuthorizationCode.objects.visible_to(person(request)).of_value(value).first() if value else None
    if own:
        return redirect("codes:code", own.pk)
    owned = Server.objects.filter(account=account)
    if value or (Term.of(query["q"]).values and not _matching(owned, query["q"]).exists()):
        messages.warning(request, _("No code of yours is this one."))
        return redirect("codes:servers")
    address = urlencode({name: query[name] for name in ("show", "q") if query[name]})
    return redirect(f"{reverse('codes:servers')}?{address}" if address else "codes:servers")


def _list(account: Account, query: dict[str, str], *, now: datetime) -> dict[str, Any]:
    owned = Server.objects.filter(account=account)
    fleet = Fleet(rows=places(owned, now=now))
    found = Fleet(rows=places(_matching(owned, query["q"]), now=now)) if query["q"] else fleet
    pks, next_cursor = found.cut(query["show"], query["cursor"])
    is_cut = len(fleet.rows) == FLEET and owned.order_by("pk")[FLEET:].exists()
    able = fleet.count("can")
    none_able = not able and not (is_cut and any_can(account, now=now))
    return {
        "total": owned.count() if is_cut else len(fleet.rows),
        "newest": len(fleet.rows) if is_cut else 0,
        "able": able,
        "none_able": none_able,
        "has_unused": none_able and not is_cut and _has_unused(account, now=now),
        "all_in_hong_kong": not is_cut and fleet.count("hong_kong") == len(fleet.rows),
        "filters": [{"show": show, "count": found.count(show), "current": show == query["show"]} for show in SHOW],
        "has_filter": len(fleet.rows) > FILTER_FROM,
        "cards": cards(pks, now=now),
        "next_cursor": next_cursor,
        "query": query,
    }


def _has_unused(account: Account, *, now: datetime) -> bool:
    codes = AuthorizationCode.objects.filter(server__account=account)
    return codes.filter(shown_as(ShownState.UNUSED, now=now)).exists()


def _matching(owned: Any, q: str) -> Any:
    """The newest FLEET of those that a search finds. Found first and judged then, so that no others are judged."""
    folded = normalize("NFKC", q)  # full-width forms, as a Chinese keyboard gives them
    holders = IPAddress.objects.on_server().filter(address=canonical_address(folded) or folded).values("server")
    found = owned.filter(Q(name__icontains=q) | Q(instance_id__icontains=folded) | Q(pk__in=holders))
    return Server.objects.filter(pk__in=sorted(found.values_list("pk", flat=True))[-FLEET:])


@own_server(*READ)
def server(request: HttpRequest, server: Server) -> HttpResponse:
    """One server: the verdict, every condition, its codes."""
    now = timezone.now()
    of_server = AuthorizationCode.objects.filter(server=server).order_by("-slot")
    context = {
        "card": cards([server.pk], now=now)[0],
        "ips": IPAddress.objects.filter(server=server).live(now=now).in_order(),
        "rows": rows(with_shown_state(of_server, now=now), now=now),
        "now": now,
    }
    return page(request, "codes/server.html", context, section="servers", account=server.account)
