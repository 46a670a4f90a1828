"""What agents do with one code: each action asks first. For many at once see codes/admin/bulk.py.

The table in codes/lifecycle.py gives permission, effect, refusal and whether a reason is owed; codes/services
judges again, each code on its own, when it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from codes import services
from codes.admin.asking import ask_about, repeated
from codes.admin.base import DeskRecord
from codes.admin.columns import badge, code_expiry, held_for, page_url
from codes.admin.forms import ActForm, EditForm, ReasonForm
from codes.admin.many_values import ask_before
from codes.admin.request import posted, staff
from codes.admin.rows import dressed
from codes.admin.words import WORDS
from codes.choices import LIVE_STATES, Action, Channel, ShownState
from codes.errors import Refused
from codes.lifecycle import TRANSITIONS, Transition
from codes.messages import explain
from codes.models import AuthorizationCode
from icpportal.once import FRESH, held_session, once, take

_LASTING = (ShownState.INVALID, ShownState.EXPIRED)  # shown whatever the stored state becomes, unless withdrawn
_WHY = "why_revealed"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One code before an action: `why` it is skipped, or "" and what is shown of it `then`, and `until` when."""

    code: Any
    why: str
    then: str
    until: str
    held: str


@dataclass(frozen=True, kw_only=True)
class Button:
    """An action on an object's page; `why` it is not possible now, or ""."""

    id: str
    label: str
    url: str
    why: str


def transition_for(request: HttpRequest, action: str) -> Transition:
    """The table's row of an action that agents take on codes. Raises Http404, or PermissionDenied."""
    if action not in services.VERBS:
        raise Http404
    return _permitted(request, TRANSITIONS[Action(action)])


def _permitted(request: HttpRequest, transition: Transition) -> Transition:
    if not may(request, transition):
        raise PermissionDenied
    return transition


def may(request: HttpRequest, transition: Transition) -> bool:
    """Whether this person may take the action at all."""
    return request.user.has_perm(f"codes.{transition.permission}")


def buttons(request: HttpRequest, code: AuthorizationCode) -> list[Button]:
    """What this person may do with the code, the impossible with why."""
    found = []
    for action in (Action.RESET, Action.WITHDRAW, Action.ROTATE, Action.REVEAL, Action.ANNOTATE):
        transition = TRANSITIONS[action]
        if may(request, transition):
            label, url = f"{WORDS[action].button}…", _url(action, code)
            found.append(Button(id=action.value, label=label, url=url, why=str(transition.refusal(code.state))))
    return found


def row_buttons(
    request: HttpRequest, code: AuthorizationCode, *, of: Sequence[Action] = (Action.RESET, Action.WITHDRAW)
) -> list[Button]:
    """What a row of codes offers besides revealing, as far as it is possible: to end its hold, or the code itself."""
    return [button for button in buttons(request, code) if button.id in of and not button.why]


def act_on_one(model_admin: DeskRecord, request: HttpRequest, pk: int, action: str) -> HttpResponseBase:
    """Asks, then does it for one code, and returns to its page; at once, with why, where it is not possible."""
    transition = transition_for(request, action)
    code = model_admin.acted_on(request, pk)
    if (again := repeated(request, code)) is not None:
        return again
    if refusal := transition.refusal(code.state):
        messages.error(request, str(refusal))
        return HttpResponseRedirect(page_url(code))
    if (asked := ask_before(transition.action, request, now=timezone.now())) is not None:
        return asked
    form = ActForm(posted(request), action=transition.action)
    if request.method == "POST" and form.is_valid():
        refusal = _do(transition, code, form, request, timezone.now())
        if refusal:
            messages.error(request, refusal)
        else:
            messages.success(request, WORDS[transition.action].said(AuthorizationCode.objects.get(pk=pk)))
        return HttpResponseRedirect(page_url(code))
    return _ask(model_admin, request, transition, code, form)


def plan(transition: Transition, chosen: list[int], *, now: datetime) -> list[Planned]:
    """What would happen to each code, in two queries."""
    rows = dressed(AuthorizationCode.objects.filter(pk__in=chosen).order_by("pk"), now=now)
    return [_planned(code, transition, now=now) for code in rows]


def _planned(code: Any, transition: Transition, *, now: datetime) -> Planned:
    then = _then(code, transition)
    return Planned(
        code=code,
        why=str(transition.refusal(code.state)),
        then=badge(then),
        until=code_expiry(code, now=now, in_words=False) if then in LIVE_STATES else "",
        held=held_for(code, now=now),
    )


