"""The agents' desk as a site: Django's admin with our sidebar, look-up and start page.

It stands beside codes/admin/ and not in it: that package registers its models on the site while it is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.apps import apps
from django.contrib import admin
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.i18n import JavaScriptCatalog

from icpportal.numbers import up_to
from icpportal.sentences import StrPromise
from icpportal.sign_in.confirming import confirm, recently_confirmed
from icpportal.sign_in.django_texts import SCRIPTS

BADGE_UP_TO = 99  # of what waits or is late, beside its name in the sidebar
KEPT_SECONDS = 10  # for which every page of the desk shows the same count
_WAITING = "waiting_support_requests"

# Label, model, keys: what stands in the sidebar for whoever may view it.
Items = tuple[tuple[StrPromise, str, str], ...]
_DESK: Items = (
    (_("Support requests"), "codes.SupportRequest", "g r"),
    (_("Servers"), "servers.Server", "g s"),
    (_("Codes"), "codes.AuthorizationCode", "g c"),
    (_("Filings"), "codes.Filing", "g f"),
    (_("Accounts"), "servers.Account", "g a"),
)
_RECORDS: Items = (
    (_("IP addresses"), "servers.IPAddress", ""),
    (_("Regions"), "servers.Region", ""),
    (_("Events"), "codes.CodeEvent", "g e"),
    (_("Bulk runs"), "codes.BulkRun", ""),
    (_("Feed runs"), "servers.FeedRun", ""),
    (_("Webhook deliveries"), "webhooks.WebhookDelivery", ""),
)
_ACCESS: Items = (
    (_("API clients"), "api.ApiClient", ""),
    (_("Webhooks"), "webhooks.WebhookEndpoint", ""),
    (_("People"), "codes.Person", ""),
    (_("Users"), "auth.User", ""),
    (_("Roles"), "auth.Group", ""),
)


class _Scripts(JavaScriptCatalog):
    def get_catalog(self) -> dict[str, Any]:
        return {**super().get_catalog(), **{text: gettext(text) for text in SCRIPTS}}


class DeskSite(admin.AdminSite):
    """The site. Everything below it asks for a signed-in member of staff."""

    site_url = None
    empty_value_display = "–"
    logout_template = "admin/logged_out.html"
    password_change_template = "admin/password_change_form.html"
    password_change_done_template = "admin/password_change_done.html"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """The frame of every page: the sidebar, for this person."""
        return {**super().each_context(request), "desk_nav": self._nav(request)}

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from codes.admin.look_up import look_up
        from icpportal.sign_in.second_step import own_codes, set_up_own

        return [
            path("lookup/", self._view(look_up), name="lookup"),
            path("confirm/", self._view(confirm), name="confirm"),
            path("one-time-codes/", self._view(own_codes, confirmed=True), name="one_time_codes"),
            path("one-time-codes/set-up/", self._view(set_up_own, confirmed=True), name="one_time_codes_set_up"),
            *super().get_urls(),
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The view, for who may; whoever is signed out by now gets back what they typed."""
        from icpportal.sign_in.typed import typed_in_vain

        guarded: Any = super().admin_view(view, cacheable)

        @wraps(guarded)
        def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return typed_in_vain(request, self) or guarded(request, *args, **kwargs)

        return kept

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Password and, where needed, a one-time code. Whoever is in already goes to the start page."""
        from icpportal.sign_in.views import DeskSignIn

        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        frame = {**self.each_context(request), "title": gettext("Sign in"), "subtitle": None}
        frame |= {"app_path": request.get_full_path(), "username": request.user.get_username()}
        answer: Any = DeskSignIn.as_view(extra_context=frame)(request)
        return cast(HttpResponse, answer)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """As everybody changes their own, in the frame of the desk."""
        from icpportal.sign_in.views import PasswordChange

        frame = {**self.each_context(request), **(extra_context or {})}
        done = reverse("admin:password_change_done")
        template = self.password_change_template
        return PasswordChange.as_view(template_name=template, success_url=done, extra_context=frame)(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The start page: what needs somebody now."""
        from codes.admin.start import start_context

        return super().index(request, {**(extra_context or {}), **start_context(request)})

    def i18n_javascript(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """What the admin's scripts say: Django's catalogue, and of ours what it lacks in Chinese."""
        return _Scripts.as_view(packages=["django.contrib.admin"])(request)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        """The sidebar is the index of everything."""
        return HttpResponseRedirect(reverse("admin:index"))

    def _view(self, view: Callable[[HttpRequest, Any], HttpResponse], *, confirmed: bool = False) -> Callable[..., Any]:
        """A page of the desk; `confirmed`: for whoever has just shown who they are."""

        def shown(request: HttpRequest) -> HttpResponse:
            return view(request, self)

        guarded: Callable[..., Any] = self.admin_view(recently_confirmed(shown) if confirmed else shown)
        return guarded

    def _nav(self, request: HttpRequest) -> list[dict[str, Any]]:
        if not self.has_permission(request):
            return []
        start = {"label": _("Start"), "url": reverse("admin:index"), "keys": "g h", "badge": ""}
        start["current"] = request.path == start["url"]
        groups = [
            {"label": _("Desk"), "items": [start, *self._items(request, _DESK)]},
            {"label": _("Records"), "items": self._items(request, _RECORDS)},
            {"label": _("Access"), "items": self._items(request, _ACCESS)},
        ]
        return [group for group in groups if group["items"]]

    def _items(self, request: HttpRequest, items: Items) -> list[dict[str, Any]]:
        found = []
        for label, name, keys in items:
            model = apps.get_model(name)
            if self.is_registered(model) and self.get_model_admin(model).has_view_permission(request):
                url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
                current = request.path.startswith(url)
                badge = _BADGES[name]() if name in _BADGES else ""
                found.append({"label": label, "url": url, "keys": keys, "badge": badge, "current": current})
        return found


def forget_waiting() -> None:
    """Count anew: somebody has just answered or closed one here."""
    cache.delete(_WAITING)


def _waiting() -> str:
    """How many support requests wait for us, no further than BADGE_UP_TO, as of some seconds ago; "" for none."""
    count = int(cache.get_or_set(_WAITING, _count_waiting, KEPT_SECONDS) or 0)
    return up_to(count, BADGE_UP_TO) if count else ""


def _count_waiting() -> int:
    requests: Any = apps.get_model("codes.SupportRequest")._default_manager
    return int(requests.waiting().values("pk")[: BADGE_UP_TO + 1].count())


def _late() -> str:
    """How many accounts' feeds are late, no further than BADGE_UP_TO; "" for none."""
    from codes.admin.feeds import late_feeds

    count = late_feeds(now=timezone.now()).values("pk")[: BADGE_UP_TO + 1].count()
    return gettext("%(number)s late") % {"number": up_to(count, BADGE_UP_TO)} if count else ""


_BADGES: dict[str, Callable[[], str]] = {"codes.SupportRequest": _waiting, "servers.FeedRun": _late}
