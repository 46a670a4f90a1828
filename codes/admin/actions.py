"""What agents do with codes: each action asks first, says who is skipped and why, then reports per code.

The table in codes/lifecycle.py gives permission, effect, refusal and whether a reason is owed; codes/services.py
judges again, each code on its own, when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes import services
from codes.admin.base import BULK_LIMIT, DeskRecord, Rows, keys, posted, staff
from codes.admin.columns import badge, held_for, list_url, page_url
from codes.admin.forms import DeskForm, EditForm, ReasonForm
from codes.admin.rows import dressed
from codes.admin.words import WORDS
from codes.choices import Action, Channel, ShownState
from codes.errors import Refused
from codes.lifecycle import TRANSITIONS, StrPromise, Transition
from codes.messages import explain
from codes.models import AuthorizationCode

VERBS: Mapping[Action, Callable[..., AuthorizationCode]] = {
    Action.RESET: services.reset,
    Action.WITHDRAW: services.withdraw,
    Action.ROTATE: services.rotate,
}
_RESULT_HEAD = (
    gettext_lazy("Code"),
    gettext_lazy("Server"),
    gettext_lazy("State now"),
    gettext_lazy("Result"),
    gettext_lazy("Why"),
)
_LASTING = (ShownState.INVALID, ShownState.EXPIRED)  # shown whatever the stored state becomes, unless withdrawn


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One code before an action: `why` it is skipped, or "" and what is shown of it `then`."""

    code: Any
    why: str
    then: str
    held: str


@dataclass(frozen=True, kw_only=True)
class Button:
    """An action on the code's page; `why` it is not possible now, or ""."""

    id: str
    label: str
    url: str
    why: str


def transition_for(request: HttpRequest, action: str) -> Transition:
    """The table's row of an action that agents take on codes. Raises Http404, or PermissionDenied."""
    if action not in VERBS:
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


def row_buttons(request: HttpRequest, code: AuthorizationCode) -> list[Button]:
    """What a row of codes offers besides revealing: to end its hold, or the code itself."""
    wanted = (Action.RESET.value, Action.WITHDRAW.value)
    return [button for button in buttons(request, code) if button.id in wanted and not button.why]


def list_actions(request: HttpRequest) -> dict[str, Any]:
    """The actions of the list, for this person: name, function, label."""
    return {
        action.value: (_chooser(action), action.value, f"{WORDS[action].list_button}…")
        for action in VERBS
        if may(request, TRANSITIONS[action])
    }


def _chooser(action: Action) -> Callable[[Any, HttpRequest, Rows], HttpResponse | None]:
    def choose(model_admin: DeskRecord, request: HttpRequest, chosen: Rows) -> HttpResponse | None:
        found = list(chosen.values_list("pk", flat=True)[: BULK_LIMIT + 1])
        if len(found) > BULK_LIMIT:
            messages.error(request, _("Choose at most %d codes at a time. Nothing was changed.") % BULK_LIMIT)
            return None
        return _ask(model_admin, request, TRANSITIONS[action], found, ReasonForm(action=action))

    return choose


def act_on_many(model_admin: DeskRecord, request: HttpRequest, action: str) -> HttpResponse:
    """Does it for the codes of a confirmation page, then says per code what became of it."""
    transition = transition_for(request, action)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    chosen = keys(request.POST.getlist("code"))
    if not 0 < len(chosen) <= BULK_LIMIT:
        raise BadRequest
    form = ReasonForm(request.POST, action=transition.action)
    if not form.is_valid():
        return _ask(model_admin, request, transition, chosen, form)
    now = timezone.now()
    results = [(each, _do(transition, each.code, form, request, now)) for each in plan(transition, chosen, now=now)]
    return _report(model_admin, request, transition, results)


