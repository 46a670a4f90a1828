"""Support requests: the queue, and the page with the report as it was and as it is now (FAQ 4 end)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.admin import support_actions
from codes.admin import support_words as words
from codes.admin.base import DeskRecord
from codes.admin.changelist import COUNT_UP_TO
from codes.admin.columns import DASH, link
from codes.admin.list_filters import DeskFilter, Rows, account_filter, server_filter
from codes.admin.request import staff
from codes.models import SupportRequest
from codes.models.support import IN_ORDER
from codes.support import report_of, report_then
from icpportal.sign_in.people import name

_ALL, _QUEUES = "all", ("open", "mine")
_TABS = (
    ("open", gettext_lazy("Open")),
    ("mine", gettext_lazy("Mine")),
    ("answered", gettext_lazy("Answered")),
    ("closed", gettext_lazy("Closed")),
)


class TabFilter(DeskFilter):
    """Whose turn it is, as tabs; without one, those that wait for us."""

    title = gettext_lazy("queue")
    parameter_name = "tab"
    is_tabs = True

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.agent = staff(request)
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(_TABS)

    def value(self) -> str:
        return super().value() or "open"

    def choices(self, changelist: Any) -> Iterator[Any]:
        for value, label in ((_ALL, _("All")), *self.lookup_choices):
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": self.value() == value, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset if self.value() == _ALL else super().queryset(request, queryset)

    def counts(self, rows: Rows, values: list[str], *, whole: int | None, now: datetime) -> list[int | None]:
        """By one statement; what I took waits too, so it counts twice."""
        limited = SupportRequest.objects.filter(pk__in=rows.order_by().values("pk")[: COUNT_UP_TO + 1])
        waits = Q(waiting_since__isnull=False)
        each = {"open": waits, "mine": waits & Q(taken_by=self.agent)}
        found = limited.aggregate(
            all=Count("pk"), **{value: Count("pk", filter=each.get(value, Q(state=value))) for value in values}
        )
        return list(found.values())

    def narrow(self, rows: Any, value: str, *, now: datetime) -> Rows:
        found: Rows = rows.waiting() if value in _QUEUES else rows.filter(state=value)
        return found.filter(taken_by=self.agent) if value == "mine" else found


@admin.register(SupportRequest)
class SupportRequestAdmin(DeskRecord):
    """Agents take, answer and close; auditors read."""

    page_template = "admin/desk/support_request.html"
    shows_codes = True
    list_display = ("reference_cell", "failed", "account_cell", "server_cell", "state_cell", "waiting", "taken")
    list_display_links = None
    list_filter = (
        TabFilter,
        account_filter("account"),
        server_filter("server"),
    )
    sortable_by = ()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The queue in its own order, what is over newest first."""
        if request.GET.get("tab", "open") in _QUEUES:
            return IN_ORDER
        return ("-pk",)

    @admin.display(description=gettext_lazy("reference"))
    def reference_cell(self, asked: SupportRequest) -> SafeString:
        return link(asked)

    @admin.display(description=gettext_lazy("what failed"))
    def failed(self, asked: Any) -> str:
        return str(asked.failed_cell)

    @admin.display(description=gettext_lazy("account"))
    def account_cell(self, asked: SupportRequest) -> SafeString:
        return link(asked.account)

    @admin.display(description=gettext_lazy("server"))
    def server_cell(self, asked: SupportRequest) -> SafeString | str:
        return link(asked.server) if asked.server else DASH

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, asked: Any) -> str:
        return str(asked.state_word)

    @admin.display(description=gettext_lazy("waiting"))
    def waiting(self, asked: Any) -> str:
        return str(asked.waits)

    @admin.display(description=gettext_lazy("taken by"))
    def taken(self, asked: Any) -> str:
        return str(asked.taken_cell)

    def dress(self, rows: Any, *, now: datetime) -> list[Any]:
        """Each row with what failed, how long it waits and who looks after it."""
        return words.dressed(rows, now=now)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("open/<int:pk>/", view(self.open_for_server), name="codes_supportrequest_open"),
            path("<int:pk>/take/", view(self.take), name="codes_supportrequest_take"),
            path("<int:pk>/answer/", view(self.answer), name="codes_supportrequest_answer"),
            path("<int:pk>/close/", view(self.close), name="codes_supportrequest_close"),
            *super().get_urls(),
        ]

    def open_for_server(self, request: HttpRequest, pk: int) -> HttpResponse:
        return support_actions.open_for_server(self, request, pk)

    def take(self, request: HttpRequest, pk: int) -> HttpResponse:
        return support_actions.take(self, request, pk)

    def answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        return support_actions.answer(self, request, pk)

    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        return support_actions.close(self, request, pk)

    def get_queryset(self, request: HttpRequest) -> Rows:
        related = ("account", "server__account", "code", "taken_by", "opened_by", "closed_by")
        return super().get_queryset(request).select_related(*related)

    def page(self, request: HttpRequest, obj: SupportRequest, *, now: datetime) -> dict[str, Any]:
        """Both reports side by side, the conversation, the answer to send."""
        report = report_of(obj.server, obj.code, now=now)
        said = obj.messages.select_related("author").order_by("pk")
        return {
            "asked": obj,
            "verdict": words.verdict(obj),
            "rows": words.compared(report_then(obj), report),
            "facts": words.facts(obj, now=now),
            "said": [(name(each.author), each) for each in said],
            **support_actions.offered(request, obj, report, now=now),
        }
