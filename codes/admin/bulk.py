"""Bulk runs: what an agent chose in a list, first as a question, then at work, then with the result of each row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import Case, Model, Q, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes import services
from codes.admin import export
from codes.admin.base import DeskRecord
from codes.admin.bulk_export import rows_export
from codes.admin.bulk_kinds import KINDS, Kind, offered
from codes.admin.bulk_work import answer, progress, stopped, work_off
from codes.admin.changelist import COUNT_UP_TO, WAIT_SECONDS
from codes.admin.columns import moment, page_url
from codes.admin.forms import DeskForm
from codes.admin.list_filters import DeskFilter, Rows, choice_filter
from codes.admin.many_values import ask_before_run
from codes.admin.request import few, staff
from codes.admin.rows import dressed
from codes.admin.way_back import leading_back, mark_list, way_back
from codes.choices import HOLDING, BulkAction, BulkState
from codes.models import AuthorizationCode, BulkRun
from icpportal.patience import TooLong, at_most
from icpportal.sign_in.people import name

RUN_LIMIT = COUNT_UP_TO  # rows that one run takes: as many as a list counts
SHOWN = 200  # rows of a table on a page; the CSV has all
AT_ONCE = 40  # rows that are worked off before the answer; with more of them the page grows meanwhile


def list_actions(request: HttpRequest, model: type[Model]) -> dict[str, Any]:
    """The bulk actions of a list, for this person: name, function, label."""
    return {
        action.value: (_chooser(action), action.value, f"{kind.words.list_button}…")
        for action, kind in offered(request, model).items()
    }


def reset_of_holds(request: HttpRequest) -> dict[str, Any]:
    """The bulk action of the list of filings: to reset those that hold a code."""
    kind = KINDS[BulkAction.RESET]
    if not request.user.has_perm(kind.permission):
        return {}
    return {BulkAction.RESET.value: (_choose_holds, BulkAction.RESET.value, f"{kind.words.list_button}…")}


def _chooser(action: BulkAction) -> Callable[[Any, HttpRequest, Rows], HttpResponse | None]:
    def choose(model_admin: DeskRecord, request: HttpRequest, chosen: Rows) -> HttpResponse | None:
        return _planned(request, action, chosen.values_list("pk", flat=True))

    return choose


def _choose_holds(model_admin: DeskRecord, request: HttpRequest, chosen: Any) -> HttpResponse | None:
    holds = chosen.holding()
    if not holds.exists():
        messages.error(request, _("None of these filings holds a code. Nothing was changed."))
        return None
    if chosen.exclude(state__in=HOLDING).exists():
        messages.info(request, _("Filings that hold no code are left out."))
    return _planned(request, BulkAction.RESET, holds.values_list("code_id", flat=True))


def _planned(request: HttpRequest, action: BulkAction, subjects: Any) -> HttpResponse | None:
    """To the question about these; None, with a message, where they are too many."""
    try:
        with at_most(WAIT_SECONDS * 1000):
            found = few(request, subjects, RUN_LIMIT)
    except TooLong:
        messages.error(request, _("Finding all that match takes too long: set another filter. Nothing was changed."))
        return None
    if found is None:
        return None
    run = services.plan_run(action, found, actor=staff(request), now=timezone.now())
    return _nothing_to_do(request, run) or HttpResponseRedirect(
        leading_back(page_url(run), request.get_full_path(), KINDS[action].model)
    )


def _nothing_to_do(request: HttpRequest, run: BulkRun) -> HttpResponse | None:
    """Why each is skipped, where all are and the page has room for them: such a run is not kept."""
    if run.rows.count() > SHOWN or KINDS[run.action].preview(run, shown=0, now=timezone.now()).going_count:
        return None
    model_admin: Any = admin.site.get_model_admin(BulkRun)
    page: TemplateResponse = model_admin.question(request, run, KINDS[run.action].form(), back=request.get_full_path())
    page.render()
    run.delete()
    return page


class StageFilter(DeskFilter):
    """How far it is, as tabs."""

    title = _("stage")
    parameter_name = "stage"
    is_tabs = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("unfinished", _("Unfinished")), ("finished", _("Finished")), ("planned", _("Planned"))]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        narrowed: Rows = rows.alias(stage=self.expression(now=now)).filter(stage=value)
        return narrowed

    def expression(self, *, now: datetime) -> Any:
        return Case(
            When(confirmed_at=None, then=Value("planned")),
            When(finished_at=None, then=Value("unfinished")),
            default=Value("finished"),
        )


@admin.register(BulkRun)
class BulkRunAdmin(DeskRecord):
    """Everybody at the desk sees what was begun; only who planned a run confirms it and goes on with it."""

    is_cleared = True
    list_display = ("what", "who", "started", "finished", "how_far")
    list_filter = (StageFilter, choice_filter("action", pgettext_lazy("act", "what"), BulkAction.choices))
    sortable_by = ()

    @admin.display(description=pgettext_lazy("act", "what"))
    def what(self, run: BulkRun) -> str:
        return run.get_action_display()

    @admin.display(description=_("who"))
    def who(self, run: BulkRun) -> str:
        return name(run.actor)

    @admin.display(description=_("started"))
    def started(self, run: BulkRun) -> SafeString | str:
        return moment(run.confirmed_at)

    @admin.display(description=_("finished"))
    def finished(self, run: BulkRun) -> SafeString | str:
        return moment(run.finished_at)

    @admin.display(description=_("rows"))
    def how_far(self, run: Any) -> str:
        return str(run.progress)

    def dress(self, rows: Any, *, now: datetime) -> list[Any]:
        """Each with its progress."""
        found = list(rows)
        for run in found:
            run.progress = progress(run)
        return found

    def get_queryset(self, request: HttpRequest) -> Rows:
        """What others only plan is nobody's business yet."""
        seen = Q(confirmed_at__isnull=False) | Q(actor=staff(request))
        return super().get_queryset(request).filter(seen).select_related("actor")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/run/", view(self.run), name="codes_bulkrun_run"),
            path("<int:pk>/csv/", view(self.rows_csv), name="codes_bulkrun_rows_csv"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The question while it is planned, the result of each row since."""
        run = self.page_object(request, object_id)
        if run is None:
            return self.unknown(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return super().change_view(request, object_id)
        if run.confirmed_at is None:
            asked = ask_before_run(run, request, now=timezone.now())  # before anything is typed
            return asked or self.question(request, run, KINDS[run.action].form())
        return self._result(request, run)

    def run(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Confirms a planned run, or goes on with one that stopped. A second answer at the same time does no harm."""
        run = self.acted_on(request, pk)
        kind = KINDS[run.action]
        if run.actor_id != request.user.pk or not request.user.has_perm(kind.permission):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(_on(page_url(run), request, run))
        if (asked := ask_before_run(run, request, now=timezone.now())) is not None:
            return asked
        if run.confirmed_at is None:
            form = kind.form(request.POST)
            if not form.is_valid():
                return self.question(request, run, form)
            services.confirm_run(run, texts=form.cleaned_data, now=timezone.now())
        return self._work(request, run)

    def rows_csv(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """All rows with what became of each, or what would."""
        run = self.acted_on(request, pk)
        now = timezone.now()
        rows = run.rows.select_related("server", "code__server").order_by("pk")
        return export.download(export.stream(rows_export(run), rows, now=now), name=f"bulk-run-{run.pk}", now=now)

    def _work(self, request: HttpRequest, run: BulkRun) -> HttpResponseBase:
        far = progress(run)
        if far.pending > AT_ONCE:
            title = KINDS[run.action].words.working(far.pending)
            return answer(
                request, run, self.desk_context(request, title=title) | {"result_url": _on(page_url(run), request, run)}
            )
        try:
            for _far in work_off(run):
                pass
        except OperationalError:
            messages.error(request, stopped())
        return HttpResponseRedirect(_on(page_url(run), request, run))

    def question(self, request: HttpRequest, run: BulkRun, form: DeskForm, *, back: str = "") -> TemplateResponse:
        """Who is skipped and who is not, and whether to go on; `back` where the address does not say it."""
        kind, now = KINDS[run.action], timezone.now()
        preview = kind.preview(run, shown=SHOWN, now=now)
        total = preview.skipped_count + preview.going_count
        title = kind.words.question(preview.going_count, total)
        way = back or way_back(request, kind.model)
        context = self.desk_context(request, title=title) | {
            **vars(preview),
            "effect": kind.effect if preview.going_count else "",
            "going_title": kind.words.going,
            "button": kind.words.confirm(preview.going_count),
            "action_url": _on(_url("run", run), request, run),
            "cancel_url": way,
            "csv_url": _url("rows_csv", run),
            "names": None,
            "form": form,
            "now": now,
        }
        mark_list(context["desk_nav"], way)
        return TemplateResponse(request, kind.template, context | _hung_on(kind))

    def _result(self, request: HttpRequest, run: BulkRun) -> HttpResponse:
        far, kind = progress(run), KINDS[run.action]
        may_go_on = far.pending and run.actor_id == request.user.pk and request.user.has_perm(kind.permission)
        context = self.desk_context(request, title=kind.words.result(far.done, far.total)) | {
            "run": run,
            "who": name(run.actor),
            "far": far,
            "rows": _rows(run, now=timezone.now()),
            "run_url": _on(_url("run", run), request, run) if may_go_on else "",
            "csv_url": _url("rows_csv", run),
            "back_url": way_back(request, kind.model),
        }
        return TemplateResponse(request, "admin/desk/bulk_result.html", context)


def _hung_on(kind: Kind) -> dict[str, Any]:
    """The question hangs on the list in which it was asked."""
    model_admin: Any = admin.site.get_model_admin(kind.model)
    return {"opts": model_admin.opts, "plural": model_admin.plural}


def _rows(run: BulkRun, *, now: datetime) -> list[Any]:
    """The first rows, what was not done before what was, with server, code and its state as it is now."""
    order = Case(When(state=BulkState.REFUSED, then=0), When(state=BulkState.DONE, then=1), default=2)
    rows: list[Any] = list(run.rows.select_related("server").order_by(order, "pk")[:SHOWN])
    keys = [row.code_id for row in rows if row.code_id]
    codes = {code.pk: code for code in dressed(AuthorizationCode.objects.filter(pk__in=keys), now=now)}
    for row in rows:
        row.shown_code = codes.get(row.code_id)
        row.shown_server = row.server or row.shown_code.server
    return rows


def _url(view: str, run: BulkRun) -> str:
    return reverse(f"admin:codes_bulkrun_{view}", args=[run.pk])


def _on(url: str, request: HttpRequest, run: BulkRun) -> str:
    """Another address of the run, with the way back that this one knows."""
    model = KINDS[run.action].model
    return leading_back(url, way_back(request, model), model)


def unfinished(person: Any) -> Rows:
    """The runs of this person that stopped before their end."""
    return BulkRun.objects.filter(actor=person, confirmed_at__isnull=False, finished_at=None)
