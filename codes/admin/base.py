"""The manners of every list and page of the desk: read-only unless said otherwise, nothing deletable, no costly counts.

A list accepts the filters that it declares and nothing else: the stock admin would take any field with any look-up,
`?name__regex=(a+)+$` among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, OrderBy
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from codes.admin.as_csv import ListAsCsv
from codes.admin.changelist import refuse_nul
from codes.admin.columns import page_url
from codes.admin.list_filters import Rows
from codes.admin.missing import NoSuchPage, NoSuchValue, no_such_page, no_such_row, no_such_value
from codes.admin.request import keys
from codes.admin.saved_views import ListWithViews
from icpportal.numbers import grouped

BULK_LIMIT = 200  # rows that an action takes that is done within one answer; for bulk runs see codes/admin/bulk.py


class DeskAdmin(ListWithViews, ListAsCsv):
    """What holds for every model of the desk."""

    view_on_site = False
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    bulk_limit = BULK_LIMIT
    preserve_filters = False  # in the address of each row's page: it does not come back to them
    is_cleared = False  # whether rows of long ago are deleted: manage.py clear_old_records
    shows_codes = False  # whether rows or their CSV name codes: the list says that they stay masked
    list_title: Any = ""  # in the sidebar's word; empty: the model's plural
    list_per_page = 50
    list_max_show_all = 0
    ordering = ("-pk",)
    orders: ClassVar[Mapping[str, OrderBy]] = {}  # of columns that have an index in an order of its own

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes anything, superusers included: what happened stays on record."""
        return False

    def bulk_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What this person may do with several rows of the list: name, function, label."""
        return {}

    def get_actions(self, request: HttpRequest) -> Any:
        """Those, and the selected rows as CSV."""
        return {} if IS_POPUP_VAR in request.GET else {**self.bulk_actions(request), **self.csv_action()}

    def is_impossible(self, chosen: Mapping[str, str], *, now: datetime) -> bool:
        """Whether these filters leave no row whatever the tables hold, so that nobody needs to look."""
        return False

    def with_cells(self, rows: Rows, *, now: datetime) -> Rows:
        """The same rows with what their columns show, as far as the statement that finds a page can read it."""
        return rows

    def dress(self, rows: Iterable[Any], *, now: datetime) -> list[Any]:
        """The rows of one page with what their columns need besides: for the whole page at once."""
        return list(rows)

    def action_checkbox(self, obj: Model) -> SafeString:
        """The box that selects a row. Named shortly: fifty of them are read out, and sent."""
        label = _("Select %(object)s") % {"object": obj}
        box = '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">'
        return format_html(box, ACTION_CHECKBOX_NAME, obj.pk, label)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only the declared filters; anything else in the address is 400."""
        return lookup in {getattr(each, "parameter_name", None) for each in self.get_list_filter(request)}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list. Raises BadRequest for a NUL byte, which no database takes."""
        refuse_nul(request)
        if ERROR_FLAG in request.GET:
            messages.warning(request, _("A filter that this list does not have is left out."))
        if SEARCH_VAR in request.GET and not self.get_search_fields(request):
            messages.warning(request, _("This list has no search: look it up in the box above, or add a filter."))
        if "index" in request.POST and ACTION_CHECKBOX_NAME not in request.POST:
            messages.warning(request, _("Select at least one row first. Nothing was changed."))
            return HttpResponseRedirect(request.get_full_path())
        try:
            return self._list(request, extra_context)
        except NoSuchPage as error:
            return no_such_page(request, error.last)
        except NoSuchValue as error:
            return no_such_value(request, error)

    def _list(self, request: HttpRequest, extra_context: Any) -> HttpResponse:
        views = self.views_context(request) if self.has_view_permission(request) else {}
        context = {
            "title": self.plural,
            "bulk_limit": grouped(self.bulk_limit),
            "asks_first": bool(self.bulk_actions(request)),
            "import_url": "",
        }
        return super().changelist_view(request, {**context, **views, **(extra_context or {})})

    @property
    def plural(self) -> Any:
        """What the list is called."""
        return self.list_title or capfirst(self.opts.verbose_name_plural)

    def desk_context(self, request: HttpRequest, *, title: str) -> dict[str, Any]:
        """What every page of the desk needs: frame, title, and the list that it hangs on."""
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "plural": self.plural}

    def unknown(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the list, saying that there is no such object. Django's pages ask for it by the name below."""
        return no_such_row(request, self.model, object_id, is_cleared=self.is_cleared)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        return self.unknown(request, object_id)

    def response_action(  # type: ignore[override]
        self, request: HttpRequest, queryset: Rows, **location: Any
    ) -> HttpResponse | None:
        """Runs the chosen action. Forged row ids are told apart before they reach the database."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        try:
            keys(chosen)
        except BadRequest:
            messages.error(request, _("The selection was not understood. Nothing was changed."))
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, **location)


class DeskRecord(DeskAdmin):
    """A model that nobody adds or edits here: its page is written for reading, by `page`."""

    page_template = "admin/desk/record.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def page(self, request: HttpRequest, obj: Any, *, now: datetime) -> dict[str, Any]:
        """The context of the object's page, as its template documents it."""
        raise NotImplementedError

    def page_object(self, request: HttpRequest, object_id: str) -> Any:
        """The object whose page is asked for; None when there is none. Raises PermissionDenied."""
        obj = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return obj

    def acted_on(self, request: HttpRequest, pk: int) -> Any:
        """The object that the address of an action names. Raises Http404 and PermissionDenied."""
        obj = self.page_object(request, str(pk))
        if obj is None:
            raise Http404
        return obj

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The object's page."""
        obj = self.page_object(request, object_id)
        if obj is None:
            return self.unknown(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        now = timezone.now()
        context = self.desk_context(request, title=str(obj)) | {"now": now} | self.page(request, obj, now=now)
        return TemplateResponse(request, self.page_template, context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Its story stands on its page: events, which are complete, and not the admin's own log."""
        obj = self.page_object(request, object_id)
        if obj is None:
            return self.unknown(request, object_id)
        return HttpResponseRedirect(page_url(obj))
