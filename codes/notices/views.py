"""The page on which a member chooses, and the way out that every mail carries."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from codes.models.filings import LONG_HOLD
from codes.notices.due import DAYS_BEFORE
from codes.notices.forms import NoticesForm
from codes.notices.members import choice_of, choose, stop, user_of
from codes.views.access import READ, membership, page, person, signed_in


@signed_in(*READ, "POST")
def notices(request: HttpRequest) -> HttpResponse:
    """GET shows what is chosen, POST keeps another choice."""
    user, member = person(request), membership(request)
    if request.method == "POST":
        form = NoticesForm(request.POST, accounts=member.accounts)
        if form.is_valid():
            chosen = form.cleaned_data
            choose(
                user,
                language=chosen["language"],
                is_on=chosen.get("is_on", True),
                accounts=member.accounts,
                wanted=chosen.get("accounts", []),
            )
            request.chosen_language = chosen["language"]  # type: ignore[attr-defined]  # LanguageMiddleware
            with override(chosen["language"]):
                messages.success(request, _("Your choice is saved."))
            return redirect("notices")
    else:
        kept = choice_of(user)
        wanted = [account.pk for account in member.accounts if account.pk not in kept.muted]
        initial = {"language": kept.language or get_language(), "is_on": kept.is_on, "accounts": wanted}
        form = NoticesForm(initial=initial, accounts=member.accounts)
    context = {"form": form, "days_before": DAYS_BEFORE, "days_held": LONG_HOLD.days, "address": user.email}
    return page(request, "codes/notices.html", context, section="", member=member)


@csrf_exempt  # the signed address is the permission: mail programs POST to it by themselves (RFC 8058)
@require_http_methods([*READ, "POST"])
def notices_stop(request: HttpRequest, ticket: str) -> HttpResponse:
    """GET asks, POST stops all notices of the person whom the address names. Nobody has to be signed in."""
    user = user_of(ticket)
    if user is None:
        raise Http404
    if request.method == "POST":
        stop(user)
    return render(request, "codes/notices_stop.html", {"is_done": request.method == "POST"})
