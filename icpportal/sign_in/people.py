"""Who is signed in, read with their session; and what they may, by their own permissions and their roles' at once."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff·]+")  # and the dot within names
_of_session: ContextVar[User | None] = ContextVar("person of the session", default=None)


def full_name(person: User) -> str:
    """First and last name in the order in which their script is read: Lin Yue, 王小明. Empty for who has none."""
    if _HAN.fullmatch(person.last_name + person.first_name):
        return person.last_name + person.first_name
    return person.get_full_name()


def name(person: User) -> str:
    """What a person is called: their name, or else what they sign in with."""
    return full_name(person) or person.get_username()


class PeopleBackend(ModelBackend):
    """Django's own, with fewer statements."""

    def get_user(self, user_id: int) -> User | None:
        """The person of this number, if they are active: the one who was read with the session, if it is theirs."""
        known = _of_session.get()
        if known is None or known.pk != user_id:
            return super().get_user(user_id)  # type: ignore[return-value]
        return known if self.user_can_authenticate(known) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Their own and those of their roles, as app_label.codename."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            names = self._held(user_obj).values_list("content_type__app_label", "codename")
            user_obj._perm_cache = {f"{app}.{codename}" for app, codename in names}
        held: set[str] = user_obj._perm_cache
        return held

    def _held(self, user: User) -> Any:
        every = Permission.objects.order_by()
        if user.is_superuser:
            return every
        own = user.user_permissions.through.objects.filter(user=user).values("permission")
        roles = User.groups.through.objects.filter(user=user).values("group")
        of_roles = Permission.group_set.through.objects.filter(group__in=roles).values("permission")
        return every.filter(pk__in=own.union(of_roles))


class PeopleMiddleware(AuthenticationMiddleware):
    """Django's own, which takes the person who came with the session (icpportal/sign_in/store.py)."""

    def process_request(self, request: HttpRequest) -> None:
        """Sets request.user, which is read when it is first asked for."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _person(request))  # type: ignore[assignment]


def _person(request: HttpRequest) -> User | AnonymousUser:
    request.session.get(SESSION_KEY)  # reads the session, and the person with it
    token = _of_session.set(getattr(request.session, "person", None))
    try:
        found: User | AnonymousUser = get_user(request)
    finally:
        _of_session.reset(token)
    return found
