"""API clients: programs that call the API, and what supervisors do with them (icpportal/api/tokens.py does it).

A token is shown once, on the answer that makes it, which no browser keeps. Afterwards only how it begins is known.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from codes.admin.asking import ask_about, done_before
from codes.admin.columns import link, moment, page_url, yes_no
from codes.admin.forms import DeskForm, DeskOnceForm
from codes.admin.list_filters import Rows, choice_filter
from codes.admin.request import posted
from codes.admin.secrets import SecretRecord
from codes.forms import WholeNumber, WholeText
from icpportal.api import tokens
from icpportal.api.models import ApiClient, Scope
from icpportal.sentences import StrPromise, comma
from icpportal.sign_in.confirming import recently_confirmed
from servers.models import Account

YES_NO = [("True", _("Yes")), ("False", _("No"))]


def _scope(scope: Scope) -> StrPromise:
    """In words, and as the API's documents name it."""
    return format_lazy(_("{label} ({name})"), label=scope.label, name=scope.value)


class LifetimeForm(DeskOnceForm):
    """How long the new token is valid."""

    days = WholeNumber(
        label=_("Valid for, in days"),
        help_text=_("Leave it empty for a token that is valid until it is revoked."),
        min_value=1,
        max_value=tokens.MOST_DAYS,
        required=False,
    )

    def lifetime(self) -> timedelta | None:
        """None for always."""
        return tokens.lifetime_of(self.cleaned_data["days"])


class ClientForm(LifetimeForm):
    """A new client."""

    name = WholeText(label=_("Name"), max_length=100, error_messages={"required": _("Enter a name.")})
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[(scope.value, _scope(scope)) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one scope.")},
    )
    account = WholeText(
        label=_("Account"),
        help_text=_("The uid of the only account that the client may see. Leave it empty for all accounts."),
        max_length=32,
        required=False,
    )
    field_order = ("name", "scopes", "account", "days")

    def clean_name(self) -> str:
        """Of characters that can be seen."""
        name = str(self.cleaned_data["name"])
        if not name.isprintable():
            raise forms.ValidationError(_("Use visible characters only."))
        return name

    def clean_account(self) -> str:
        """The uid of an account that is known, or "" for all."""
        uid = str(self.cleaned_data["account"])
        if uid and not Account.objects.filter(uid=uid).exists():
            raise forms.ValidationError(_("There is no such account."))
        return uid


class RotateForm(LifetimeForm):
    """Another token of a client."""

    hours = WholeNumber(
        label=_("Hours for which the old tokens stay valid"),
        min_value=0,
        max_value=tokens.MOST_OVERLAP,
        initial=24,
        error_messages={"required": _("Enter the number of hours; 0 ends them at once.")},
    )
    field_order = ("hours", "days")


