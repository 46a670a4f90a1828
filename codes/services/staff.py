"""Roles and accounts of staff, as supervisors keep them. Nobody is raised above an agent and an auditor here.

Each verb is recorded in the transaction that does it; done already, it changes and records nothing. It holds from the
person's next request on. All raise OutOfReach (codes/staff.py), TextUnfit without a reason, ValueInText.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, Group
from django.db import transaction

from codes.choices import StaffAct
from codes.errors import OutOfReach, TextUnfit
from codes.models import Person, StaffChange
from codes.models.staff import GIVEN_BY_SUPERVISORS
from codes.services.changes import refuse_values
from codes.staff import beyond
from icpportal.context import request_id
from icpportal.final_rows import MAX_REASON


@dataclass(frozen=True, kw_only=True)
class Why:
    """What a change of staff is recorded with. The reason is owed."""

    reason: str
    ticket: str = ""


def give_role(person: Person, role: str, *, why: Why, actor: AbstractBaseUser, now: datetime) -> None:
    """Make an agent or an auditor of somebody who may enter the desk. Raises ValueError for any other role."""
    group = _group(role)
    with _changed(person, why, actor) as fresh:
        if not fresh.groups.filter(pk=group.pk).exists():
            fresh.groups.add(group)
            _record(fresh, StaffAct.GIVEN, why, actor, now, role=role)


def take_role(person: Person, role: str, *, why: Why, actor: AbstractBaseUser, now: datetime) -> None:
    """Take the role of an agent or an auditor away. Raises ValueError for any other role."""
    group = _group(role)
    with _changed(person, why, actor) as fresh:
        if fresh.groups.filter(pk=group.pk).exists():
            fresh.groups.remove(group)
            _record(fresh, StaffAct.TAKEN, why, actor, now, role=role)


def deactivate(person: Person, *, why: Why, actor: AbstractBaseUser, now: datetime) -> None:
    """Let somebody sign in no more, here and on the customers' pages; roles stay for when they come back."""
    _turn(person, StaffAct.DEACTIVATED, is_active=False, why=why, actor=actor, now=now)


def activate(person: Person, *, why: Why, actor: AbstractBaseUser, now: datetime) -> None:
    """Let somebody sign in again, with the roles that they have."""
    _turn(person, StaffAct.ACTIVATED, is_active=True, why=why, actor=actor, now=now)


def _turn(person: Person, act: StaffAct, *, is_active: bool, why: Why, actor: AbstractBaseUser, now: datetime) -> None:
    with _changed(person, why, actor) as fresh:
        if fresh.is_active != is_active:
            fresh.is_active = is_active
            fresh.save(update_fields=["is_active"])
            _record(fresh, act, why, actor, now)


def _group(role: str) -> Group:
    if role not in GIVEN_BY_SUPERVISORS:
        raise ValueError(role)
    return Group.objects.get(name=role)


@contextmanager
def _changed(person: Person, why: Why, actor: AbstractBaseUser) -> Iterator[Person]:
    """A transaction in which nobody else changes this person, who is within reach."""
    refuse_values(reason=why.reason, ticket=why.ticket)
    if not 0 < len(why.reason.strip()) <= MAX_REASON:
        raise TextUnfit(MAX_REASON)
    with transaction.atomic():
        fresh = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        reason = beyond(fresh, actor)
        if reason is not None:
            raise OutOfReach(reason)
        yield fresh


def _record(person: Person, act: StaffAct, why: Why, actor: AbstractBaseUser, now: datetime, *, role: str = "") -> None:
    StaffChange.objects.create(
        person_id=person.pk,
        act=act,
        role=role,
        actor_id=actor.pk,
        at=now,
        reason=why.reason,
        ticket=why.ticket,
        request_id=request_id.get(),
    )
