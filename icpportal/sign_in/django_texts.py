"""Sentences of Django's that our catalogue says in our own way, or that Django has no Chinese for.

In Chinese we say 您, Django 你, and name no variables. But for SCRIPTS nothing calls them: they stand in the source so
that the catalogue keeps them; ours comes before Django's.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

PASSWORD_HINTS = (
    _("Your password can’t be too similar to your other personal information."),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    _("Your password can’t be a commonly used password."),
    _("Your password can’t be entirely numeric."),
    _("Your old password was entered incorrectly. Please enter it again."),
    _("The two password fields didn’t match."),
)

FIELD_ERRORS = (
    _("This field is required."),
    _("Enter a valid value."),
    _("Select a valid choice. %(value)s is not one of the available choices."),
    _("Select a valid choice. That choice is not one of the available choices."),
    _("Null characters are not allowed."),
    ngettext_lazy(
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
        "limit_value",
    ),
)

ABOUT_USERS = (
    _(":"),
    _("Add %s"),
    _("Change history: %s"),
    _("After you’ve created a user, you’ll be able to edit more user options."),
)

# What the admin's scripts say of a choice of several; codes/desk.py hands it to them.
SCRIPTS = (
    _('Choose %s by selecting them and then select the "Choose" arrow button.'),
    _('Remove %s by selecting them and then select the "Remove" arrow button.'),
    _("Choose all %s"),
    _("Choose selected %s"),
    _("Remove all %s"),
    _("Remove selected %s"),
    _("(click to clear)"),
)
