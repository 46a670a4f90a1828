"""How numbers are written for people."""

from __future__ import annotations

from django.utils.formats import number_format


def grouped(number: int) -> str:
    """With the separators of the language of the moment: 10,000."""
    return number_format(number, force_grouping=True)


def up_to(found: int, most: int) -> str:
    """A number that was counted no further than `most`: past it, "99+"."""
    return f"{grouped(most)}+" if found > most else grouped(found)
