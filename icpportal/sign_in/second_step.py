"""The pages of one-time codes: the second step of signing in, and what staff do about their own codes on the desk."""

from __future__ import annotations

from typing import Any, cast

from cryptography.fernet import InvalidToken
from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from icpportal import sealing
from icpportal.once import OnceForm, once
from icpportal.sign_in import one_time_codes, steps
from icpportal.sign_in.lifetimes import ONE_TIME_CODE
from icpportal.sign_in.models import OneTimeDevice

_SECRET = "new_one_time_secret"  # in a session, sealed: shown and not confirmed yet
page = require_http_methods(["GET", "HEAD", "POST"])


class CodeForm(forms.Form):
    """A one-time code, or a recovery code where those are taken."""

    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=one_time_codes.LONGEST,
        error_messages={"required": gettext_lazy("Enter the code.")},
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def refuse(self) -> None:
        """Say that it was none."""
        self.add_error("code", one_time_codes.WRONG_CODE)


@page
@sensitive_post_parameters("code")
def second_step(request: HttpRequest) -> HttpResponse:
    """Asks for the code of whoever gave their password; leads on to setting up where there is none yet."""
    now = timezone.now()
    who = steps.pending(request, now=now)
    if who is None:
        return redirect("login")
    if not one_time_codes.has_device(who.user):
        return redirect("one_time_codes_set_up")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if one_time_codes.passes(request, who.user, form.cleaned_data["code"], now=now):
            steps.finish(request, who)
            return redirect(who.way)
        form.refuse()
    return render(request, "registration/one_time_code.html", {"form": form})


@csrf_exempt  # signing in renews the token: a reload of the recovery codes still carries the old one
def set_up_at_sign_in(request: HttpRequest) -> HttpResponse:
    """Sets up an app for whoever gave their password and must have one; signs them in."""
    if request.method == "POST" and request.user.is_authenticated and one_time_codes.has_device(request.user):
        return _shown_before(request)
    return _set_up_and_sign_in(request)


@page
@sensitive_post_parameters("code")
@csrf_protect
def _set_up_and_sign_in(request: HttpRequest) -> HttpResponse:
    who = steps.pending(request, now=timezone.now())
    if who is None or one_time_codes.has_device(who.user):
        return redirect("one_time_code")
    form, recovery_codes = _set_up(request, who.user, is_first=True)
    if recovery_codes is None:
        context = _picture(request, who.user) | {"form": form}
        return render(request, "registration/one_time_set_up.html", context)
    steps.finish(request, who)
    return render(request, "registration/recovery_codes.html", {"recovery_codes": recovery_codes, "way": who.way})


def own_codes(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """A page of the desk: how one's own codes stand; sending makes new recovery codes and shows them."""
    user = cast(User, request.user)
    form = OnceForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and one_time_codes.has_device(user):
        return _renew(request, site, user, form)
    device = OneTimeDevice.objects.filter(user=user).first()
    context = {
        "form": form,
        "device": device,
        "left": user.recovery_codes.filter(used_at=None).count(),
        "now": timezone.now(),
    }
    return _desk(request, site, "admin/one_time_codes.html", _("One-time codes"), context)


def _renew(request: HttpRequest, site: AdminSite, user: User, form: OnceForm) -> HttpResponse:
    """New recovery codes, shown when the form is sent first: those on paper must not end by a reload."""
    made: list[str] = []

    def act(session: SessionBase) -> int:
        made.extend(one_time_codes.renew_recovery_codes(user, now=timezone.now()))
        return user.pk

    _pk, is_new = once(request, form, act)
    if is_new:
        return _shown(request, site, made)
    return _shown_before(request)


def _shown_before(request: HttpRequest) -> HttpResponse:
    """For a form that did its work before: to how one's own codes stand."""
    messages.info(request, _("The new recovery codes were shown before and hold. If they are lost, make others."))
    return redirect("admin:one_time_codes")


@sensitive_post_parameters("code")
def set_up_own(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """A page of the desk: sets up an app, in place of the one before."""
    user = cast(User, request.user)
    if request.method == "POST" and _SECRET not in request.session and one_time_codes.has_device(user):
        return _shown_before(request)
    form, recovery_codes = _set_up(request, user, is_first=False)
    if recovery_codes is not None:
        request.session[ONE_TIME_CODE] = True
        return _shown(request, site, recovery_codes)
    context = _picture(request, user) | {"form": form, "device": OneTimeDevice.objects.filter(user=user).first()}
    return _desk(request, site, "admin/one_time_set_up.html", _("Set up one-time codes"), context)


def _set_up(request: HttpRequest, user: User, *, is_first: bool) -> tuple[CodeForm, list[str] | None]:
    """The form, and the recovery codes once its code shows that the app has the secret."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if not _has_secret(request):
        request.session[_SECRET] = sealing.seal(one_time_codes.new_secret()).decode()
        if request.method == "POST":
            return CodeForm(), None
    if request.method != "POST" or not form.is_valid():
        return form, None
    typed, secret = form.cleaned_data["code"], _secret(request)
    recovery_codes = one_time_codes.enrol(user, secret=secret, typed=typed, is_first=is_first, now=timezone.now())
    if recovery_codes is None:
        form.refuse()
    else:
        del request.session[_SECRET]
    return form, recovery_codes


def _has_secret(request: HttpRequest) -> bool:
    """Whether one was shown; none that was sealed under a key that is gone."""
    try:
        return bool(_secret(request))
    except (KeyError, InvalidToken):
        return False


def _secret(request: HttpRequest) -> str:
    return sealing.unseal(request.session[_SECRET].encode())


def _picture(request: HttpRequest, user: User) -> dict[str, Any]:
    """The secret as a picture and, in groups of four, as text."""
    secret = _secret(request)
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"qr_code": one_time_codes.qr_code(user, secret), "secret": groups}


def _shown(request: HttpRequest, site: AdminSite, recovery_codes: list[str]) -> HttpResponse:
    context = {"recovery_codes": recovery_codes}
    return _desk(request, site, "admin/recovery_codes.html", _("Your recovery codes"), context)


def _desk(
    request: HttpRequest, site: AdminSite, template: str, title: str, context: dict[str, Any]
) -> TemplateResponse:
    return TemplateResponse(request, template, site.each_context(request) | {"title": title} | context)
