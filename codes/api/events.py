"""The event feed: oldest first, gap-free, at least once."""

from __future__ import annotations

import re
import zlib
from contextlib import nullcontext

from django.db import connection
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter

from codes.api import schema
from codes.api.payloads import event_payload
from codes.append_only import final_until
from codes.models import CodeEvent
from icpportal.api.answers import answer
from icpportal.api.documentation import LIMIT, describe
from icpportal.api.endpoint import Call, Endpoint
from icpportal.api.models import Scope
from icpportal.api.pagination import limit_error, limit_of
from icpportal.api.problems import Invalid, invalid
from icpportal.plans import planned_anew

_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9a-f]{8})")


def cursor(number: int) -> str:
    """Where a reader stands, for `after`: readers keep it for long, so it outlives the server's secrets."""
    return f"{number}.{zlib.crc32(str(number).encode()):08x}"


def number_of(text: str) -> int | None:
    """The event number in a cursor; None when it was cut or made up."""
    found = _CURSOR.fullmatch(text)
    return int(found[1]) if found and cursor(int(found[1])) == text else None


class Events(Endpoint):
    """What happened to the codes and servers that the client may see."""

    scopes = {"GET": {Scope.CODES_READ}}
    parameters = ("after", "limit")

    @describe(
        summary=_("Follow the events"),
        tag="events",
        text=_("Oldest first, and none is ever missed: send `next` of each answer as `after` with the following call."),
        response=schema.EventFeed,
        parameters=(OpenApiParameter("after", str, description=_("`next` of the answer before.")), LIMIT),
        example={"next": cursor(1001), "results": [schema.EVENT_EXAMPLE]},
    )
    def get(self, call: Call) -> HttpResponse:
        query = call.request.GET
        limit, after = limit_of(query.get("limit")), number_of(query.get("after", cursor(0)))
        if limit is None:
            raise Invalid(limit_error())
        if after is None:
            raise invalid("after", "invalid", _("Pass `next` exactly as the answer gave it."))
        events = call.own(CodeEvent.objects.filter(pk__gt=after), "account")
        # Numbers are given before commit: read the floor first, then the events up to it.
        events = events.filter(pk__lte=final_until(connection))
        with planned_anew() if call.client.account_id is not None else nullcontext():
            rows = list(events.select_related("account", "server", "user", "client").order_by("pk")[:limit])
        return answer({"next": cursor(rows[-1].pk if rows else after), "results": [event_payload(row) for row in rows]})
