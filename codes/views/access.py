"""Who sees what: everything a customer reaches starts with `visible_to(request.user)`, and what is another's is 404.

The order is the same everywhere: sign-in, then 404, then the verb, so that a wrong verb tells nothing either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from codes.models import AuthorizationCode, SupportRequest
from icpportal.once import held_session
from servers.models import Account, Server

P = ParamSpec("P")
M = TypeVar("M", bound=Model)
# What a decorator makes of a view of one object: the address names the object by one of its fields.
Decorator: TypeAlias = Callable[[Callable[[HttpRequest, M], HttpResponse]], Callable[..., HttpResponse]]
READ = ("GET", "HEAD")
_ACCOUNT = "account"


@dataclass(frozen=True, kw_only=True)
class Membership:
    """The accounts of one person, and the one whose lists are shown; None for somebody without any."""

    accounts: list[Account]
    current: Account | None


def membership(request: HttpRequest) -> Membership:
    """The chosen account, else the first one, of those that this person is a member of now."""
    accounts = list(Account.objects.visible_to(request.user).order_by("pk"))
    chosen = request.session.get(_ACCOUNT)
    current = next((account for account in accounts if account.pk == chosen), accounts[0] if accounts else None)
    return Membership(accounts=accounts, current=current)


def choose_account(request: HttpRequest, account: Account) -> None:
    """Show this account's lists from now on, in this session."""
    with held_session(request) as session:
        session[_ACCOUNT] = account.pk


def person(request: HttpRequest) -> User:
    """Who is signed in; for views behind these decorators."""
    return cast(User, request.user)


def signed_in(*methods: str) -> Callable[[Callable[[HttpRequest], HttpResponse]], Callable[..., HttpResponse]]:
    """A view for people who are signed in, by these methods only."""

    def decorate(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
        return wraps(view)(_by_somebody(_allow(methods, view)))

    return decorate


def own_server(*methods: str) -> Decorator[Server]:
    """A view of one server of the person's accounts, named by its instance ID in the address."""
    return _own(methods, Server.objects.select_related("account", "region").visible_to)


def own_code(*methods: str) -> Decorator[AuthorizationCode]:
    """A view of one code of the person's accounts, named by its number in the address."""
    return _own(methods, AuthorizationCode.objects.select_related("server__account", "ip").visible_to)


def own_request(*methods: str) -> Decorator[SupportRequest]:
    """A view of one support request of the person's accounts, named by its reference in the address."""
    return _own(methods, SupportRequest.objects.select_related("account", "server", "code", "opened_by").visible_to)


def _own(methods: tuple[str, ...], visible_to: Callable[[User], QuerySet[M]]) -> Decorator[M]:
    def decorate(view: Callable[[HttpRequest, M], HttpResponse]) -> Callable[..., HttpResponse]:
        def find(request: HttpRequest, **named: Any) -> HttpResponse:
            return _allow(methods, view)(request, get_object_or_404(visible_to(person(request)), **named))

        return wraps(view)(_by_somebody(find))

    return decorate


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    section: str,
    member: Membership | None = None,
    account: Account | None = None,
    status: int = 200,
) -> HttpResponse:
    """A page in the customers' frame, headed by `account` or else by the current one."""
    member = member or membership(request)
    frame = {"section": section, "shown": _shown(member, account or member.current)}
    return render(request, template, {**frame, **context}, status=status)


def current_account(request: HttpRequest) -> dict[str, object]:
    """A context processor: what heads a page that is no view's of ours. Read when a template names it, if at all."""

    def find() -> dict[str, object]:
        if not hasattr(request, "user"):  # the API's documents, where nobody is signed in
            return {}
        member = membership(request)
        return _shown(member, member.current)

    return {"shown": SimpleLazyObject(find)}


def _shown(member: Membership, account: Account | None) -> dict[str, object]:
    return {"account": account.uid if account else "", "can_switch": len(member.accounts) > 1}


def _by_somebody(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """The sign-in first. Whose session ended before a form was sent is told there that nothing came of it."""
    required = login_required(view)

    def check(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method == "POST" and not request.user.is_authenticated:
            messages.warning(
                request, _("Your session has ended, so nothing was changed. Sign in and send the form again.")
            )
        return required(request, *args, **kwargs)

    return check


def _allow(
    methods: tuple[str, ...], view: Callable[Concatenate[HttpRequest, P], HttpResponse]
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    def check(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        return view(request, *args, **kwargs)

    return check
