"""What can be done to many at once: who would be skipped and why, and the words for it, for servers and for codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from codes.admin.actions import plan
from codes.admin.forms import DeskForm, ReasonForm, TicketForm
from codes.admin.verdicts import checked
from codes.admin.words import GENERATE, WORDS, Words
from codes.choices import Action, BulkAction
from codes.eligibility import GENERATION
from codes.lifecycle import TRANSITIONS
from codes.messages import HELD_SINCE, refusals
from codes.models import AuthorizationCode, BulkRun, Filing
from icpportal.sentences import join
from servers.models import Server

TASTE = 50  # rows of those that go: who is skipped matters more


@dataclass(frozen=True, kw_only=True)
class Preview:
    """Who would be skipped and who not, before anything happens: rows of the tables, and how many there are."""

    skipped: list[Any]
    going: list[Any]
    skipped_count: int
    going_count: int


class Generating:
    """One code for each server."""

    model: type[Model] = Server
    template = "admin/desk/bulk_servers.html"
    words: Words = GENERATE
    permission = "codes.generate_code"

    @property
    def effect(self) -> str:
        """What confirming does."""
        return _("A code is tied to one public IP of its server and can never be taken back from the count.")

    def form(self, data: Any = None) -> DeskForm:
        """What is asked for all of them."""
        return TicketForm(data)

    def preview(self, run: BulkRun, *, shown: int, now: datetime) -> Preview:
        """By GENERATION, at most `shown` of the skipped, and a taste of the others."""
        servers = Server.objects.filter(bulk_rows__run=run)
        going, skipped = GENERATION.passing(servers, now=now), GENERATION.failing(servers, now=now)
        going_count = going.count()
        return Preview(
            skipped=checked(self._reports(skipped, shown, now)),
            going=checked(self._reports(going, TASTE, now)),
            skipped_count=run.rows.count() - going_count,
            going_count=going_count,
        )

    def refusals(self, run: BulkRun, subjects: list[int], *, now: datetime) -> Mapping[int, str]:
        """Why each of these would be skipped, or "", by primary key."""
        servers = list(Server.objects.filter(pk__in=subjects))
        reports = GENERATION.page_reports(servers, now=now)
        return {report.subject.pk: join(each.sentence for each in refusals(report)) for report in reports}

    def _reports(self, servers: QuerySet[Server], shown: int, now: datetime) -> list[Any]:
        return GENERATION.page_reports(list(servers.order_by("pk")[:shown]), now=now)


class Acting:
    """An action of codes/lifecycle.py on each code."""

    model: type[Model] = AuthorizationCode
    template = "admin/desk/bulk_codes.html"

    def __init__(self, action: Action) -> None:
        self.transition = TRANSITIONS[action]
        self.words = WORDS[action]
        self.permission = f"codes.{self.transition.permission}"

    @property
    def effect(self) -> str:
        """What confirming does."""
        return str(self.transition.effect)

    def form(self, data: Any = None) -> DeskForm:
        """Why, and on which ticket."""
        return ReasonForm(data, action=self.transition.action)

    def preview(self, run: BulkRun, *, shown: int, now: datetime) -> Preview:
        """By the table of transitions, at most `shown` of the skipped, and a taste of the others."""
        codes, goes = AuthorizationCode.objects.filter(bulk_rows__run=run), self._goes(run)
        going, skipped = codes.filter(goes), codes.exclude(goes)
        going_count = going.count()
        planned = plan(self.transition, self._keys(skipped, shown), now=now)
        return Preview(
            skipped=[replace(each, why=each.why or str(HELD_SINCE)) for each in planned],
            going=plan(self.transition, self._keys(going, TASTE), now=now),
            skipped_count=run.rows.count() - going_count,
            going_count=going_count,
        )

    def refusals(self, run: BulkRun, subjects: list[int], *, now: datetime) -> Mapping[int, str]:
        """Why each of these would be skipped, or "", by primary key."""
        codes = AuthorizationCode.objects.filter(pk__in=subjects)
        going = set(codes.filter(self._goes(run)).values_list("pk", flat=True))
        whys = {pk: str(self.transition.refusal(state) or HELD_SINCE) for pk, state in codes.values_list("pk", "state")}
        return {pk: "" if pk in going else why for pk, why in whys.items()}

    def _goes(self, run: BulkRun) -> Q:
        """Which codes would not be skipped: a filing that began since the run was planned is not what was chosen."""
        goes = Q(state__in=self.transition.sources)
        if self.transition.action != Action.RESET:
            return goes
        since = Filing.objects.holding().filter(began_at__gt=run.planned_at, code=OuterRef("pk"))
        return goes & Q(~Exists(since))

    def _keys(self, codes: QuerySet[AuthorizationCode], shown: int) -> list[int]:
        return list(codes.order_by("pk").values_list("pk", flat=True)[:shown])


Kind = Generating | Acting

KINDS: Mapping[str, Kind] = {
    BulkAction.GENERATE: Generating(),
    BulkAction.RESET: Acting(Action.RESET),
    BulkAction.WITHDRAW: Acting(Action.WITHDRAW),
    BulkAction.ROTATE: Acting(Action.ROTATE),
}


def offered(request: HttpRequest, model: type[Model]) -> dict[BulkAction, Kind]:
    """What this person may do to many rows of the model's list."""
    of_model = {BulkAction(name): kind for name, kind in KINDS.items() if kind.model is model}
    return {action: kind for action, kind in of_model.items() if request.user.has_perm(kind.permission)}
