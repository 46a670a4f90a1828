"""What an agent fills in. Forms shape; the services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from codes import values
from codes.choices import Action, Channel
from codes.errors import ValueInText
from codes.forms import AccountField, WholeText
from codes.lifecycle import TRANSITIONS
from codes.messages import explain
from codes.models import AuthorizationCode, CodeEvent, SavedView
from codes.policy import Policy
from icpportal.once import OnceForm
from icpportal.sentences import pause
from servers.models import IPAddress


class FreeText(WholeText):
    """A text that is kept: it must not carry a code value."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if values.stands_in(text or ""):
            raise forms.ValidationError(explain(ValueInText("")))
        return text


def _ticket() -> FreeText:
    return FreeText(
        label=_("Ticket number"),
        help_text=_("For example T-20261123-0412"),
        max_length=CodeEvent.ticket.field.max_length,
        required=False,
    )


def _remark() -> FreeText:
    return FreeText(
        label=_("Remark"),
        help_text=_("A note for people; nothing depends on it."),
        max_length=AuthorizationCode.remark.field.max_length,
        required=False,
    )


def _authorized_account() -> AccountField:
    return AccountField(
        label=_("Authorized account"),
        help_text=_("The one account that may use the code. Empty: any account."),
        required=False,
    )


class DeskForm(forms.Form):
    """Labels without a colon, errors tied to their fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"


class DeskOnceForm(OnceForm, DeskForm):
    """A form that is carried out once, however often it is sent; alone, it asks nothing."""


class WhyForm(DeskForm):
    """Why, and on which ticket."""

    reason = FreeText(
        label=_("Reason"),
        help_text=_("Recorded, and shown in the timeline."),
        max_length=CodeEvent.reason.field.max_length,
        error_messages={"required": _("Give a reason.")},
    )
    ticket = _ticket()


class ReasonForm(WhyForm):
    """The reason is required where the table of transitions says so."""

    def __init__(self, *args: Any, action: Action, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = Channel.ADMIN in TRANSITIONS[action].reason_in


class ActForm(DeskOnceForm, ReasonForm):
    """What ends a hold, a code or its value: sent again, it would hit what has come since.

    `seen_at`: when what it ends was shown.
    """

    seen_at = forms.DateTimeField(widget=forms.HiddenInput, initial=timezone.now, required=False)


class TicketForm(DeskForm):
    """Generating for several servers: what all of them share."""

    remark = _remark()
    ticket = _ticket()


class GenerateForm(DeskOnceForm):
    """Which IP, how many codes, for whom. The first IP is the default one."""

    def __init__(self, *args: Any, ips: Any, left: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ip"] = _IPField(
            ips,
            label=_("Public IP"),
            empty_label=None,
            error_messages={"required": _("Choose the public IP that the code is for.")},
        )
        self.fields["ip"].initial = ips.first()
        options = [(str(number), str(number)) for number in range(1, min(left, Policy.current().codes_per_server) + 1)]
        self.fields["count"] = forms.TypedChoiceField(
            label=_("How many codes"),
            choices=options,
            coerce=int,
            error_messages={"required": _("Choose how many codes.")},
        )
        self.order_fields(["ip", "count", "remark", "authorized_account", "ticket"])

    remark = _remark()
    authorized_account = _authorized_account()
    ticket = _ticket()


class _IPField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: IPAddress) -> str:
        return f"{obj.address}{pause()}{obj.get_kind_display()}"


class EditForm(DeskForm):
    """Remark and authorized account; the second is frozen unless the code is unused (decision 9)."""

    def __init__(self, *args: Any, code: AuthorizationCode, **kwargs: Any) -> None:
        initial = {"remark": code.remark, "authorized_account": code.authorized_account}
        super().__init__(*args, initial=initial, **kwargs)
        frozen = TRANSITIONS[Action.AUTHORIZE].refusal(code.state)
        if frozen:
            self.fields["authorized_account"].disabled = True
            self.fields["authorized_account"].help_text = str(frozen)

    remark = _remark()
    authorized_account = _authorized_account()


class ViewForm(DeskForm):
    """The name of a saved view, and whether everybody sees it, for those who may share."""

    def __init__(self, *args: Any, may_share: bool, other_filters: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["is_shared"]
        if not other_filters:
            del self.fields["takes_filters"]

    name = FreeText(
        label=_("Name"), max_length=SavedView.name.field.max_length, error_messages={"required": _("Enter a name.")}
    )
    is_shared = forms.BooleanField(label=_("Share with everybody at the desk"), required=False)
    takes_filters = forms.BooleanField(label=_("Keep the filters that are set now"), required=False)

    def clean_name(self) -> str:
        """In one line, of characters that can be seen."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if not name.isprintable():
            raise forms.ValidationError(_("Use visible characters only."))
        return name
