"""Signing in by user name or by e-mail address, with one answer to whatever is wrong."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

_WRONG = _("User name, e-mail address or password is wrong. Mind upper and lower case in the password.")


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
        names = list(User.objects.filter(email__iexact=typed, is_active=True).values_list("username", flat=True)[:2])
        return names[0] if len(names) == 1 else typed
