"""What a member chooses about notices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from servers.models import Account


class NoticesForm(forms.Form):
    """`accounts` are those of the member; without any the two questions about mails fall away."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
        help_text=_("For these pages and the e-mails to you."),
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose a language.")),
    )
    is_on = forms.BooleanField(label=_("Send me notices by e-mail"), required=False)
    accounts = forms.TypedMultipleChoiceField(
        label=_("For these accounts"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, accounts: Iterable[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["accounts"]
        offered.choices = [(each.pk, f"{each.uid} {each.name}".strip()) for each in accounts]
        offered.widget.choices = offered.choices
        if not offered.choices:
            del self.fields["accounts"], self.fields["is_on"]
