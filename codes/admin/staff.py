"""People: who is at the desk, in which role, and what supervisors do about it (codes/services/staff.py does it)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from codes import services
from codes.admin.api_clients import YES_NO
from codes.admin.asking import ask_about
from codes.admin.base import DeskRecord
from codes.admin.columns import list_url, moment, page_url, yes_no
from codes.admin.forms import WhyForm
from codes.admin.list_filters import Rows, TabsOfFew, choice_filter
from codes.admin.request import posted, staff
from codes.admin.staff_words import roles_of
from codes.admin.timeline import Row
from codes.admin.words import Act
from codes.choices import StaffAct
from codes.errors import Refused
from codes.messages import explain
from codes.models import CodeEvent, Person, StaffChange
from codes.models.staff import GIVEN_BY_SUPERVISORS
from codes.roles import LABELS
from codes.staff import beyond
from icpportal.sentences import StrPromise
from icpportal.sign_in.confirming import recently_confirmed
from icpportal.sign_in.models import OneTimeChange
from icpportal.sign_in.people import full_name, name
from icpportal.sign_in.sessions import sign_out_elsewhere

PERMISSION = "codes.give_role"
_NO_ROLE, _SUPERUSER = "none", "superuser"


def _role_acts(role: str) -> Iterator[tuple[str, Act]]:
    """Giving it and taking it."""
    yield (
        f"give-{role.lower()}",
        Act(
            question=_("Give %(person)s the role %(role)s?"),
            effect=_("It takes effect with the person's next request, in addition to their other roles."),
            button=_("Give the role %(role)s"),
            done=_("%(person)s has the role %(role)s."),
            run=partial(services.give_role, role=role),
        ),
    )
    yield (
        f"take-{role.lower()}",
        Act(
            question=_("Take the role %(role)s from %(person)s?"),
            effect=_("It ends with the person's next request. What they did stays on record under their name."),
            button=_("Take the role %(role)s"),
            done=_("%(person)s no longer has the role %(role)s."),
            run=partial(services.take_role, role=role),
        ),
    )


ACTS: Mapping[str, Act] = {
    **{key: act for role in GIVEN_BY_SUPERVISORS for key, act in _role_acts(role)},
    "deactivate": Act(
        question=_("Deactivate %(person)s?"),
        effect=_("They are signed out everywhere and cannot sign in, here or on the customers' pages."),
        button=_("Deactivate"),
        done=_("%(person)s is deactivated."),
        run=services.deactivate,
    ),
    "activate": Act(
        question=_("Activate %(person)s?"),
        effect=_("They can sign in again and may do what their roles allow."),
        button=_("Activate"),
        done=_("%(person)s is active."),
        run=services.activate,
    ),
}


class RoleFilter(TabsOfFew):
    """By role, as tabs; whoever has two is counted twice. People are few."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*LABELS.items(), (_SUPERUSER, _("Superuser")), (_NO_ROLE, _("No role"))]

    def narrow(self, rows: Rows, value: str, *, now: datetime) -> Rows:
        if value == _SUPERUSER:
            return rows.filter(is_superuser=True)
        if value == _NO_ROLE:
            return rows.filter(is_superuser=False, groups__isnull=True)
        return rows.filter(groups__name=value)


