"""Staff and groups as intended: the roles hold what codes/roles.py says, and nobody can raise themselves."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q

from codes.invariants.invariant import Broken, Invariant
from codes.roles import ROLES

_APP = "content_type__app_label"
_NAMES = (_APP, "codename")


def _roles_differ() -> Iterator[Broken]:
    """Roles that lack a permission or hold another."""
    for role, intended in ROLES.items():
        held = {
            f"{app}.{codename}" for app, codename in Permission.objects.filter(group__name=role).values_list(*_NAMES)
        }
        yield from (f"{role} lacks {name}" for name in sorted(set(intended) - held))
        yield from (f"{role} holds {name}" for name in sorted(held - set(intended)))


def _raises_itself() -> Iterator[Broken]:
    """Groups, and people who are no superusers, with a permission on users, groups or permissions."""
    for name in Group.objects.filter(**{f"permissions__{_APP}": "auth"}).distinct().order_by("name"):
        yield f"group {name}"
    own = Q(**{f"user_permissions__{_APP}": "auth"}, is_superuser=False)
    for user in User.objects.filter(own).distinct().order_by("pk"):
        yield f"{user.get_username()} ({user.pk})"


def _holds_more() -> Iterator[Broken]:
    """People, and groups that are no role, who hold what no role holds."""
    every = {name for names in ROLES.values() for name in names}
    names = [f"permission__{name}" for name in _NAMES]
    people = User.user_permissions.through.objects.filter(user__is_superuser=False)
    others = Group.permissions.through.objects.exclude(group__name__in=ROLES)
    held = [*people.values_list("user__username", *names), *others.values_list("group__name", *names)]
    for who, app, codename in held:
        if f"{app}.{codename}" not in every:
            yield f"{who} holds {app}.{codename}"


def _superusers_outside() -> Iterator[Broken]:
    """Superusers who are no staff: the desk does not show them."""
    people = User.objects.filter(is_superuser=True, is_staff=False, is_active=True).order_by("pk")
    return (f"{user.get_username()} ({user.pk})" for user in people)


STAFF = (
    Invariant(
        name="roles_hold_their_permissions",
        says="Each role holds exactly the permissions that codes/roles.py names.",
        things="permissions",
        broken=_roles_differ,
    ),
    Invariant(
        name="nobody_raises_themselves",
        says="Nobody but superusers holds a permission on users or groups.",
        things="holders",
        broken=_raises_itself,
    ),
    Invariant(
        name="no_permission_beyond_the_roles",
        says="Nobody but superusers holds a permission that no role has.",
        things="permissions",
        broken=_holds_more,
    ),
    Invariant(
        name="superusers_are_staff",
        says="Every active superuser is staff.",
        things="people",
        broken=_superusers_outside,
    ),
)
