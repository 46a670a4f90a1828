"""Who may enter: users and groups as Django has them, for superusers. Supervisors: codes/admin/staff.py.

No role holds a permission on users or groups (codes/roles.py), so only superusers see them here.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _

from codes.admin.api_clients import YES_NO
from codes.admin.base import DeskAdmin, choice_filter

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(DeskAdmin, UserAdmin):  # type: ignore[type-arg]
    """People sign in here or on the customers' pages; superusers alone may manage them."""

    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "is_superuser")
    list_filter = (
        choice_filter("is_active", _("active"), YES_NO),
        choice_filter("is_staff", _("staff"), YES_NO),
        choice_filter("is_superuser", _("superuser"), YES_NO),
    )
    ordering = ("username",)
    sortable_by = ("username",)


@admin.register(Group)
class RoleAdmin(DeskAdmin, GroupAdmin):
    """What a role may do."""

    ordering = ("name",)
