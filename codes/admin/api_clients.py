"""API clients: programs that call the API, and what supervisors do with them (icpportal/api/tokens.py does it).

A token is shown once, on the answer that makes it, which no browser keeps. Afterwards only how it begins is known.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from codes.admin.base import DeskRecord, Rows, choice_filter
from codes.admin.columns import link, list_url, moment, page_url
from codes.admin.forms import DeskForm
from icpportal.api import tokens
from icpportal.api.models import ApiClient, Scope
from servers.models import Account

ADD, CHANGE = "api.add_apiclient", "api.change_apiclient"
YES_NO = [("True", _("Yes")), ("False", _("No"))]
HOURS_A_YEAR, DAYS_A_CENTURY = 8760, 36_500


class LifetimeForm(DeskForm):
    """How long the new token is valid."""

    days = forms.IntegerField(
        label=_("Valid for, in days"),
        help_text=_("Empty: until it is revoked."),
        min_value=1,
        max_value=DAYS_A_CENTURY,
        required=False,
    )

    def lifetime(self) -> timedelta | None:
        """None for always."""
        days = self.cleaned_data["days"]
        return timedelta(days=days) if days else None


class ClientForm(LifetimeForm):
    """A new client."""

    name = forms.CharField(label=_("Name"), max_length=100)
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    account = forms.CharField(
        label=_("Account"),
        help_text=_("Its uid, to let the client see that account alone. Empty: all accounts."),
        max_length=32,
        required=False,
    )
    field_order = ("name", "scopes", "account", "days")

    def clean_account(self) -> str:
        """The uid of an account that is known, or "" for all."""
        uid = str(self.cleaned_data["account"])
        if uid and not Account.objects.filter(uid=uid).exists():
            raise forms.ValidationError(_("There is no such account."))
        return uid


class RotateForm(LifetimeForm):
    """Another token of a client."""

    hours = forms.IntegerField(
        label=_("The old tokens stay valid for, in hours"), min_value=0, max_value=HOURS_A_YEAR, initial=24
    )
    field_order = ("hours", "days")


@admin.register(ApiClient)
class ApiClientAdmin(DeskRecord):
    """Made, given another token, revoked; name, scopes and account of a client never change."""

    page_template = "admin/desk/api_client.html"
    list_display = ("name", "scope_words", "account", "is_active", "last_used", "created")
    list_filter = (choice_filter("is_active", _("active"), YES_NO),)
    list_select_related = ("account",)
    sortable_by = ("name",)

    def get_queryset(self, request: HttpRequest) -> Rows:
        return tokens.with_last_use()

    @admin.display(description=_("scopes"))
    def scope_words(self, client: ApiClient) -> str:
        return ", ".join(client.scopes)

    @admin.display(description=_("last used"))
    def last_used(self, client: Any) -> Any:
        return moment(client.last_used_at)

    @admin.display(description=_("created"))
    def created(self, client: ApiClient) -> Any:
        return moment(client.created_at)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ADD)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/rotate/", view(self.rotate), name="api_apiclient_rotate"),
            path("<int:pk>/revoke/", view(self.revoke), name="api_apiclient_revoke"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, obj: Any, *, now: Any) -> dict[str, Any]:
        """Its facts, its tokens by how they begin, and what may be done."""
        facts = [
            {"label": _("Scopes"), "value": ", ".join(obj.scopes)},
            {"label": _("Account"), "value": link(obj.account) if obj.account else _("All accounts")},
            {"label": _("Created"), "value": moment(obj.created_at)},
            {"label": _("Last used"), "value": moment(obj.last_used_at)},
        ]
        may = request.user.has_perm(CHANGE) and obj.is_active
        return {"client": obj, "facts": facts, "tokens": obj.tokens.order_by("-pk"), "buttons": _buttons(obj, may)}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Asks what it is to be; answers with its first token."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ClientForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            try:
                token = tokens.create_client(
                    wanted["name"],
                    scopes=wanted["scopes"],
                    account=wanted["account"],
                    lifetime=form.lifetime(),
                    now=timezone.now(),
                )
            except tokens.ClientRefused:
                form.add_error("name", _("Another client has this name, or it cannot be printed."))
            else:
                return self._token_page(request, tokens.named(wanted["name"]), token)
        context = {"form": form, "button": _("Create"), "list_url": list_url(ApiClient)}
        return self._show(request, "admin/desk/api_client_add.html", _("Add an API client"), context)

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Another token, shown once; the old ones end after the overlap."""
        client = self._changeable(request, pk)
        form = RotateForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            overlap = timedelta(hours=form.cleaned_data["hours"])
            token = tokens.rotate(client, overlap=overlap, lifetime=form.lifetime(), now=timezone.now())
            return self._token_page(request, client, token)
        effect = _("A new token is shown once. Until the old ones end, all of them open the API.")
        question = _("Give %(client)s another token?") % {"client": client}
        return self._ask(request, client, form, question, effect, _("Make a token"))

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every token is dead at once."""
        client = self._changeable(request, pk)
        if request.method == "POST":
            tokens.revoke(client, now=timezone.now())
            messages.success(request, _("%(client)s is revoked.") % {"client": client})
            return HttpResponseRedirect(page_url(client))
        effect = _("All its tokens are dead at once, and none will follow. It cannot be undone.")
        question = _("Revoke %(client)s?") % {"client": client}
        return self._ask(request, client, DeskForm(), question, effect, _("Revoke"))

    def _changeable(self, request: HttpRequest, pk: int) -> ApiClient:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        client: ApiClient | None = self.page_object(request, str(pk))
        if client is None or not client.is_active:
            raise Http404
        return client

    def _ask(
        self, request: HttpRequest, client: ApiClient, form: DeskForm, title: str, effect: Any, button: Any
    ) -> HttpResponse:
        context = {"object": client, "object_url": page_url(client), "effect": effect, "note": ""}
        return self._show(request, "admin/desk/form.html", title, {**context, "form": form, "button": button})

    def _token_page(self, request: HttpRequest, client: ApiClient, token: str) -> HttpResponse:
        context = {"client": client, "client_url": page_url(client), "token": token}
        response = self._show(request, "admin/desk/api_token.html", _("The client's token"), context)
        response["Cache-Control"] = "no-store"
        return response

    def _show(self, request: HttpRequest, template: str, title: Any, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, self.desk_context(request, title=str(title)) | context)


def _buttons(client: ApiClient, may: bool) -> list[dict[str, Any]]:
    if not may:
        return []
    return [
        {"label": _("Make another token…"), "url": reverse("admin:api_apiclient_rotate", args=[client.pk])},
        {"label": _("Revoke…"), "url": reverse("admin:api_apiclient_revoke", args=[client.pk])},
    ]
