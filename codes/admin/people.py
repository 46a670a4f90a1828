"""Who may enter: people and roles for superusers, API clients for supervisors. Nobody raises their own role.

No role holds a permission on users or groups (codes/roles.py), so only superusers see them here. A token is never
shown here: `manage.py create_api_client` prints it once.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from codes.admin.base import DeskAdmin, choice_filter
from codes.admin.columns import moment
from icpportal.api.models import ApiClient, ApiToken, Scope

YES_NO = [("True", _("Yes")), ("False", _("No"))]


class ApiClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Scopes are chosen, not typed."""

    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = ApiClient
        fields = ("name", "scopes", "account", "is_active")


class TokenInline(admin.TabularInline):  # type: ignore[type-arg]
    """A client's tokens, by how they begin; nothing here opens anything."""

    model = ApiToken
    fields = readonly_fields = ("prefix", "created_at", "expires_at", "revoked_at", "last_used_at")
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ApiClient)
class ApiClientAdmin(DeskAdmin):
    """Programs that call the API. Switching one off closes all its tokens at once."""

    form = ApiClientForm
    inlines = (TokenInline,)
    list_display = ("name", "scope_words", "account", "is_active", "created")
    list_filter = (choice_filter("is_active", _("active"), YES_NO),)
    list_select_related = ("account",)
    raw_id_fields = ("account",)
    sortable_by = ("name",)

    @admin.display(description=_("scopes"))
    def scope_words(self, client: ApiClient) -> str:
        return ", ".join(client.scopes)

    @admin.display(description=_("created"))
    def created(self, client: ApiClient) -> Any:
        return moment(client.created_at)


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