@admin.register(Person)
class StaffAdmin(DeskRecord):
    """Supervisors give and take roles, auditors read; nobody edits a user here."""

    page_template = "admin/desk/person.html"
    list_title = _("People")
    list_display = ("username", "full_name", "roles", "active", "signed_in")
    list_filter = (RoleFilter, choice_filter("is_active", _("active"), YES_NO))
    ordering = ("username",)
    sortable_by = ("username",)

    @admin.display(description=_("name"))
    def full_name(self, person: Person) -> str:
        return full_name(person)

    @admin.display(description=_("roles"))
    def roles(self, person: Person) -> str:
        return roles_of(person)

    @admin.display(description=_("active"))
    def active(self, person: Person) -> str:
        return yes_no(person.is_active)

    @admin.display(description=_("last sign-in"))
    def signed_in(self, person: Person) -> SafeString | str:
        return moment(person.last_login)

    def get_queryset(self, request: HttpRequest) -> Rows:
        return Person.objects.staff().prefetch_related("groups")

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(recently_confirmed(self.act))
        return [path("<int:pk>/act/<str:key>/", act, name="codes_person_act"), *super().get_urls()]

    def page(self, request: HttpRequest, obj: Person, *, now: datetime) -> dict[str, Any]:
        """Who it is, what may be done about them and why not, who changed what."""
        may = request.user.has_perm(PERMISSION)
        out_of_reach = beyond(obj, staff(request)) if may else None
        return {
            "person": obj,
            "name": name(obj),
            "facts": _facts(obj),
            "buttons": _buttons(obj) if may and out_of_reach is None else [],
            "why_not": out_of_reach.label if out_of_reach else "",
            "events_url": list_url(CodeEvent, who=obj.username),
            "timeline": _timeline(obj),
        }

    def act(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        """Asks for the reason, then does it. Refused without the permission, and for whoever is out of reach."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        person: Person = self.acted_on(request, pk)
        if key not in ACTS:
            raise Http404
        act, names = ACTS[key], {"person": name(person), "role": _role(key)}
        form = WhyForm(posted(request))
        out_of_reach = beyond(person, staff(request))
        if out_of_reach is not None:
            messages.error(request, out_of_reach.label)
            return HttpResponseRedirect(page_url(person))
        if request.method == "POST" and form.is_valid():
            return self._done(request, person, act, form, act.done % names)
        title, button = act.question % names, act.button % names
        return ask_about(person, self, request, form, title=title, effect=act.effect, button=button)

    def _done(self, request: HttpRequest, person: Person, act: Act, form: WhyForm, said: str) -> HttpResponse:
        why = services.Why(**form.cleaned_data)
        try:
            act.run(person, why=why, actor=staff(request), now=timezone.now())
        except Refused as refused:
            messages.error(request, explain(refused))
        else:
            if act.run is services.deactivate:
                sign_out_elsewhere(person, key=None)
            messages.success(request, said)
        return HttpResponseRedirect(page_url(person))


def _facts(person: Person) -> list[dict[str, Any]]:
    return [
        {"label": _("User name"), "value": format_html('<span class="mono">{}</span>', person.username)},
        {"label": _("Roles"), "value": roles_of(person) or _("None")},
        {"label": _("Can sign in"), "value": yes_no(person.is_active)},
        {"label": _("Last sign-in"), "value": moment(person.last_login)},
        {"label": _("Known since"), "value": moment(person.date_joined)},
    ]


def _buttons(person: Person) -> list[dict[str, Any]]:
    """What would change something."""
    held = {group.name for group in person.groups.all()}
    keys = [f"{'take' if role in held else 'give'}-{role.lower()}" for role in GIVEN_BY_SUPERVISORS]
    keys.append("deactivate" if person.is_active else "activate")
    return [{"label": _label(key), "url": reverse("admin:codes_person_act", args=[person.pk, key])} for key in keys]


def _label(key: str) -> str:
    return f"{ACTS[key].button % {'role': _role(key)}}…"


def _role(key: str) -> StrPromise:
    """The role that an act gives or takes, "" of the others."""
    return LABELS.get(key.partition("-")[2].capitalize(), "")


def _timeline(person: Person) -> list[Row]:
    """What supervisors changed and what happened to one-time codes, newest first. Both are few."""
    changes = [_row(change) for change in person.staff_changes.select_related("actor")]
    codes = [_one_time_row(change) for change in person.one_time_changes.select_related("by", "user")]
    return sorted([*changes, *codes], key=lambda row: row.at, reverse=True)


def _row(change: StaffChange) -> Row:
    what = StaffAct(change.act).label
    title = format_html("<strong>{}</strong> {}", what, LABELS[change.role] if change.role else "")
    lines = [line for line in (change.reason, change.ticket) if line]
    return Row(at=change.at, actor=name(change.actor), title=title, lines=lines)


def _one_time_row(change: OneTimeChange) -> Row:
    title = format_html("<strong>{}</strong>", change.get_what_display())
    lines = [change.reason] if change.reason else []
    return Row(at=change.at, actor=name(change.by or change.user), title=title, lines=lines)
