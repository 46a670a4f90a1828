"""Roles in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from codes.models import Person
from codes.roles import LABELS
from icpportal.sentences import comma


def roles_of(person: Person) -> str:
    """The roles of a person whose groups are fetched; a group of another name stands by that."""
    held = sorted(str(LABELS.get(group.name, group.name)) for group in person.groups.all())
    return comma().join([*([_("Superuser")] if person.is_superuser else []), *held])
