"""Signing in by user name or by e-mail address, with one answer to whatever is wrong; the password of who is in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AuthenticationForm,
    PasswordChangeForm,
    SetPasswordForm,
    UsernameField,
)
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from icpportal.sign_in.throttle import count_under, forget_failures

_WRONG = _("The user name, e-mail address or password is wrong. Passwords are case-sensitive.")
_WRONG_OR_NO_STAFF = _(
    "The user name, e-mail address or password is wrong, or you may not open the desk. Passwords are case-sensitive."
)
_MISSING = {
    "old_password": _("Enter your old password."),
    "new_password1": _("Enter a new password."),
    "new_password2": _("Enter the new password again."),
    "password1": _("Enter a new password."),
    "password2": _("Enter the new password again."),
}


class SignInForm(AuthenticationForm):
    """The same error, at the same cost, for an unknown name, a wrong password and a locked person."""

    username = UsernameField(
        label=_("User name or e-mail address"),
        max_length=254,
        error_messages={"required": _("Enter your user name or e-mail address.")},
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        error_messages={"required": _("Enter your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {"invalid_login": _WRONG, "inactive": _WRONG}

    def clean_username(self) -> str:
        """The user name behind an e-mail address that exactly one person has; else what was typed."""
        typed: str = self.cleaned_data["username"]
        if "@" not in typed or User.objects.filter(username=typed).exists():
            return typed
        found = self.people().filter(email__iexact=typed, is_active=True)
        names = list(found.values_list("username", flat=True)[:2])
        return names[0] if len(names) == 1 else typed

    def people(self) -> QuerySet[User]:
        """Among whom an address is looked for."""
        return User.objects.all()


class DeskSignInForm(SignInForm):
    """The same for staff alone, and again one error: a customer is not told that the password was right."""

    error_messages = {"invalid_login": _WRONG_OR_NO_STAFF, "inactive": _WRONG_OR_NO_STAFF}

    def people(self) -> QuerySet[User]:
        """Staff: a customer may have the same address."""
        return User.objects.filter(is_staff=True)

    def confirm_login_allowed(self, user: Any) -> None:
        """Raises ValidationError unless they are staff."""
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise self.get_invalid_login_error()


def is_password_of(request: HttpRequest, user: User, password: str) -> bool:
    """Whether it is theirs, who are signed in. A wrong one counts as a failed sign-in; over a limit none is right."""
    count_under(request, user.get_username())
    return authenticate(request, username=user.get_username(), password=password) == user


def _in_our_words(form: forms.BaseForm, second: str = "new_password2") -> None:
    for name in _MISSING.keys() & form.fields.keys():
        form.fields[name].error_messages["required"] = _MISSING[name]
    again = form.fields[second]
    again.label, again.help_text = _("New password again"), ""


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A new password by the link of a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)


class GivenPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """A new password for somebody, by a superuser. Nobody is left without one: there is no other way in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True
        self.fields["password1"].label = _("New password")
        _in_our_words(self, "password2")

    def save(self, commit: bool = True) -> Any:
        """The person; what failed under their names before counts no more, as after a new password by mail."""
        forget_failures(self.user)
        return super().save(commit)


class ChangeForm(PasswordChangeForm):  # type: ignore[type-arg]
    """The old password cannot be guessed here more often than in signing in."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        _in_our_words(self)

    def clean_old_password(self) -> str:
        """Raises ValidationError unless it is theirs."""
        password: str = self.cleaned_data["old_password"]
        if not is_password_of(self.request, self.user, password):
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password
