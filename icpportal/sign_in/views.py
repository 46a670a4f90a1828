"""Signing in and out, the password, one's own sign-ins, the language."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language

from icpportal import mailing
from icpportal.sign_in import steps
from icpportal.sign_in.forms import ChangeForm, DeskSignInForm, NewPasswordForm, SignInForm
from icpportal.sign_in.models import Preference
from icpportal.sign_in.one_time_codes import are_needed
from icpportal.sign_in.resetting import ResetForm
from icpportal.sign_in.sessions import sign_ins, sign_out_elsewhere
from icpportal.sign_in.throttle import forget_failures


class TwoSteps(auth.LoginView):
    """Password first; then, for staff who have or must have one-time codes, a code (second_step.py)."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, can_reset=mailing.is_set())

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not are_needed(user):
            return super().form_valid(form)
        steps.begin(self.request, user, way=self.get_success_url(), now=timezone.now())
        return redirect("one_time_code")


class SignIn(TwoSteps):
    """By user name or e-mail address."""

    authentication_form = SignInForm
    next_page = reverse_lazy("codes:servers")  # type: ignore[assignment]
    redirect_authenticated_user = True


class DeskSignIn(TwoSteps):
    """To the desk, in the same two ways, for staff alone."""

    template_name = "admin/login.html"
    authentication_form = DeskSignInForm
    next_page = reverse_lazy("admin:index")  # type: ignore[assignment]


class PasswordChange(auth.PasswordChangeView):
    """The session gets a new key; every other one of this person ends."""

    form_class = ChangeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        sign_out_elsewhere(cast(User, self.request.user), key=self.request.session.session_key)
        return answer


class PasswordReset(auth.PasswordResetView):
    """One answer whatever address was typed."""

    form_class = ResetForm


class PasswordResetConfirm(auth.PasswordResetConfirmView):
    """A new password by the link of the mail: every session ends, and what failed before is forgotten."""

    form_class = NewPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        sign_out_elsewhere(form.user, key=None)
        forget_failures(form.user)
        return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_sign_ins(request: HttpRequest) -> HttpResponse:
    """GET lists the sessions of whoever asks, POST ends all but this one."""
    user, key = cast(User, request.user), request.session.session_key
    if request.method == "POST":
        sign_out_elsewhere(user, key=key)
        messages.success(request, _("You are signed out everywhere else."))
        return redirect("sign_ins")
    now = timezone.now()
    return render(request, "registration/sign_ins.html", {"sign_ins": sign_ins(user, key=key, now=now), "now": now})


def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Django's own view; the choice of somebody who is signed in is kept for mails and for the next sign-in."""
    answer = set_language(request)
    chosen = request.POST.get("language", "")
    if request.method == "POST" and request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        Preference.objects.update_or_create(user=request.user, defaults={"language": chosen})
    return answer
