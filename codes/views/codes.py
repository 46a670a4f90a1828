"""My codes: the list, one code's page, and what its owner may do with it: reveal, withdraw, annotate (FAQ 5 and 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from codes import services
from codes.choices import LIVE_STATES, Action, Channel, ShownState, State
from codes.eligibility import GENERATION
from codes.errors import Refused, TransitionRefused, ValueInText
from codes.filters import is_very_large, told_early
from codes.forms import TABS, AnnotateForm, CodeFilter
from codes.lifecycle import TRANSITIONS
from codes.messages import explain, explain_to_owner, refusal_for_owner, refusals
from codes.models import AuthorizationCode, Filing, filings_not_abandoned
from codes.standing import expires_soon
from codes.validity import VALIDITY, expires_at, shown_as, with_shown_state
from codes.views.access import READ, membership, own_code, page, person, signed_in
from codes.views.once import ask_to_see, take_asked, take_fresh
from codes.views.paging import cut
from codes.views.timeline import timeline
from icpportal.handles import is_number
from servers.models import Account

COUNTED = 1_000  # codes: the tabs of an account with more have no numbers


@dataclass(frozen=True, kw_only=True)
class CodeRow:
    """One code with what is shown beside it: `code` carries its shown state, `filing` is what uses it, if any."""

    code: Any
    now: datetime

    @property
    def state_label(self) -> str:
        return str(ShownState(self.code.shown_state).label)

    @property
    def expires_at(self) -> datetime | None:
        return expires_at(self.code)

    @property
    def expiry_label(self) -> str:
        """What its expiry is to the code; "" where it tells nothing: an isolated server may have one to come."""
        if self.code.shown_state in LIVE_STATES:
            return _("Usable until")
        has_expired = self.expires_at is not None and self.expires_at <= self.now
        return _("Expired") if self.code.shown_state == ShownState.EXPIRED and has_expired else ""

    @property
    def warns_of_expiry(self) -> bool:
        """Near, and the code could still be used."""
        return self.code.shown_state in LIVE_STATES and expires_soon(self.expires_at, now=self.now)

    @property
    def expiry_tone(self) -> str:
        return "warn" if self.warns_of_expiry else ""

    @property
    def ends_with_ip(self) -> bool:
        """Renewing the server alone would not help: its IP expires before it (decision 3)."""
        return self.expires_at is not None and self.expires_at != self.code.server.expires_at

    @property
    def filing(self) -> Filing | None:
        return self.code.filings_not_abandoned[0] if self.code.filings_not_abandoned else None


def rows(codes: Iterable[AuthorizationCode], *, now: datetime) -> list[CodeRow]:
    """The rows of codes that carry their shown state, with the filings by one query."""
    found = list(codes)
    prefetch_related_objects(found, filings_not_abandoned())
    return [CodeRow(code=code, now=now) for code in found]


@signed_in(*READ)
def codes(request: HttpRequest) -> HttpResponse:
    """The list in four tabs with their counts, newest first; without counts where there are more than COUNTED codes."""
    member = membership(request)
    if member.current is None:
        return page(request, "codes/no_account.html", {}, section="codes", member=member)
    form = CodeFilter(request.GET)
    if not form.is_valid():
        raise BadRequest("no such list")
    now = timezone.now()
    context = _list(member.current, form.cleaned_data["tab"], form.cleaned_data["cursor"], now=now)
    return page(request, "codes/codes.html", {"now": now, **context}, section="codes", member=member)


def _list(account: Account, tab: str, cursor: str, *, now: datetime) -> dict[str, Any]:
    theirs, lookups = AuthorizationCode.objects.filter(server__account=account), {"account": account}
    owned: Any = with_shown_state(told_early(theirs, lookups) if is_very_large(lookups) else theirs, now=now)
    newest = list(owned.order_by("-pk").values_list("shown_state", flat=True)[: COUNTED + 1])
    counts, is_cut = Counter(newest), len(newest) > COUNTED
    tabs = [
        {"name": name, "label": label, "count": "" if is_cut else sum(counts[state] for state in states)}
        for name, (label, states) in TABS.items()
    ]
    shown = tab or next((each["name"] for each in tabs if each["count"]), "unused")
    found, next_cursor = cut(owned.filter(shown_as(*TABS[str(shown)][1], now=now)), cursor)
    return {"tabs": tabs, "tab": shown, "rows": rows(found, now=now), "next_cursor": next_cursor, "cursor": cursor}


@own_code(*READ)
def code(request: HttpRequest, code: AuthorizationCode) -> HttpResponse:
    """One code. Right after it was generated or asked for it is shown in full, once, which is recorded."""
    now = timezone.now()
    value = ""
    is_new = take_fresh(request, code, now=now)
    if is_new or take_asked(request, code, now=now):
        value = services.reveal(code, actor=person(request), channel=Channel.SELF_SERVICE, now=now)
    return _show(request, code, now=now, value=value, is_new=is_new)


@own_code(*READ, "POST")
def reveal(request: HttpRequest, code: AuthorizationCode) -> HttpResponse:
    """POST leads to the code's page with the value in full, once; GET, after a sign-in, to the page."""
    if request.method == "POST":
        ask_to_see(request, code, now=timezone.now())
    return redirect("codes:code", code.pk)


