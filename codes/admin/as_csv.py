"""A list, and the result of a bulk action, as CSV. Who may view the list may take it along; nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core import signing
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from codes.admin import export
from codes.admin.changelist import DeskChangeList, WholeList, refuse_nul
from codes.admin.export_columns import EXPORTS
from codes.admin.missing import NoSuchValue

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class ListAsCsv(ModelAdmin):
    """The downloads of a model that EXPORTS knows."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WholeList if getattr(request, "is_for_csv", False) else DeskChangeList

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("csv/", view(self.csv_view), name=f"{name}_csv"),
            path("result/csv/", view(self.result_csv_view), name=f"{name}_result_csv"),
        ]
        return [*(own if self.model in EXPORTS else []), *super().get_urls()]

    def csv_view(self, request: HttpRequest) -> HttpResponseBase:
        """Exactly the rows that the list at the same address shows, all of them."""
        rows = self.listed(request)
        return self._csv_of(rows) if isinstance(rows, QuerySet) else rows

    def listed(self, request: HttpRequest) -> QuerySet[Any] | HttpResponseNotAllowed:
        """The rows that the list at the same address shows, all of them. Raises BadRequest as the list does."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        refuse_nul(request)
        request.is_for_csv = True  # type: ignore[attr-defined]
        try:
            rows: QuerySet[Any] = self.get_changelist_instance(request).queryset
        except NoSuchValue:
            raise BadRequest from None
        return rows

    def csv_action(self) -> dict[str, Any]:
        """The action that takes the selected rows along, in the order of the list."""
        if self.model not in EXPORTS:
            return {}
        return {"csv": (ListAsCsv._csv_of_selected, "csv", gettext_lazy("CSV of these"))}

    def _csv_of_selected(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponseBase:
        return self._csv_of(chosen)

    def _csv_of(self, rows: QuerySet[Any]) -> HttpResponseBase:
        now = timezone.now()
        parts = export.stream(EXPORTS[self.model], rows, now=now)
        return export.download(parts, name=str(self.opts.model_name), now=now)

    def result_csv_view(self, request: HttpRequest) -> HttpResponseBase:
        """The table of a bulk action's result page. Raises BadRequest for one that was not made here."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            parts = export.read_signed(request.POST.get("table", ""))
        except signing.BadSignature:
            raise BadRequest from None
        return export.download(parts, name=f"{self.opts.model_name}-result", now=timezone.now())

    def result_csv(self, head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> dict[str, str]:
        """What a result page needs for its download: templates/includes/result_end.html."""
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_result_csv")
        return {"csv_url": url, "csv_table": export.signed(list(head), [list(row) for row in rows])}
