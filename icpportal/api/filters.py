"""The base of filter sets: shared by API, desk and pages, and strict. A wrong value is an error, never no filter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from icpportal.api.fields import NO_MOMENT, moment_of
from icpportal.api.problems import FieldError, one_of
from icpportal.handles import Form
from icpportal.sentences import StrPromise

_CLEAN_LIMIT = 200  # characters of one value


class StrictFilterSet(django_filters.FilterSet):
    """Filters over one model. `now` is an aware datetime, for filters that depend on the moment: `self.now`.

    `only_of` is the account whose rows are listed anyway, the one that a client sees: an object of another is then as
    good as none, in what it costs too. `searching` are the filters whose statement depends on what is found on the way:
    no two are alike.
    """

    only_of: int | None = None
    searching = frozenset({"search"})
    base_filters: dict[str, django_filters.Filter]

    def __init__(
        self, data: Any = None, *, now: datetime, queryset: QuerySet[Any] | None = None, **options: Any
    ) -> None:
        if data is not None:
            # Every filter is copied, and its field twice: those that nobody asked for cost more than the page.
            self.base_filters = {name: one for name, one in self.base_filters.items() if name in data}
        super().__init__(data=data, queryset=queryset, **options)
        self.now = now

    def problems(self) -> list[FieldError]:
        """What is wrong with the values, by parameter."""
        wrong = self.form.errors.get_json_data()
        return [
            FieldError(name, error["code"] or "invalid", self._detail(name, error))
            for name, errors in wrong.items()
            for error in errors
        ]

    def _detail(self, name: str, error: Mapping[str, str]) -> str:
        if error["code"] != "invalid_choice":
            return error["message"]
        return one_of(value for value, _label in self.filters[name].extra["choices"])

    def is_impossible(self) -> bool:
        """Whether no row can meet these filters together, whatever the tables hold: nobody needs to look then."""
        return False

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that meet every filter."""
        found: QuerySet[Any] = queryset.none() if self.is_impossible() else super().filter_queryset(queryset)
        return found

    def is_kept(self) -> bool:
        """Whether the statement of these filters is worth keeping for other values of theirs."""
        return self.searching.isdisjoint(self._given())

    def parted(self) -> tuple[tuple[tuple[str, Any], ...], dict[str, Any]]:
        """What was given: choices, each of which makes another statement, and values, which stand in it.

        A value that names an object is its primary key, None where there is none.
        """
        given = self._given()
        choices = {name for name in given if isinstance(self.filters[name], django_filters.ChoiceFilter | FlagFilter)}
        values = {name: self._value(name, value) for name, value in given.items() if name not in choices}
        return tuple((name, given[name]) for name in sorted(choices)), values

    def narrowed(self, objects: QuerySet[Any], given: Mapping[str, Any]) -> QuerySet[Any]:
        """Those of `objects` that choices and values as of `parted` mean."""
        for name, value in given.items():
            objects = self.filters[name].filter(objects, value)
        return objects

    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "")}

    def _value(self, name: str, value: Any) -> Any:
        own = self.filters[name]
        return own.key_of(value, only_of=self.only_of) if isinstance(own, OfOneFilter) else value


def parameter_problems(query: QueryDict, known: Iterable[str]) -> Iterator[FieldError]:
    """Unknown names, repeated and blank ones, and values that no parameter can have."""
    allowed = set(known)
    for name, values in query.lists():
        if name not in allowed:
            yield FieldError(name, "unknown", _no_such(allowed))
        elif len(values) > 1:
            yield FieldError(name, "repeated", _("Give this parameter once."))
        elif not values[0].strip():
            yield FieldError(name, "invalid", _("Give a value, or leave the parameter out."))
        elif len(values[0]) > _CLEAN_LIMIT or not values[0].isprintable() or "\ufffd" in values[0]:
            wanted = _("Give at most %(most)d printable characters.")
            yield FieldError(name, "invalid", wanted % {"most": _CLEAN_LIMIT})


def _no_such(known: Collection[str]) -> StrPromise:
    if not known:
        return _("This address takes no parameters.")
    return _("There is no such parameter. The parameters are: %(names)s.") % {"names": ", ".join(sorted(known))}


class _MomentField(forms.CharField):
    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        moment = moment_of(text)
        if moment is None:
            raise forms.ValidationError(NO_MOMENT, code="invalid")
        return moment


class MomentFilter(django_filters.Filter):
    """A date and time with its zone."""

    field_class = _MomentField


class _FlagField(forms.ChoiceField):
    def clean(self, value: Any) -> bool | None:
        text = super().clean(value)
        return {"true": True, "false": False}.get(text)


class FlagFilter(django_filters.Filter):
    """true or false."""

    field_class = _FlagField

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, choices=[("true", "true"), ("false", "false")], **options)


class TextFilter(django_filters.CharFilter):
    """A text as it is, blanks included."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, strip=False, **options)


class PatternFilter(TextFilter):
    """A text of one `form`, as all are that there can be."""

    def __init__(self, *arguments: Any, form: Form, **options: Any) -> None:
        self.form = form
        super().__init__(*arguments, validators=[form.validator("invalid")], **options)


class OfOneFilter(PatternFilter):
    """What belongs to the one object of which `value` is the `handle`, such as an account's uid.

    It is looked up first: the database then knows how many rows the largest account has, and does not take it for an
    average one. `owner` leads from the object to its account, if it has one.
    """

    def __init__(self, *arguments: Any, of: type[Model], handle: str, owner: str | None = None, **options: Any) -> None:
        self.of, self.handle, self.owner = of, handle, owner
        super().__init__(*arguments, **options)

    def filter(self, qs: QuerySet[Any], value: str | int) -> QuerySet[Any]:
        """The rows whose field refers to it, by handle or by primary key; none when there is no such object."""
        if not value:
            return qs
        pk = value if isinstance(value, int) else self.key_of(value, only_of=self.parent.only_of)
        return qs.none() if pk is None else qs.filter(**{self.field_name: pk})

    def key_of(self, value: str, *, only_of: int | None) -> int | None:
        """The primary key of the object of this handle; None for one that belongs to another account than `only_of`."""
        known = self.of._default_manager.filter(**{self.handle: value})
        if only_of is not None and self.owner is not None:
            known = known.filter(**{self.owner: only_of})
        return known.values_list("pk", flat=True).first()


def schema_of(field_filter: django_filters.Filter) -> Mapping[str, Any]:
    """What the OpenAPI document says of a filter's value."""
    if isinstance(field_filter, MomentFilter):
        return {"type": "string", "format": "date-time"}
    if isinstance(field_filter, FlagFilter):
        return {"type": "boolean"}
    if isinstance(field_filter, django_filters.NumberFilter):
        return {"type": "integer", "minimum": 0, "maximum": 1_000_000}
    if isinstance(field_filter, django_filters.ChoiceFilter):
        return {"type": "string", "enum": [value for value, _label in field_filter.extra["choices"]]}
    if isinstance(field_filter, PatternFilter):
        return {"type": "string", "pattern": f"^{field_filter.form.pattern}$"}
    return {"type": "string", "minLength": 1, "maxLength": _CLEAN_LIMIT}