def _show(
    request: HttpRequest, code: AuthorizationCode, *, now: datetime, value: str, is_new: bool = False
) -> HttpResponse:
    before = request.GET.get("before", "")
    if before and not is_number(before):
        raise BadRequest("no such page")
    row = rows(with_shown_state(AuthorizationCode.objects.filter(pk=code.pk), now=now), now=now)[0]
    events, older = timeline(code, before=before)
    server: Any = GENERATION.report(code.server, now=now).subject
    context = {
        "row": row,
        "code": row.code,
        "server": server,
        "value": value,
        "is_new": is_new,
        "refusals": _why_over(row, now=now),
        "events": events,
        "older": older,
        "withdraw_refusal": refusal_for_owner(Action.WITHDRAW, code.state),
        "authorize_refusal": TRANSITIONS[Action.AUTHORIZE].refusal(code.state),
        "now": now,
    }
    section = "servers" if is_new else "codes"
    return page(request, "codes/code.html", context, section=section, account=row.code.server.account)


def _why_over(row: CodeRow, *, now: datetime) -> list[Any]:
    """FAQ 6: what made the code expire or become invalid, and what brings it back."""
    if row.code.shown_state not in (ShownState.EXPIRED, ShownState.INVALID):
        return []
    report = VALIDITY.report(row.code, now=now)
    return [refusal for refusal in refusals(report) if refusal.code in ("code_expired", "code_invalid")]


@own_code(*READ, "POST")
def withdraw(request: HttpRequest, code: AuthorizationCode) -> HttpResponse:
    """GET asks, saying that the slot is not given back; POST withdraws (decision 14)."""
    now = timezone.now()
    if request.method == "POST":
        try:
            services.withdraw(code, actor=person(request), channel=Channel.SELF_SERVICE, now=now)
        except TransitionRefused as error:
            messages.error(request, explain_to_owner(error))
        else:
            messages.success(request, _("%(code)s is withdrawn.") % {"code": code.masked})
        return redirect("codes:code", code.pk)
    transition = TRANSITIONS[Action.WITHDRAW]
    if not transition.allows(code.state):
        messages.error(request, explain_to_owner(TransitionRefused(Action.WITHDRAW, State(code.state))))
        return redirect("codes:code", code.pk)
    context = {"code": code, "effect": transition.effect}
    return page(request, "codes/withdraw.html", context, section="codes", account=code.server.account)


@own_code(*READ, "POST")
def annotate(request: HttpRequest, code: AuthorizationCode) -> HttpResponse:
    """The remark, and the authorized account while the code is unused (decision 9)."""
    form = AnnotateForm(request.POST if request.method == "POST" else None, code=code)
    if form.is_valid() and _annotate(request, code, form, now=timezone.now()):
        messages.success(request, _("%(code)s is changed.") % {"code": code.masked})
        return redirect("codes:code", code.pk)
    context = {"code": code, "form": form, "authorize_refusal": TRANSITIONS[Action.AUTHORIZE].refusal(code.state)}
    status = 400 if form.errors else 200
    return page(request, "codes/annotate.html", context, section="codes", account=code.server.account, status=status)


def _annotate(request: HttpRequest, code: AuthorizationCode, form: AnnotateForm, *, now: datetime) -> bool:
    try:
        services.annotate(
            code,
            remark=form.cleaned_data["remark"],
            authorized_account=form.cleaned_data.get("authorized_account"),
            actor=person(request),
            channel=Channel.SELF_SERVICE,
            now=now,
        )
    except Refused as error:
        form.add_error(error.field if isinstance(error, ValueInText) else None, explain(error))
        return False
    return True