def _then(code: Any, transition: Transition) -> str:
    """The state that is shown after the action: server and IP go on to say what they say."""
    if transition.target is None or (code.shown_state in _LASTING and transition.action == Action.RESET):
        return str(code.shown_state)
    return str(transition.target.value)


def _ask(
    model_admin: DeskRecord, request: HttpRequest, transition: Transition, code: AuthorizationCode, form: ActForm
) -> HttpResponse:
    now = timezone.now()
    words = WORDS[transition.action]
    context = model_admin.desk_context(request, title=str(words.asks_one % {"code": code.masked})) | {
        "object": code,
        "effect": transition.effect,
        "skipped": [],
        "going": plan(transition, [code.pk], now=now),
        "skipped_count": 0,
        "going_count": 1,
        "going_title": words.going,
        "button": words.button,
        "action_url": _url(transition.action, code),
        "cancel_url": page_url(code),
        "csv_url": "",
        "names": None,
        "form": form,
        "now": now,
    }
    return TemplateResponse(request, "admin/desk/bulk_codes.html", context)


def _do(transition: Transition, code: AuthorizationCode, form: ActForm, request: HttpRequest, now: datetime) -> str:
    """Does it, once for each form: why it was refused, or ""."""

    def act(session: SessionBase) -> int:
        texts = {"reason": form.cleaned_data["reason"], "ticket": form.cleaned_data["ticket"]}
        seen = {"seen_at": form.cleaned_data["seen_at"]} if transition.action == Action.RESET else {}
        verb = services.VERBS[transition.action]
        return verb(code, **texts, **seen, actor=staff(request), channel=Channel.ADMIN, now=now).pk

    try:
        once(request, form, act)
    except Refused as refused:
        return explain(refused)
    return ""


def reveal(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponseBase:
    """Asks for a reason, and leads back here: the value is shown by GET, once, so that no browser sends it again.

    The value is in no address or message, and `no-store` as the whole desk; the session holds why, and no value.
    """
    transition = _permitted(request, TRANSITIONS[Action.REVEAL])
    code, now = model_admin.acted_on(request, pk), timezone.now()
    if (asked := ask_before(Action.REVEAL, request, now=now)) is not None:
        return asked
    form = ReasonForm(posted(request), action=Action.REVEAL)
    if request.method == "POST" and form.is_valid():
        with held_session(request) as session:
            session[_WHY] = [pk, now.timestamp(), form.cleaned_data["reason"], form.cleaned_data["ticket"]]
        return HttpResponseRedirect(_url(Action.REVEAL, code))
    if request.method != "POST" and (why := _why(request, code, now=now)) is not None:
        value = services.reveal(code, **why, actor=staff(request), channel=Channel.ADMIN, now=now)
        context = model_admin.desk_context(request, title=_("The code's value")) | {"code": code, "value": value}
        return TemplateResponse(request, "admin/desk/revealed.html", context)
    title = _("Reveal %(code)s?") % {"code": code.masked}
    button = WORDS[Action.REVEAL].button
    return ask_about(code, model_admin, request, form, title=title, effect=transition.effect, button=button)


def _why(request: HttpRequest, code: AuthorizationCode, *, now: datetime) -> dict[str, str] | None:
    """What this session has just given as why it reveals the code; None, also from the second time on."""
    given = request.session.get(_WHY, [0, 0, "", ""])
    pk, at, reason, ticket = given
    if pk != code.pk or not take(request, _WHY, given) or now.timestamp() - at > FRESH.total_seconds():
        return None
    return {"reason": reason, "ticket": ticket}


def edit(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Remark and authorized account of a code."""
    _permitted(request, TRANSITIONS[Action.ANNOTATE])
    code = model_admin.acted_on(request, pk)
    form = EditForm(posted(request), code=code)
    if request.method == "POST" and form.is_valid():
        try:
            texts = form.cleaned_data
            services.annotate(code, **texts, actor=staff(request), channel=Channel.ADMIN, now=timezone.now())
            messages.success(request, _("%(code)s: saved.") % {"code": code.masked})
        except Refused as refused:
            messages.error(request, explain(refused))
        return HttpResponseRedirect(page_url(code))
    title = _("Edit %(code)s") % {"code": code.masked}
    effect = TRANSITIONS[Action.ANNOTATE].effect
    return ask_about(code, model_admin, request, form, title=title, effect=effect, button=_("Save"))


def _url(action: Action, code: AuthorizationCode) -> str:
    """Where the action is confirmed."""
    if action in (Action.REVEAL, Action.ANNOTATE):
        view = "reveal" if action == Action.REVEAL else "edit"
        return reverse(f"admin:codes_authorizationcode_{view}", args=[code.pk])
    return reverse("admin:codes_authorizationcode_act", args=[code.pk, action.value])
