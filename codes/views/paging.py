"""Pages of customers' lists, newest first."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
PAGE = 20


def cut(rows: QuerySet[M], cursor: str, *, size: int = PAGE) -> tuple[list[M], int | None]:
    """A page of the rows before number `cursor` ("": the newest), and the cursor of the next page or None."""
    rows = rows.order_by("-pk")
    found = list((rows.filter(pk__lt=int(cursor)) if cursor else rows)[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else None
