"""A bulk run at work, seen from the desk: part by part, with the page growing as it goes, or all at once if short.

The answer that carries a run out is streamed, so that progress shows without a script. When the tab is closed the
server stops after the row under way; the run's page offers to go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models import Count, Q
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from codes import services
from codes.admin.bulk_kinds import KINDS
from codes.admin.growing import growing
from codes.choices import BulkState, Channel
from codes.models import BulkRun
from icpportal.numbers import grouped

PART = 20  # rows between two looks at how far it is and whether the person still may
STEP = 5  # percent between two lines of progress


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How many rows of a run are done, were refused, are pending."""

    done: int
    refused: int
    pending: int

    @property
    def total(self) -> int:
        return self.done + self.refused + self.pending

    @property
    def percent(self) -> int:
        return 100 * (self.total - self.pending) // max(self.total, 1)

    def __str__(self) -> str:
        """ "480 of 2,000 processed, 12 of them not done"."""
        numbers = {"worked": self.total - self.pending, "total": self.total, "refused": self.refused}
        values = {name: grouped(number) for name, number in numbers.items()}
        if self.refused:
            return _("%(worked)s of %(total)s processed, %(refused)s of them not done") % values
        return _("%(worked)s of %(total)s processed") % values


def progress(run: BulkRun) -> Progress:
    """How far the run is, by one query."""
    each = {state.value: Count("pk", filter=Q(state=state)) for state in BulkState}
    return Progress(**run.rows.aggregate(**each))


def work_off(run: BulkRun) -> Iterator[Progress]:
    """Carry out what is pending; says after each part how far it is. Stops when the person may no longer do it."""
    permission = KINDS[run.action].permission
    while rows := services.pending_rows(run, PART):
        person = User.objects.get(pk=run.actor_id)
        if not person.has_perm(permission):
            return
        for row in rows:
            services.carry_out(row, channel=Channel.ADMIN, now=timezone.now())
        yield progress(run)
    services.end_run(run, now=timezone.now())


def answer(request: HttpRequest, run: BulkRun, page: dict[str, Any]) -> StreamingHttpResponse:
    """The page that grows."""
    return growing(render_to_string("admin/desk/bulk_progress.html", page, request), _lines(run))


def _lines(run: BulkRun) -> Iterator[str]:
    """A line whenever enough has happened; in between a blank, so that a closed tab is noticed."""
    due = 0
    try:
        for found in work_off(run):
            yield format_html("<li>{}</li>\n", str(found)) if found.percent >= due else " "
            due = max(due, found.percent - found.percent % STEP + STEP if found.percent >= due else due)
    except OperationalError:
        yield format_html("<li>{}</li>\n", stopped())


def stopped() -> str:
    """What is said when the database gave up in the middle."""
    return _("The database does not answer. What is pending stays pending: continue later.")
