"""A list of the desk as one request sees it: counted no further than helps anybody."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.admin.export_columns import EXPORTS
from codes.admin.missing import NoSuchPage
from icpportal.numbers import grouped, up_to
from icpportal.patience import TooLong, at_most
from servers.models import Server

VIEW_PARAMETER = "view"  # which saved view was chosen; no filter
WAIT_PARAMETER = "wait"  # somebody asked to search everything
COUNT_UP_TO = 10_000  # rows: the exact number of more helps nobody and costs the whole table
JUDGED_UP_TO = 1_000  # the same of rows that have to be judged one by one
COUNT_MS = 30  # milliseconds for counting those
PAGE_SECONDS = 1  # for finding a page of them,
WAIT_SECONDS = 30  # and for searching everything when asked


def refuse_nul(request: HttpRequest) -> None:
    """Raises BadRequest for a NUL byte in the address, which no database takes."""
    if any("\0" in text for pair in request.GET.lists() for text in (pair[0], *pair[1])):
        raise BadRequest


class DeskChangeList(ChangeList):
    """A page of a list. `now` is the moment at which it was read.

    Rows are read first, and counted only where the page does not tell their number. A list whose filters judge every
    row (`is_judged`) is given up when that takes long: `is_cut`, and the page asks whether to search everything.
    """

    is_cut = False
    wait_seconds = WAIT_SECONDS
    now: datetime

    def get_results(self, request: HttpRequest) -> None:
        """The page's rows as the model's admin dresses them, and how many there are. Raises for a page beyond."""
        self.now = timezone.now()
        self.is_judged = any(spec.is_judged and spec.value() is not None for spec in self._specs)
        self.up_to = JUDGED_UP_TO if self.is_judged else COUNT_UP_TO
        self.page_num = max(self.page_num, 1)
        if self.page_num > self._most_pages:
            raise NoSuchPage(self._last_page())
        self.patience = WAIT_SECONDS if WAIT_PARAMETER in request.GET else PAGE_SECONDS
        found = self._page()
        if not found and self.page_num > 1 and not self.is_cut:
            raise NoSuchPage(self._last_page())
        self.tabs = self._count(request, len(found))
        self.paginator = _Counted(self.queryset, self.list_per_page, self.result_count)
        self.multi_page = self.result_count > self.list_per_page
        self.can_show_all, self.show_full_result_count = False, False
        self.full_result_count = None if self.query else self.result_count  # the search names a count that differs
        self.result_list = cast(Any, self.model_admin).dress(found[: self.list_per_page], now=self.now)
        self.clear_all_filters_qs = self.get_query_string(
            remove=[*self.get_filters_params(), VIEW_PARAMETER, WAIT_PARAMETER]
        )

    @property
    def _specs(self) -> list[Any]:
        return cast(list[Any], self.filter_specs)

    @property
    def _first(self) -> int:
        """The place of the page's first row, from 0."""
        return (self.page_num - 1) * self.list_per_page

    @property
    def _most_pages(self) -> int:
        """Pages that a list has at most: nobody counts, or reads, beyond."""
        return self.up_to // self.list_per_page + 1

    def _last_page(self) -> int:
        """The last page that has rows."""
        return min(-(-self._count_rows() // self.list_per_page) or 1, self._most_pages)

    def _page(self) -> list[Any]:
        """The page's rows, and the one after them if there is one."""
        chosen = {str(spec.parameter_name): spec.value() for spec in self._specs if spec.value() is not None}
        if cast(Any, self.model_admin).is_impossible(chosen, now=self.now):
            return []
        if not self.is_judged:
            return self._rows()
        try:
            with at_most(self.patience * 1000):
                return self._rows()
        except TooLong:
            self.is_cut = True
            return []

    def _rows(self) -> list[Any]:
        end = self._first + self.list_per_page + 1
        spec, rows = self.ordered_by, self.queryset
        if spec is not None:
            rows = spec.leading(rows, count=end, now=self.now)
        return list(cast(Any, self.model_admin).with_cells(rows, now=self.now)[self._first : end])

    def _count(self, request: HttpRequest, found: int) -> dict[str, Any] | None:
        """Counts the rows, of which the page has `found`, and those behind the tabs, which it gives; None without tabs.

        The number of rows is asked for only where neither the page nor a tab tells it.
        """
        spec = next((each for each in self._specs if each.is_tabs), None)
        if found <= self.list_per_page:
            self.result_count = self._first + found
        elif spec is None or spec.value() is None:
            self.result_count = self._count_rows()
        if spec is None:
            return None
        counts = self._tab_counts(request, spec)
        if found > self.list_per_page and spec.value() is not None:
            values = [str(value) for value, _label in spec.lookup_choices]
            whole, *of_each = counts
            told = dict(zip(values, of_each, strict=True)).get(str(spec.value()), whole)
            self.result_count = self._count_rows() if told is None else told
        texts = ["" if count is None else up_to(count, COUNT_UP_TO) for count in counts]
        choices = [{**choice, "count": text} for choice, text in zip(spec.choices(self), texts, strict=True)]
        return {"title": spec.title, "choices": choices}

    def _count_rows(self) -> int:
        """How many rows there are, or more than `up_to`, which is lowered to what is sure when counting takes long."""
        if not self.is_judged:
            return count_up_to(self.queryset, self.up_to)
        try:
            with at_most(COUNT_MS):
                return count_up_to(self.queryset, self.up_to)
        except TooLong:
            self.up_to = self._first + self.list_per_page
            return self.up_to + 1

    @property
    def ordered_by(self) -> Any:
        """The filter that gives the list its order; None where none does, or a column is chosen."""
        own = (spec for spec in self._specs if spec.ordering and spec.value() is not None)
        return None if ORDER_VAR in self.params else next(own, None)

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        """As chosen, else as a filter that is set would have it, else as the list is."""
        spec = self.ordered_by
        return super().get_ordering(request, queryset) if spec is None else list(spec.ordering)

    def get_ordering_field(self, field_name: Any) -> Any:
        """What a column is ordered by: nothing unless its head offers it, since only those have an index."""
        if self.sortable_by is not None and field_name not in self.sortable_by:
            return None
        return cast(Any, self.model_admin).orders.get(field_name) or super().get_ordering_field(field_name)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """What the address filters by."""
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in (VIEW_PARAMETER, WAIT_PARAMETER)}

    def _tab_counts(self, request: HttpRequest, spec: Any) -> list[int | None]:
        """How many rows there are behind "all" and each tab, None where nobody knows; they follow the other filters."""
        values = [str(value) for value, _label in spec.lookup_choices]
        if self.is_cut:
            return [None for _value in ("", *values)]
        rows: Any = self.root_queryset
        for other in self._specs:
            rows = rows if other is spec else other.queryset(request, rows)
        whole = self.result_count if spec.value() is None else None
        if not self.is_judged:
            return cast(list[int | None], spec.counts(rows, values, whole=whole, now=self.now))
        try:
            with at_most(COUNT_MS):
                return cast(list[int | None], spec.counts(rows, values, whole=whole, now=self.now))
        except TooLong:
            return [None for _value in ("", *values)]

    @property
    def wait_url(self) -> str:
        """The same list, searched for up to `wait_seconds`; "" when it was."""
        return "" if self.patience == WAIT_SECONDS else self.get_query_string({WAIT_PARAMETER: "1"})

    @property
    def is_counted(self) -> bool:
        """Whether the number of rows is the whole number."""
        return self.result_count <= self.up_to

    @property
    def selects_across(self) -> bool:
        """Whether all rows can be selected, beyond the page: so many, or fewer, that an action takes them."""
        limit = cast(Any, self.model_admin).bulk_limit
        whole = self.result_count <= limit if self.is_counted else self.up_to < limit
        return bool(whole and self.result_count > len(self.result_list))

    @property
    def preset_tab(self) -> Any:
        """The tab that is shown though nobody chose it, and which is not "all": its choice; None elsewhere."""
        choices = self.tabs["choices"] if self.tabs and not self.has_active_filters else []
        return next((each for each in choices[1:] if each["selected"]), None)

    @property
    def range_label(self) -> str:
        """ "1 to 50 of 128"."""
        values = {
            "first": grouped(self._first + 1),
            "last": grouped(self._first + len(self.result_list)),
            "all": grouped(min(self.result_count, self.up_to)),
        }
        if self.result_count > self.up_to:
            return _("%(first)s to %(last)s of more than %(all)s") % values
        return _("%(first)s to %(last)s of %(all)s") % values

    @property
    def csv_label(self) -> str:
        """ "CSV, 28 rows"; "" where there is nothing to download."""
        if not self.result_count or self.model not in EXPORTS:
            return ""
        if self.result_count > self.up_to:
            return _("CSV, over %(count)s rows") % {"count": grouped(self.up_to)}
        text = ngettext("CSV, %(count)s row", "CSV, %(count)s rows", self.result_count)
        return text % {"count": grouped(self.result_count)}

    @property
    def csv_url(self) -> str:
        """The same filters and order, as CSV."""
        return f"csv/{self.get_query_string(remove=[VIEW_PARAMETER, WAIT_PARAMETER])}"

    @property
    def facts_url(self) -> str:
        """The same filters and order, as a spreadsheet that can be imported again; "" but for servers."""
        return self.csv_url.replace("csv/", "facts/", 1) if self.model is Server and self.csv_label else ""

    @property
    def offered(self) -> list[Any]:
        """The filters to choose from, but for the tabs."""
        return [spec for spec in self._specs if not spec.is_tabs]

    @property
    def chips(self) -> list[Any]:
        """Those that are set."""
        return [spec for spec in self.offered if spec.value() is not None]


class _Counted(Paginator):  # type: ignore[type-arg]
    """Page numbers of rows that are counted already."""

    def __init__(self, rows: Any, per_page: int, count: int) -> None:
        super().__init__(rows, per_page)
        self.count = count


def count_up_to(rows: Any, up_to: int) -> int:
    """How many rows there are, or up_to + 1 when there are more."""
    return int(rows.order_by().values("pk")[: up_to + 1].count())


def tab_counts(rows: Any, expression: Any, values: list[str], *, whole: int | None, up_to: int) -> list[int | None]:
    """How many rows there are, then how many of each value, by one statement over at most `up_to` rows.

    With more rows than that only the first is said: a state that few of millions have would cost reading them all.
    The first is no more than COUNT_UP_TO + 1, which stands for all that are more.
    `whole` is their number, up to COUNT_UP_TO, where it is known already.
    """
    if whole is None:
        whole = count_up_to(rows, COUNT_UP_TO)
    if not whole:
        return [0 for _value in ("", *values)]
    if whole > up_to:
        return [whole, *(None for _value in values)]
    counted = rows.select_related(None).order_by().annotate(tab=expression).values("tab")[: up_to + 1]
    each = {f"tab{place}": Count("tab", filter=Q(tab=value)) for place, value in enumerate(values)}
    found = counted.aggregate(whole=Count("tab"), **each)
    return list(found.values())


class WholeList(DeskChangeList):
    """A list's rows, filtered and in order, without a page of them being read."""

    def get_results(self, request: HttpRequest) -> None:
        """None: `queryset` is what is wanted."""