@admin.register(ApiClient)
class ApiClientAdmin(SecretRecord):
    """Made, given another token, revoked; name, scopes and account of a client never change."""

    page_template = "admin/desk/api_client.html"
    acts = {"Created": _("Client created"), "Token made": _("Token made"), "Revoked": _("Client revoked")}
    add_title = _("Add an API client")
    add_lead = _("Its token is shown once, on the next page.")
    add_button = _("Create")
    secret_title = _("The client's token")
    secret_lead = _("It is shown only this once. Whoever has it can call the API as this client.")
    copy_label = _("Copy the token")
    back_label = _("Back to the client")
    list_display = ("name", "scope_words", "account_cell", "active", "last_used", "created")
    list_filter = (choice_filter("is_active", _("active"), YES_NO),)
    list_select_related = ("account",)
    sortable_by = ("name",)

    def get_queryset(self, request: HttpRequest) -> Rows:
        return tokens.with_last_use()

    @admin.display(description=_("scopes"))
    def scope_words(self, client: ApiClient) -> str:
        return ", ".join(client.scopes)

    @admin.display(description=_("account"))
    def account_cell(self, client: ApiClient) -> StrPromise:
        return _account(client)

    @admin.display(description=_("active"))
    def active(self, client: ApiClient) -> str:
        return yes_no(client.is_active)

    @admin.display(description=_("last used"))
    def last_used(self, client: Any) -> Any:
        return moment(client.last_used_at)

    @admin.display(description=_("created"))
    def created(self, client: ApiClient) -> Any:
        return moment(client.created_at)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/rotate/", view(recently_confirmed(self.rotate)), name="api_apiclient_rotate"),
            path("<int:pk>/revoke/", view(recently_confirmed(self.revoke)), name="api_apiclient_revoke"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, obj: Any, *, now: Any) -> dict[str, Any]:
        """Its facts, its tokens by how they begin, what may be done, and who did what."""
        facts = [
            {"label": _("Scopes"), "value": comma().join(str(_scope(Scope(each))) for each in obj.scopes)},
            {"label": _("Account"), "value": _account(obj)},
            {"label": _("Created"), "value": moment(obj.created_at)},
            {"label": _("Last used"), "value": moment(obj.last_used_at)},
        ]
        may = self.may_change(request) and obj.is_active
        return {
            "client": obj,
            "facts": facts,
            "tokens": obj.tokens.order_by("-pk"),
            "buttons": _buttons(obj, may),
            "timeline": self.story(obj),
        }

    def new_form(self, data: Any) -> ClientForm:
        return ClientForm(data)

    def make(self, request: HttpRequest, form: Any) -> tuple[ApiClient, str] | None:
        wanted = dict(form.cleaned_data)
        name, scopes, account = wanted["name"], wanted["scopes"], wanted["account"]
        try:
            token = tokens.create_client(
                name, scopes=scopes, account=account, lifetime=form.lifetime(), now=timezone.now()
            )
        except tokens.ClientRefused:
            form.add_error("name", _("Another client has this name."))
            return None
        client = tokens.named(name)
        self.log_addition(request, client, "Created")
        return client, token

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Another token, shown once; the old ones end after the overlap."""
        client: ApiClient = self.changeable(request, pk)
        if not client.is_active:
            return _revoked_before(request, client)
        form = RotateForm(posted(request))

        def make(request: HttpRequest, form: Any) -> tuple[ApiClient, str]:
            overlap = timedelta(hours=form.cleaned_data["hours"])
            self.log_change(request, client, "Token made")
            return client, tokens.rotate(client, overlap=overlap, lifetime=form.lifetime(), now=timezone.now())

        if request.method == "POST" and (answer := self.secret_once(request, form, make)) is not None:
            return answer
        question = _("Give %(client)s another token?") % {"client": client}
        effect = _("A new token is shown once. Until the old ones end, all of them open the API.")
        return ask_about(client, self, request, form, title=question, effect=effect, button=_("Make a token"))

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every token is dead at once."""
        client: ApiClient = self.changeable(request, pk)
        if not client.is_active:
            return _revoked_before(request, client)
        if request.method == "POST":
            with transaction.atomic():
                self.log_change(request, client, "Revoked")
                tokens.revoke(client, now=timezone.now())
            messages.success(request, _("%(client)s is revoked.") % {"client": client})
            return HttpResponseRedirect(page_url(client))
        question = _("Revoke %(client)s?") % {"client": client}
        effect = _("All its tokens stop working at once, and it gets no new ones. This cannot be undone.")
        return ask_about(client, self, request, DeskForm(), title=question, effect=effect, button=_("Revoke"))


def _account(client: ApiClient) -> StrPromise:
    """The only one that it may see, or that it may see all."""
    return link(client.account) if client.account else _("All accounts")


def _revoked_before(request: HttpRequest, client: ApiClient) -> HttpResponse:
    said = gettext("%(client)s was revoked before: it gets no new token.") % {"client": client}
    return done_before(request, client, said=said)


def _buttons(client: ApiClient, may: bool) -> list[dict[str, Any]]:
    if not may:
        return []
    return [
        {"label": _("Make another token…"), "url": reverse("admin:api_apiclient_rotate", args=[client.pk])},
        {"label": _("Revoke…"), "url": reverse("admin:api_apiclient_revoke", args=[client.pk])},
    ]
