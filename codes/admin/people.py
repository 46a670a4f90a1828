"""Who may enter: users and groups, called roles, as Django has them, for superusers. Supervisors: codes/admin/staff.py.

No role holds a permission on users or groups (codes/roles.py), so only superusers see them here.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from codes.admin.api_clients import YES_NO
from codes.admin.base import DeskAdmin
from codes.admin.columns import DASH, moment, yes_no
from codes.admin.list_filters import choice_filter
from codes.roles import LABELS
from icpportal.handles import is_number
from icpportal.sign_in.confirming import recently_confirmed
from icpportal.sign_in.forms import GivenPasswordForm
from servers.models import Account


class ChosenRows(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows of another table. A number that no row can have is refused here: the database would not take it."""

    def clean(self, value: Any) -> Any:
        """The chosen rows. Raises ValidationError."""
        for chosen in value or ():
            if not is_number(str(chosen)):
                raise forms.ValidationError(self.error_messages["invalid_pk_value"], params={"pk": chosen[:20]})
        return super().clean(value)

    def label_from_instance(self, obj: Model) -> str:
        """A role by the name that it has on every other page."""
        return _called(obj) if isinstance(obj, Group) else super().label_from_instance(obj)


def _called(role: Group) -> str:
    return str(LABELS.get(role.name, role.name))


class AccountsField(forms.CharField):
    """Accounts by their uids, in any number: no page can list a million to choose from."""

    widget = AdminTextareaWidget(attrs={"rows": 3})

    def clean(self, value: Any) -> Any:
        """The accounts. Raises ValidationError that names the uids that no account has."""
        uids = super().clean(value).split()
        accounts = {account.uid: account for account in Account.objects.filter(uid__in=uids)}
        unknown = [uid for uid in dict.fromkeys(uids) if uid not in accounts]
        if unknown:
            raise forms.ValidationError([_("There is no account %(uid)s.") % {"uid": uid} for uid in unknown[:10]])
        return [*accounts.values()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """However they are parted, and in whatever order."""
        return {*(initial or "").split()} != {*(data or "").split()}


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    """Somebody who signs in, and the accounts that they are a member of: the only place that says so."""

    member_of = AccountsField(
        label=_("Accounts"),
        required=False,
        max_length=20_000,
        help_text=_(
            "Account numbers, on lines of their own or with spaces between: on the customers' pages this "
            "person sees and uses the servers and codes of these."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["member_of"] = "\n".join(_uids(self.instance))

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        self.instance.accounts.set(self.cleaned_data["member_of"])


def _uids(person: User) -> list[str]:
    return [*person.accounts.order_by("uid").values_list("uid", flat=True)]


class ChosenPermissions(ChosenRows):
    """Permissions that mean something here, in the language of the moment: the database holds names in English."""

    def __init__(self, queryset: QuerySet[Permission], **kwargs: Any) -> None:
        with_pages = {model._meta.app_label for model in apps.get_models() if admin.site.is_registered(model)}
        super().__init__(queryset.filter(content_type__app_label__in=with_pages), **kwargs)

    def label_from_instance(self, permission: Model) -> str:
        """Kind of object and what may be done with it."""
        assert isinstance(permission, Permission)
        kind = permission.content_type.model_class()
        action, _underscore, of = permission.codename.partition("_")
        is_own = kind is None or action not in _ANY or of != kind._meta.model_name
        said = gettext(permission.name) if is_own else _ANY[action]
        return f"{permission.content_type} | {said}"


_ANY = {
    "add": _("Can add"),
    "change": _("Can change"),
    "delete": _("Can delete"),
    "view": _("Can view"),
}


class WithChosenRows(DeskAdmin):
    """A form that chooses rows of other tables."""

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        chosen = ChosenPermissions if db_field.related_model is Permission else ChosenRows
        return super().formfield_for_manytomany(db_field, request, form_class=chosen, **kwargs)


admin.site.unregister(User)
admin.site.unregister(Group)


# Django says group: here it is a role in every list, form and message. (Neither name is part of a migration.)
Group._meta.verbose_name, Group._meta.verbose_name_plural = _("role"), _("roles")
User._meta.get_field("groups").verbose_name = _("roles")
User._meta.get_field("username").verbose_name = _("user name")


class Confirmed(DeskAdmin):
    """Added, seen and changed by whoever has just shown who they are."""

    @method_decorator(recently_confirmed)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)


@admin.register(User)
class DeskUserAdmin(Confirmed, WithChosenRows, UserAdmin):  # type: ignore[type-arg]
    """People sign in here or on the customers' pages; superusers alone may manage them."""

    form = PersonForm
    fieldsets = (
        *(UserAdmin.fieldsets or ())[:2],
        (_("Customers' pages"), {"fields": ("member_of",)}),
        *(UserAdmin.fieldsets or ())[2:3],
        (_("Important dates"), {"fields": ("signed_in", "made")}),
    )
    readonly_fields = ("signed_in", "made")
    change_password_form = GivenPasswordForm
    change_user_password_template = "admin/desk/new_password.html"
    add_form = UserCreationForm  # nobody signs in without a password
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "password1", "password2")}),)
    list_display = ("username", "first_name", "last_name", "active", "staff", "superuser")
    list_filter = (
        choice_filter("is_active", _("active"), YES_NO),
        choice_filter("is_staff", _("staff"), YES_NO),
        choice_filter("is_superuser", _("superuser"), YES_NO),
    )
    ordering = ("username",)
    sortable_by = ("username",)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Django's own, and which accounts: whoever is a member can read their codes."""
        said: list[Any] = super().construct_change_message(request, form, formsets, add)
        if "member_of" in form.changed_data:
            before, after = {*form.initial["member_of"].split()}, {each.uid for each in form.cleaned_data["member_of"]}
            said += [{"added": {"name": "account", "object": uid}} for uid in sorted(after - before)]
            said += [{"deleted": {"name": "account", "object": uid}} for uid in sorted(before - after)]
        return said

    @admin.display(description=_("active"))
    def active(self, person: User) -> str:
        return yes_no(person.is_active)

    @admin.display(description=_("staff"))
    def staff(self, person: User) -> str:
        return yes_no(person.is_staff)

    @admin.display(description=_("superuser"))
    def superuser(self, person: User) -> str:
        return yes_no(person.is_superuser)

    @admin.display(description=_("Accounts"), empty_value=DASH)
    def member_of(self, person: User) -> str:
        """For whoever may only look."""
        return ", ".join(_uids(person))

    @admin.display(description=_("Last sign-in"))
    def signed_in(self, person: User) -> SafeString | str:
        return moment(person.last_login)

    @admin.display(description=_("Known since"))
    def made(self, person: User) -> SafeString | str:
        return moment(person.date_joined)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["help_text"] = _("A person may do what each of their roles may.")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @method_decorator(recently_confirmed)
    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().user_change_password(request, *args, **kwargs)


@admin.register(Group)
class RoleAdmin(Confirmed, WithChosenRows, GroupAdmin):  # type: ignore[misc]
    """What a role may do."""

    list_display = ("called",)
    ordering = ("name",)

    @admin.display(description=_("role"))
    def called(self, role: Group) -> str:
        return _called(role)
