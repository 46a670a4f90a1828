"""What customers type in. Forms check the shape; whether something is allowed is the services' to say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from codes.choices import Action, ShownState
from codes.lifecycle import TRANSITIONS
from codes.models import AuthorizationCode
from codes.standing import CAN_GENERATE, Standing
from codes.support import MAX_TEXT
from icpportal.handles import UID
from icpportal.once import OnceForm
from icpportal.sentences import StrPromise
from servers.models import IPAddress

# What the lists of servers and of codes can show, by the name in the address.
SHOW: Mapping[str, tuple[Standing, ...]] = {
    "": tuple(Standing),
    "can": CAN_GENERATE,
    "cannot": (Standing.REFUSED, Standing.FULL, Standing.TERMINATED),
    "hong_kong": (Standing.HONG_KONG,),
}
TABS: Mapping[str, tuple[StrPromise, tuple[ShownState, ...]]] = {
    "unused": (_("Unused"), (ShownState.UNUSED,)),
    "in_use": (_("In use"), (ShownState.IN_USE,)),
    "used": (_("Used"), (ShownState.USED,)),
    "over": (_("No longer valid"), (ShownState.EXPIRED, ShownState.INVALID, ShownState.WITHDRAWN)),
}


class WholeText(forms.CharField):
    """What is too long is told: a browser's own limit would cut off what is pasted without a word.

    The end of a line is one character, as it is stored.
    """

    default_error_messages = {"max_length": _("Write at most %(limit_value)d characters; this has %(show_value)d.")}

    def to_python(self, value: str | None) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class WholeNumber(forms.IntegerField):
    """What is too small or too large is told in words of ours."""

    default_error_messages = {
        "min_value": _("Enter %(limit_value)s or more."),
        "max_value": _("Enter %(limit_value)s or less."),
    }


class AccountField(forms.RegexField):
    """The uid of any account, known here or not; full-width forms, as a Chinese keyboard gives them, are folded."""

    default_error_messages = {
        "invalid": _("An account is up to 32 letters, digits, dots, hyphens and underscores, such as 100012345678.")
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(rf"\A{UID}\Z", strip=True, **kwargs)  # without a limit by which a browser would cut it

    def to_python(self, value: str | None) -> str:
        return str(super().to_python(unicodedata.normalize("NFKC", value or "")))


def _remark() -> WholeText:
    return WholeText(
        label=_("Remark"),
        required=False,
        max_length=AuthorizationCode.remark.field.max_length,
        help_text=_("For yourself, such as the name of the website. Never the code itself."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


def _authorized_account() -> AccountField:
    return AccountField(
        label=_("Authorized account"),
        required=False,
        help_text=_(
            "Only this account may then use the code. Leave it empty if anyone you give the code to may use it."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )


class GenerateForm(OnceForm):
    """Everything that generating asks for. `ips` are the assignments that a code may be generated for."""

    ip = forms.TypedChoiceField(
        label=_("Public IP"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose the public IP that the code is for.")),
    )
    remark = _remark()
    authorized_account = _authorized_account()
    # How many codes the server had generated when the form was shown; a form in another tab may generate meanwhile.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, ips: Iterable[IPAddress], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ips = {ip.pk: ip for ip in ips}
        if len(self.ips) > 1:
            choice: Any = self.fields["ip"]
            choice.choices = [(ip.pk, ip.address) for ip in self.ips.values()]
            choice.help_text = _("The code is tied to this one IP.")
        else:
            del self.fields["ip"]  # one IP is no choice

    def chosen_ip(self) -> IPAddress | None:
        """The IP chosen of several, None for the only one."""
        return self.ips[self.cleaned_data["ip"]] if "ip" in self.fields else None


class AnnotateForm(forms.Form):
    """The remark of any code, and the authorized account of one that can still take another."""

    remark = _remark()
    authorized_account = _authorized_account()

    def __init__(self, *args: Any, code: AuthorizationCode, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"remark": code.remark, "authorized_account": code.authorized_account}
        self.frozen = TRANSITIONS[Action.AUTHORIZE].refusal(code.state)
        if self.frozen:
            del self.fields["authorized_account"]

    def clean(self) -> None:
        """Raises ValidationError for another account from a form that was opened while the code could take one."""
        kept = self.initial["authorized_account"]
        if self.frozen and self.data.get("authorized_account", kept).strip() != kept:
            raise forms.ValidationError(str(self.frozen))


class ServerFilter(forms.Form):
    """The query of the list of servers."""

    q = WholeText(label=_("Search by name, instance ID or IP"), required=False, max_length=100)
    show = forms.ChoiceField(label=_("Show"), required=False, choices=[(name, "") for name in SHOW])
    cursor = forms.RegexField(r"^[0-9]{1,2}-[0-9]{1,12}-[0-9]{1,18}$", label=_("Page"), required=False)


class CodeFilter(forms.Form):
    """The query of the list of codes."""

    tab = forms.ChoiceField(label=_("Tab"), required=False, choices=[(name, "") for name in TABS])
    cursor = forms.RegexField(r"^[0-9]{1,18}$", label=_("Page"), required=False)


class MessageForm(forms.Form):
    """What a customer writes to customer service."""

    text = WholeText(
        label=_("Your message"),
        max_length=MAX_TEXT,
        help_text=_("What did you do, and what happened? Never send a whole code."),
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        error_messages={"required": _("Write what customer service should know.")},
    )


class RequestFilter(forms.Form):
    """The query of the list of support requests."""

    cursor = forms.RegexField(r"^[0-9]{1,18}$", label=_("Page"), required=False)
