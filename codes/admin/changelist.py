"""A list of the desk as one request sees it: counted no further than helps anybody."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.admin.export_columns import EXPORTS

VIEW_PARAMETER = "view"  # which saved view was chosen; no filter
COUNT_UP_TO = 10_000  # rows: the exact number of more helps nobody and costs the whole table


def refuse_nul(request: HttpRequest) -> None:
    """Raises BadRequest for a NUL byte in the address, which no database takes."""
    if any("\0" in text for pair in request.GET.lists() for text in (pair[0], *pair[1])):
        raise BadRequest


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than COUNT_UP_TO."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, or COUNT_UP_TO + 1 when there are more."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: COUNT_UP_TO + 1].count())


class DeskChangeList(ChangeList):
    """A page of a list. `now` is the moment at which it was read."""

    def get_results(self, request: HttpRequest) -> None:
        """As the admin does, then the rows as the model's admin dresses them."""
        super().get_results(request)
        self.now = timezone.now()
        self.tabs = self._tabs(request)
        self.result_list = cast(Any, self.model_admin).dress(self.result_list, now=self.now)
        self.clear_all_filters_qs = self.get_query_string(remove=[*self.get_filters_params(), VIEW_PARAMETER])

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """What the address filters by."""
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name != VIEW_PARAMETER}

    def _tabs(self, request: HttpRequest) -> dict[str, Any] | None:
        """The tabs above the list with their counts, which follow the other filters; None for a list without."""
        specs: list[Any] = self.filter_specs
        spec = next((each for each in specs if each.is_tabs), None)
        if spec is None:
            return None
        rows: Any = self.root_queryset
        for other in specs:
            rows = rows if other is spec else other.queryset(request, rows)
        values = [str(value) for value, _label in spec.lookup_choices]
        counts = spec.counts(rows, values, now=self.now)
        choices = [{**choice, "count": count} for choice, count in zip(spec.choices(self), counts, strict=True)]
        return {"title": spec.title, "choices": choices}

    @property
    def range_label(self) -> str:
        """ "1 to 50 of 128"."""
        first = (self.page_num - 1) * self.list_per_page + 1
        values = {"first": first, "last": first + len(self.result_list) - 1, "all": self.result_count}
        if self.result_count > COUNT_UP_TO:
            return _("%(first)d to %(last)d of more than %(all)d") % {**values, "all": COUNT_UP_TO}
        return _("%(first)d to %(last)d of %(all)d") % values

    @property
    def csv_label(self) -> str:
        """ "CSV, 28 rows"; "" where there is nothing to download."""
        if not self.result_count or self.model not in EXPORTS:
            return ""
        if self.result_count > COUNT_UP_TO:
            return _("CSV, over %(count)s rows") % {"count": number_format(COUNT_UP_TO, force_grouping=True)}
        text = ngettext("CSV, %(count)s row", "CSV, %(count)s rows", self.result_count)
        return text % {"count": number_format(self.result_count, force_grouping=True)}

    @property
    def csv_url(self) -> str:
        """The same filters and order, as CSV."""
        return f"csv/{self.get_query_string(remove=[VIEW_PARAMETER])}"

    @property
    def chips(self) -> list[Any]:
        """The filters that are set, but for the tabs."""
        specs: list[Any] = self.filter_specs
        return [spec for spec in specs if spec.value() is not None and not spec.is_tabs]


def tab_counts(rows: Any, expression: Any, values: list[str], *, up_to: int = COUNT_UP_TO) -> list[str]:
    """How many rows there are, then how many of each value, by one statement over the first `up_to` rows.

    With more rows than that only the first is said: a state that few of millions have would cost reading them all.
    """
    counted = rows.select_related(None).order_by().annotate(tab=expression).values("tab")[: up_to + 1]
    each = {f"tab{place}": Count("tab", filter=Q(tab=value)) for place, value in enumerate(values)}
    found = counted.aggregate(whole=Count("tab"), **each)
    whole = found.pop("whole")
    if whole > up_to:
        return [f"{number_format(up_to, force_grouping=True)}+", *("" for _value in values)]
    return [number_format(number, force_grouping=True) for number in (whole, *found.values())]


class WholeList(DeskChangeList):
    """A list's rows, filtered and in order, without a page of them being read."""

    def get_results(self, request: HttpRequest) -> None:
        """None: `queryset` is what is wanted."""
