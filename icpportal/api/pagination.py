"""Cursor pages over the primary key, newest first: the same cost at any depth, stable while rows are added."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _

from icpportal.api.answers import answer
from icpportal.api.problems import FieldError
from icpportal.plans import planned_anew

if TYPE_CHECKING:
    from icpportal.api.endpoint import Call

PARAMETERS = ("cursor", "limit", "count")
DEFAULT_LIMIT, MAX_LIMIT = 50, 200
_OLDER, _NEWER = "o", "n"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which page of a list: beyond the row `pk` towards older or newer ones, or from the start."""

    limit: int = DEFAULT_LIMIT
    pk: int | None = None
    newer: bool = False
    counted: bool = False


def place_of(query: QueryDict, path: str) -> tuple[Place, list[FieldError]]:
    """Where the query points, and what is wrong with it."""
    errors = []
    limit = limit_of(query.get("limit"))
    if limit is None:
        errors.append(limit_error())
    counted = query.get("count", "false")
    if counted not in ("true", "false"):
        errors.append(FieldError("count", "invalid", _("Give true or false.")))
    direction, pk = _OLDER, None
    if "cursor" in query:
        try:
            text = _signer(path).unsign(str(query["cursor"]))
            direction, pk = text[0], int(text[1:])
        except signing.BadSignature:
            errors.append(FieldError("cursor", "invalid", _("Use the address of a page exactly as it was given.")))
    return Place(limit=limit or 0, pk=pk, newer=direction == _NEWER, counted=counted == "true"), errors


def limit_of(text: str | None) -> int | None:
    """The page size that `text` asks for; None when it is not 1 to 200."""
    if text is None:
        return DEFAULT_LIMIT
    fits = len(text) <= 3 and text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT
    return int(text) if fits else None


def limit_error() -> FieldError:
    """What is said of any other limit."""
    return FieldError("limit", "invalid", _("Give a whole number from 1 to %(most)d.") % {"most": MAX_LIMIT})


def _signer(path: str) -> signing.Signer:
    """A cursor belongs to one list: a cut or borrowed one is refused."""
    return signing.Signer(salt=f"cursor {path}")


def page(
    call: Call,
    rows: QuerySet[Any, Any],
    render: Callable[[list[Any]], Iterable[dict[str, Any]]],
) -> HttpResponse:
    """The page of `rows` that the call asks for, of tuples led by the primary key: `render` turns them into dicts."""
    more: dict[str, Any] = {}
    with planned_anew():
        if call.place.counted:
            more = {"count": rows.order_by().count()}
        found = list(beyond(rows, call.place))
    return page_of(call, found, render, **more)


def page_of(
    call: Call,
    found: list[Any],
    render: Callable[[list[Any]], Iterable[dict[str, Any]]],
    *,
    key: Callable[[Any], int] = itemgetter(0),
    results: str = "results",
    **more: Any,
) -> HttpResponse:
    """The page of what was found `beyond` the call's place: one row more than the page holds, if there is one.

    `key` gives the primary key of what was found, `results` is what the list is called, `more` stands beside it.
    """
    place = call.place
    is_cut, found = len(found) > place.limit, found[: place.limit]
    if place.newer:
        found.reverse()
    has_older = is_cut if not place.newer else bool(found)
    has_newer = is_cut if place.newer else place.pk is not None and bool(found)
    body: dict[str, Any] = {
        "next": _address(call.request, f"{_OLDER}{key(found[-1])}") if has_older else None,
        "previous": _address(call.request, f"{_NEWER}{key(found[0])}") if has_newer else None,
    }
    return answer({**body, **more, results: list(render(found))})


def beyond(objects: QuerySet[Any], place: Place) -> QuerySet[Any]:
    """The rows from the place on, one more than a page holds; in the order of the walk."""
    if place.pk is not None:
        objects = objects.filter(pk__gt=place.pk) if place.newer else objects.filter(pk__lt=place.pk)
    return objects.order_by("pk" if place.newer else "-pk")[: place.limit + 1]


def _address(request: HttpRequest, position: str) -> str:
    """The list's own address with its filters, at another position."""
    query = request.GET.copy()
    query["cursor"] = _signer(request.path).sign(position)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
