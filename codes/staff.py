"""How far supervisors reach: whom they may give a role or deactivate. As codes/lifecycle.py is for codes."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models.staff import GIVEN_BY_SUPERVISORS, Person


class Beyond(TextChoices):
    """Why somebody is out of reach: a sentence for people."""

    ONESELF = "oneself", _("Nobody can change their own role or account.")
    NOT_STAFF = "not_staff", _("Only staff have roles; a superuser lets somebody enter the desk.")
    SUPERUSER = "superuser", _("A superuser may do everything; only superusers change that, under Users.")
    HIGHER = "higher", _("This person may do more than an agent or an auditor; a superuser changes that, under Users.")


def beyond(person: Person, actor: AbstractBaseUser) -> Beyond | None:
    """Why `person` is out of the reach of `actor`, or None.

    Whoever has anything that supervisors cannot give is: another role, a permission of their own.
    """
    if person.pk == actor.pk:
        return Beyond.ONESELF
    if not person.is_staff:
        return Beyond.NOT_STAFF
    if person.is_superuser:
        return Beyond.SUPERUSER
    has_more = person.user_permissions.exists() or person.groups.exclude(name__in=GIVEN_BY_SUPERVISORS).exists()
    return Beyond.HIGHER if has_more else None
