"""Saved views: kept, changed and deleted. They change nothing of codes, so no event is recorded."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from codes.models import SavedView
from codes.services.changes import refuse_values


class NameTaken(Exception):
    """The owner has a view of this name for this list already; upper and lower case make no other name."""


def keep_view(owner: User, *, list_name: str, name: str, query: str, is_shared: bool) -> SavedView:
    """Keep filters under a name. Raises NameTaken, and ValueInText when a text carries a code value."""
    return _save(SavedView(owner=owner, list_name=list_name, name=name, query=query, is_shared=is_shared))


def change_view(view: SavedView, *, name: str, query: str, is_shared: bool) -> SavedView:
    """Rename, share or unshare it, give it other filters. Raises NameTaken and ValueInText."""
    view.name, view.query, view.is_shared = name, query, is_shared
    return _save(view)


def delete_view(view: SavedView) -> None:
    """Forget it, for everybody."""
    view.delete()


def _save(view: SavedView) -> SavedView:
    refuse_values(name=view.name, query=view.query)
    others = SavedView.objects.filter(owner=view.owner, list_name=view.list_name).exclude(pk=view.pk)
    if view.name.casefold() in {name.casefold() for name in others.values_list("name", flat=True)}:
        raise NameTaken
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise NameTaken from None
    return view
