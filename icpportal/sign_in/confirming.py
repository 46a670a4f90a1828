"""Before what matters most, a person shows again that it is they: by password and one-time code, if that was long ago.

`recently_confirmed` guards any view of the desk. Signing in counts; so does the page that it leads to (`confirm`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from icpportal.sign_in.forms import is_password_of
from icpportal.sign_in.one_time_codes import LONGEST, WRONG_CODE, has_device, passes

CONFIRM_FIRST = gettext_lazy("Nothing was changed. Confirm first that it is you, then try again.")
View = Callable[..., HttpResponseBase]
_CONFIRMED_AT = "confirmed_at"
_BACK = "back"  # in the address: where somebody was who does not want to confirm
_CANCEL = "cancel_url"  # in a form: where its own "Cancel" leads (templates/includes/confirm_form.html)


class ConfirmForm(forms.Form):
    """Password of whoever is signed in, and a one-time code if they have any. Failures count as in signing in."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        error_messages={"required": gettext_lazy("Enter your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(*args)
        self.request, self.user = request, cast(User, request.user)
        if has_device(self.user):
            self.fields["code"] = forms.CharField(
                label=_("One-time code"),
                max_length=LONGEST,
                error_messages={"required": _("Enter the code.")},
                widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
            )

    def clean_password(self) -> str:
        """Raises ValidationError unless it is theirs."""
        password: str = self.cleaned_data["password"]
        if not is_password_of(self.request, self.user, password):
            raise forms.ValidationError(_("The password is wrong."))
        return password

    def clean(self) -> dict[str, Any]:
        """A code is used up only beside the right password."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and "code" in data:
            if not passes(self.request, self.user, data["code"], now=timezone.now()):
                self.add_error("code", WRONG_CODE)
        return data


def note_confirmed(request: HttpRequest, *, now: datetime) -> None:
    """From now on, for settings.CONFIRMED_MINUTES, this session counts as confirmed."""
    request.session[_CONFIRMED_AT] = now.timestamp()


def confirmed_at(request: HttpRequest, *, now: datetime) -> datetime | None:
    """When it last was, in UTC. A time in the future, as after the clock was set back, does not count."""
    moment = datetime.fromtimestamp(request.session.get(_CONFIRMED_AT, 0), UTC)
    return moment if moment <= now else None


def is_confirmed(request: HttpRequest, *, now: datetime) -> bool:
    """Whether it does."""
    moment = confirmed_at(request, now=now)
    return moment is not None and now - moment < timedelta(minutes=settings.CONFIRMED_MINUTES)


def ask(request: HttpRequest) -> HttpResponseRedirect:
    """To the page that asks; it leads back to this address, without anything that was sent."""
    ways = {REDIRECT_FIELD_NAME: request.get_full_path()}
    if came_from := request.POST.get(_CANCEL) or request.headers.get("Referer"):
        ways[_BACK] = came_from
    return HttpResponseRedirect(f"{reverse('admin:confirm')}?{urlencode(ways)}")


def recently_confirmed(view: View) -> View:
    """The view, after a question for the password if the last answer is too old.

    On methods use Django's `method_decorator(recently_confirmed)`.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_confirmed(request, now=timezone.now()):
            return view(request, *args, **kwargs)
        if request.method == "POST":
            messages.warning(request, CONFIRM_FIRST)
        return ask(request)

    return guarded


@sensitive_post_parameters("password", "code")
def confirm(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """A page of the desk: asks, notes, and leads back to where the person came from."""
    way = request.POST.get(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME, ""))
    if not _is_ours(request, way):
        way = reverse("admin:index")
    form = ConfirmForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        note_confirmed(request, now=timezone.now())
        return HttpResponseRedirect(way)
    context = {"title": _("Confirm that it is you"), "form": form, "next": way, "minutes": settings.CONFIRMED_MINUTES}
    context["cancel_url"] = _way_back(request, way)
    return TemplateResponse(request, "admin/confirm.html", site.each_context(request) | context)


def _way_back(request: HttpRequest, way: str) -> str:
    """To where the person came from; to the start where that is unknown, or would only ask again."""
    back = request.GET.get(_BACK, "")
    asks = {request.path, urlsplit(way).path}
    return back if _is_ours(request, back) and urlsplit(back).path not in asks else reverse("admin:index")


def _is_ours(request: HttpRequest, way: str) -> bool:
    return url_has_allowed_host_and_scheme(way, allowed_hosts={request.get_host()}, require_https=request.is_secure())
