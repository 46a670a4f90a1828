"""Lists whose statement is compiled once for each combination of filters: see icpportal/prepared.py.

Building the SQL of a page by `eligible` takes Django longer than everything else of the answer together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Model, QuerySet

from icpportal.api.filters import StrictFilterSet
from icpportal.api.pagination import Place, beyond
from icpportal.plans import planned_anew
from icpportal.prepared import prepared

if TYPE_CHECKING:
    from icpportal.api.endpoint import Call

Choices: TypeAlias = tuple[tuple[str, Any], ...]


class KeptList:
    """One list: `rows` makes rows of objects of `model` as of `now`, `owner` is the path from them to the account.

    `basis` gives what else decides the statement, such as the policy.
    """

    def __init__(
        self,
        model: type[Model],
        rows: Callable[..., QuerySet[Any, Any]],
        *,
        owner: str,
        filterset: type[StrictFilterSet],
        basis: Callable[[], Hashable] = lambda: None,
    ) -> None:
        self._model, self._rows, self._owner = model, rows, owner
        self._filterset, self._basis = filterset, basis
        self._kept = prepared(self._build)

    def fetch(self, call: Call) -> list[Any]:
        """The rows of the page that the call asks for, and one more if there is one; in the order of the walk."""
        filters, place = call.filters, call.place
        if filters is not None and filters.is_impossible():
            return []
        if filters is not None and not filters.is_kept():
            owned = call.own(self._model._default_manager.all(), self._owner)
            with planned_anew():
                return list(beyond(self._rows(call.filtered(owned), now=call.now), place))
        choices, values = ((), {}) if filters is None else filters.parted()
        if None in values.values():
            return []
        shape = replace(place, pk=None, counted=False)
        who = call.client.account_id
        # Accounts and moments are not alike, so PostgreSQL plans by them; what Django compiled is kept all the same.
        with planned_anew() if values or who is not None else nullcontext():
            return self._kept(choices, shape, self._basis(), now=call.now, owner=who, after=place.pk, **values)

    def _build(
        self,
        choices: Choices,
        shape: Place,
        basis: Hashable,
        *,
        now: datetime,
        owner: int | None,
        after: int | None,
        **values: Any,
    ) -> QuerySet[Any, Any]:
        objects: QuerySet[Any] = self._model._default_manager.all()
        if owner is not None:
            objects = objects.filter(**{self._owner: owner})
        if choices or values:
            objects = self._filterset(now=now).narrowed(objects, {**dict(choices), **values})
        return beyond(self._rows(objects, now=now), replace(shape, pk=after))