def act_on_one(model_admin: DeskRecord, request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Asks, then does it for one code, and returns to its page."""
    transition = transition_for(request, action)
    code = _code(model_admin, request, pk)
    form = ReasonForm(posted(request), action=transition.action)
    if request.method == "POST" and form.is_valid():
        refusal = _do(transition, code, form, request, timezone.now())
        if refusal:
            messages.error(request, refusal)
        else:
            messages.success(request, WORDS[transition.action].said(AuthorizationCode.objects.get(pk=pk)))
        return HttpResponseRedirect(page_url(code))
    return _ask(model_admin, request, transition, [pk], form, single=code)


def plan(transition: Transition, chosen: list[int], *, now: datetime) -> list[Planned]:
    """What would happen to each code, in two queries."""
    rows = dressed(AuthorizationCode.objects.filter(pk__in=chosen).order_by("pk"), now=now)
    return [
        Planned(
            code=code,
            why=str(transition.refusal(code.state)),
            then=badge(_then(code, transition)),
            held=held_for(code, now=now),
        )
        for code in rows
    ]


def _then(code: Any, transition: Transition) -> str:
    """The state that is shown after the action: server and IP go on to say what they say."""
    if transition.target is None or (code.shown_state in _LASTING and transition.action == Action.RESET):
        return str(code.shown_state)
    return str(transition.target.value)


def _ask(
    model_admin: DeskRecord,
    request: HttpRequest,
    transition: Transition,
    chosen: list[int],
    form: DeskForm,
    *,
    single: AuthorizationCode | None = None,
) -> HttpResponse:
    now = timezone.now()
    planned = plan(transition, chosen, now=now)
    going = [each for each in planned if not each.why]
    words = WORDS[transition.action]
    context = model_admin.desk_context(request, title=words.question(len(going), len(planned), single)) | {
        "effect": transition.effect,
        "skipped": [each for each in planned if each.why],
        "going": going,
        "going_title": words.going,
        "button": words.button if single else words.confirm(len(going)),
        "action_url": _url(transition.action, single),
        "cancel_url": page_url(single) if single else list_url(AuthorizationCode),
        "names": None if single else {"name": "code", "values": chosen},
        "form": form,
        "now": now,
    }
    return TemplateResponse(request, "admin/desk/confirm_codes.html", context)


def _do(transition: Transition, code: AuthorizationCode, form: DeskForm, request: HttpRequest, now: datetime) -> str:
    """Why it was refused, or ""."""
    texts = {"reason": form.cleaned_data["reason"], "ticket": form.cleaned_data["ticket"]}
    try:
        VERBS[transition.action](code, **texts, actor=staff(request), channel=Channel.ADMIN, now=now)
    except Refused as refused:
        return explain(refused)
    return ""


def _report(
    model_admin: DeskRecord, request: HttpRequest, transition: Transition, results: list[tuple[Planned, str]]
) -> HttpResponse:
    now = timezone.now()
    refusals = {each.code.pk: refusal for each, refusal in results}
    after = dressed(AuthorizationCode.objects.filter(pk__in=refusals).order_by("pk"), now=now)
    done = sum(not refusal for refusal in refusals.values())
    title = WORDS[transition.action].result(done, len(after))
    context = model_admin.desk_context(request, title=title) | {
        "rows": [{"code": code, "refusal": refusals[code.pk]} for code in after],
        "back_url": list_url(AuthorizationCode),
        "now": now,
        **model_admin.result_csv(_RESULT_HEAD, (_result_row(code, refusals[code.pk]) for code in after)),
    }
    return TemplateResponse(request, "admin/desk/result_codes.html", context)


def _result_row(code: Any, refusal: str) -> list[object]:
    state = ShownState(code.shown_state).label
    return [code.masked, code.server.instance_id, state, _("Not done") if refusal else _("Done"), refusal]


def reveal(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for a reason, then answers with the value: in no address or message, and `no-store` as the whole desk."""
    transition = _permitted(request, TRANSITIONS[Action.REVEAL])
    code = _code(model_admin, request, pk)
    form = ReasonForm(posted(request), action=Action.REVEAL)
    if request.method == "POST" and form.is_valid():
        texts = {"reason": form.cleaned_data["reason"], "ticket": form.cleaned_data["ticket"]}
        value = services.reveal(code, **texts, actor=staff(request), channel=Channel.ADMIN, now=timezone.now())
        context = model_admin.desk_context(request, title=_("The code's value")) | {"code": code, "value": value}
        return TemplateResponse(request, "admin/desk/revealed.html", context)
    question = _("Reveal %(code)s?") % {"code": code.masked}
    return _form_page(model_admin, request, code, form, question, transition.effect, WORDS[Action.REVEAL].button)


def edit(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Remark and authorized account of a code."""
    _permitted(request, TRANSITIONS[Action.ANNOTATE])
    code = _code(model_admin, request, pk)
    form = EditForm(posted(request), code=code)
    if request.method == "POST" and form.is_valid():
        try:
            texts = form.cleaned_data
            services.annotate(code, **texts, actor=staff(request), channel=Channel.ADMIN, now=timezone.now())
            messages.success(request, _("%(code)s: saved.") % {"code": code.masked})
        except Refused as refused:
            messages.error(request, explain(refused))
        return HttpResponseRedirect(page_url(code))
    question = _("Edit %(code)s") % {"code": code.masked}
    effect = TRANSITIONS[Action.ANNOTATE].effect
    return _form_page(model_admin, request, code, form, question, effect, _("Save"))


def _url(action: Action, code: AuthorizationCode | None) -> str:
    """Where the action is confirmed: on one code, or on those that a form names."""
    match action:
        case Action.REVEAL | Action.ANNOTATE if code:
            view = "reveal" if action == Action.REVEAL else "edit"
            return reverse(f"admin:codes_authorizationcode_{view}", args=[code.pk])
        case _ if code:
            return reverse("admin:codes_authorizationcode_act", args=[code.pk, action.value])
    return reverse("admin:codes_authorizationcode_act_on_many", args=[action.value])


def _form_page(
    model_admin: DeskRecord,
    request: HttpRequest,
    code: AuthorizationCode,
    form: DeskForm,
    title: str,
    effect: StrPromise,
    button: StrPromise,
) -> HttpResponse:
    context = model_admin.desk_context(request, title=title) | {
        "object": code,
        "object_url": page_url(code),
        "effect": effect,
        "note": "",
        "form": form,
        "button": button,
    }
    return TemplateResponse(request, "admin/desk/form.html", context)


def _code(model_admin: DeskRecord, request: HttpRequest, pk: int) -> Any:
    code = model_admin.page_object(request, str(pk))
    if code is None:
        raise Http404
    return code
