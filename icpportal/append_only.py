"""Rows that are written once: neither changed nor deleted. The database refuses it too (icpportal/final_rows.py)."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)
MAX_REASON = 500  # characters of why somebody did something, wherever it is kept


class AppendOnly(Exception):
    """Such a row was about to be changed or deleted."""


class FinalQuerySet(models.QuerySet[Row]):
    """Of a `Final` model."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class Final(models.Model):
    """A model whose rows are written once; its manager comes from a FinalQuerySet."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert. Raises AppendOnly for a row that already exists."""
        if self.pk is not None:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly
