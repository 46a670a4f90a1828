"""Whose an object is: customers reach what belongs to an account that they are a member of, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def has_member(user: User | AnonymousUser, members: str) -> Q:
    """That `user` is among the `members` (the way to Account.members); nobody is who has not signed in.

    Compared with no key, Django would find the accounts that have no member at all.
    """
    return Q(pk__in=[]) if user.pk is None else Q((members, user.pk))
