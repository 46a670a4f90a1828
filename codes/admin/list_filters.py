"""The filters of the desk's lists: each one parameter of the address, its values offered and judged by index."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from codes.admin.changelist import COUNT_UP_TO, JUDGED_UP_TO, tab_counts
from codes.admin.missing import NoSuchValue
from icpportal.handles import is_number
from servers.models import Account, Server

Rows = QuerySet[Any]
SOONEST_FIRST = _("Sorted by expiry, soonest first")
WITHIN_DAYS = [("7", _("within 7 days")), ("30", _("within 30 days"))]


class DeskFilter(admin.SimpleListFilter):
    """One parameter of a list's address. `is_tabs` shows it as tabs above the list, counted by their `expression`.

    `is_judged`: no index knows its rows and each has to be judged, so they are counted less far and not for ever.
    A value that is not offered raises NoSuchValue: the desk says so, and does not guess.
    """

    is_tabs = is_judged = False
    ordering: tuple[Any, ...] = ()  # of the list while the filter is set, unless a column is chosen,
    order_label: Any = ""  # and what the list says of it
    title: Any
    parameter_name: str

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The rows that the chosen value leaves."""
        value = self.value()
        if value is None:
            return queryset
        if value not in {str(choice) for choice, _label in self.lookup_choices}:
            raise NoSuchValue(self.parameter_name, self.title)
        return self.narrow(queryset, value, now=timezone.now())

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        """The rows that `value`, one of those offered, leaves."""
        raise NotImplementedError

    def leading(self, rows: Rows, *, count: int, now: datetime) -> Rows:
        """At least the first `count` of the rows in this order, where an index finds them; else all."""
        return rows

    def expression(self, *, now: datetime) -> Any:
        """The value of each row in SQL, for the counts on tabs."""
        raise NotImplementedError

    def counts(self, rows: Rows, values: list[str], *, whole: int | None, now: datetime) -> list[int | None]:
        """How many rows there are, then how many behind each tab, None where nobody counts them.

        `whole`: the first, where it is known already.
        """
        up_to = JUDGED_UP_TO if self.is_judged else COUNT_UP_TO
        return tab_counts(rows, self.expression(now=now), values, whole=whole, up_to=up_to)

    @property
    def shown(self) -> str:
        """The chosen value in words, for its chip."""
        return next((str(label) for choice, label in self.lookup_choices if str(choice) == self.value()), "")


class TabsOfFew(DeskFilter):
    """Tabs of a list with few rows, each counted by itself: a row may stand behind two."""

    is_tabs = True

    def counts(self, rows: Rows, values: list[str], *, whole: int | None, now: datetime) -> list[int | None]:
        return [found.count() for found in (rows, *(self.narrow(rows, value, now=now) for value in values))]


def choice_filter(
    parameter: str, label: Any, options: Iterable[tuple[str, Any]], *, field: str | None = None, tabs: bool = False
) -> type[DeskFilter]:
    """A filter by equality, its values from `options`: never a SELECT DISTINCT over the table."""

    class ChoiceFilter(DeskFilter):
        title = label
        parameter_name = parameter
        is_tabs = tabs

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            return [(value, capfirst(text)) for value, text in options]

        def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
            return rows.filter(**{field or parameter: value})

        def expression(self, *, now: datetime) -> Any:
            return F(field or parameter)

    return ChoiceFilter


def handle_filter(
    parameter: str, label: Any, field: str, *, handle: str = "", of: type[Model] | None = None
) -> type[DeskFilter]:
    """A filter by an exact handle, such as an instance ID. Links set it; it shows only while it is set.

    `field` holds it, or leads to the object `of` which it is the `handle`: that is looked up first, so that the
    database knows how many rows such an account has, and does not expect of the largest what the average has.
    """

    class HandleFilter(DeskFilter):
        title = label
        parameter_name = parameter
        is_judged = of is not None and "__" in field

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            value = self.value()
            return [] if value is None else [(value, value)]

        def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
            if of is None:
                return rows.filter(**{field: value})
            return rows.none() if self.meant is None else rows.filter(**{field: self.meant})

        @cached_property
        def meant(self) -> int | None:
            """The key of what the value is the handle of; asked for once, by the page and by its tabs."""
            found: QuerySet[Any, Any] = cast(Any, of)._default_manager.filter(**{handle: self.value()})
            return found.values_list("pk", flat=True).first()

    return HandleFilter


class NumberFilter(DeskFilter):
    """A filter by a number that links set, such as an endpoint's; it shows only while it is set."""

    field: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value() or ""
        if not value:
            return []
        return [(value, f"#{value}")] if is_number(value) else [("", "")]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        return rows.filter(**{self.field: int(value)})


def account_filter(path: str) -> type[DeskFilter]:
    """The rows of one account, to which `path` leads."""
    return handle_filter("account", _("account"), path, handle="uid", of=Account)


def server_filter(path: str) -> type[DeskFilter]:
    """The rows of one server, to which `path` leads."""
    return handle_filter("server", _("server"), path, handle="instance_id", of=Server)
