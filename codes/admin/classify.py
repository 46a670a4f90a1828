"""Classifying regions (decision 8), one or several at once: says first how many servers it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codes.admin import desk_log
from codes.admin.asking import ask_about
from codes.admin.base import BULK_LIMIT, DeskAdmin, DeskRecord
from codes.admin.columns import DASH, list_url, page_url
from codes.admin.forms import DeskForm
from codes.admin.list_filters import Rows
from codes.admin.request import few, keys, posted
from codes.admin.timeline import Row
from codes.admin.words import none_of, skips
from icpportal.sentences import join
from servers.choices import Jurisdiction
from servers.models import Region, Server

PERMISSION = "servers.change_region"
_RESULT_HEAD = (gettext_lazy("Region"), gettext_lazy("Jurisdiction"), gettext_lazy("Servers"), gettext_lazy("Result"))
_PLACES = [(each.value, capfirst(each.label)) for each in Jurisdiction if each != Jurisdiction.UNCLASSIFIED]


class ClassifyForm(DeskForm):
    """Where the chosen regions are."""

    jurisdiction = forms.ChoiceField(
        label=gettext_lazy("Jurisdiction"),
        choices=[("", DASH), *_PLACES],
        error_messages={"required": gettext_lazy("Choose a jurisdiction.")},
    )


@dataclass(frozen=True, kw_only=True)
class Concerned:
    """A region before or after: how many servers are there, and `why` it is or was left alone, or ""."""

    region: Region
    servers: int
    why: str


def list_action(request: HttpRequest) -> dict[str, Any]:
    """The list's one action, for those who may."""
    if not request.user.has_perm(PERMISSION):
        return {}
    return {"classify": (_choose, "classify", gettext_lazy("Classify…"))}


def one(model_admin: DeskRecord, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks where a region is, classified or not, and returns to its page."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    model_admin.acted_on(request, pk)
    found = _concerned([pk])
    region = found[0].region
    form = ClassifyForm(posted(request), initial={"jurisdiction": region.jurisdiction})
    if request.method == "POST" and form.is_valid():
        _move(model_admin, request, Region.objects.filter(pk=pk), Jurisdiction(form.cleaned_data["jurisdiction"]))
        messages.success(request, _("%(region)s: saved.") % {"region": region})
        return HttpResponseRedirect(page_url(region))
    title = _("Where is %(region)s?") % {"region": region}
    return ask_about(region, model_admin, request, form, title=title, effect=_effect(found), button=_("Save"))


def many(model_admin: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Classifies the regions of a confirmation page, then says of each what became of it."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    chosen = keys(request.POST.getlist("region"))
    if not 0 < len(chosen) <= BULK_LIMIT:
        raise BadRequest
    form = ClassifyForm(request.POST)
    if not form.is_valid():
        return _ask(model_admin, request, chosen, form)
    place = Jurisdiction(form.cleaned_data["jurisdiction"])
    results = [_classify(model_admin, request, each, place) for each in _concerned(chosen)]
    return _report(model_admin, request, results)


def _choose(model_admin: DeskAdmin, request: HttpRequest, chosen: Rows) -> HttpResponse | None:
    found = few(request, chosen.values_list("pk", flat=True), BULK_LIMIT)
    return None if found is None else _ask(model_admin, request, found, ClassifyForm())


def _concerned(chosen: list[int]) -> list[Concerned]:
    """The regions with their servers counted: two queries."""
    counted = Server.objects.filter(region__in=chosen).order_by().values("region").annotate(servers=Count("pk"))
    numbers = {row["region"]: row["servers"] for row in counted}
    regions = Region.objects.filter(pk__in=chosen).order_by("code")
    return [Concerned(region=each, servers=numbers.get(each.pk, 0), why=_why(each)) for each in regions]


def _why(region: Region) -> str:
    if region.jurisdiction == Jurisdiction.UNCLASSIFIED:
        return ""
    return _("Classified already. Its own page changes it.")


def _ask(model_admin: DeskAdmin, request: HttpRequest, chosen: list[int], form: DeskForm) -> HttpResponse:
    concerned = _concerned(chosen)
    going = [each for each in concerned if not each.why]
    skipped = [each for each in concerned if each.why]
    title = ngettext("Classify %(count)d region?", "Classify %(count)d regions?", len(going)) % {"count": len(going)}
    if skipped:
        title = join([title, skips(len(skipped), len(concerned))]) if going else none_of(len(concerned))
    does = ngettext("Classify %(count)d region", "Classify %(count)d regions", len(going))
    context = model_admin.desk_context(request, title=title) | {
        "effect": _effect(going) if going else "",
        "skipped": skipped,
        "going": going,
        "skipped_count": len(skipped),
        "going_count": len(going),
        "csv_url": "",
        "going_title": _("Will be classified"),
        "button": does % {"count": len(going)},
        "action_url": reverse("admin:servers_region_classify"),
        "cancel_url": list_url(Region),
        "names": {"name": "region", "values": chosen},
        "form": form,
        "now": timezone.now(),
    }
    return TemplateResponse(request, "admin/desk/confirm_regions.html", context)


def _effect(going: Iterable[Concerned]) -> str:
    servers = sum(each.servers for each in going)
    if not servers:
        return _("No server is there yet: this decides about those to come.")
    text = ngettext(
        "%(count)d server is checked again at once: it can generate only if the region is in mainland China.",
        "%(count)d servers are checked again at once: they can generate only if the region is in mainland China.",
        servers,
    )
    return text % {"count": servers}


def _classify(model_admin: DeskAdmin, request: HttpRequest, each: Concerned, place: Jurisdiction) -> Concerned:
    """Only while nobody else has classified it: their word stands."""
    unclassified = Region.objects.filter(pk=each.region.pk, jurisdiction=Jurisdiction.UNCLASSIFIED)
    is_done = _move(model_admin, request, unclassified, place)
    each.region.refresh_from_db()
    return Concerned(region=each.region, servers=each.servers, why="" if is_done else _why(each.region))


def _move(model_admin: DeskAdmin, request: HttpRequest, wanted: QuerySet[Region], place: Jurisdiction) -> bool:
    """Whether the wanted region is there, and elsewhere so far; from now on at `place`, which is logged."""
    with transaction.atomic():
        region = wanted.select_for_update().exclude(jurisdiction=place).first()
        if region is None:
            return False
        model_admin.log_change(request, region, f"{region.jurisdiction} {place}")
        wanted.update(jurisdiction=place)
    return True


def story(region: Region) -> list[Row]:
    """Who moved it, and from where to where, newest first; of long ago only who and when."""
    return desk_log.story(region, _moved)


def _moved(message: str) -> tuple[str, list[str]]:
    before, _gap, after = message.partition(" ")
    labels = dict(Jurisdiction.choices)
    lines = [f"{labels[before]} → {labels[after]}"] if before in labels and after in labels else []
    return _("Jurisdiction changed"), lines


def _report(model_admin: DeskAdmin, request: HttpRequest, results: list[Concerned]) -> HttpResponse:
    done = sum(not each.why for each in results)
    title = ngettext("%(count)d region classified", "%(count)d regions classified", done) % {"count": done}
    context = model_admin.desk_context(request, title=title) | {
        "rows": results,
        "back_url": list_url(Region),
        **model_admin.result_csv(_RESULT_HEAD, map(_result_row, results)),
    }
    return TemplateResponse(request, "admin/desk/result_regions.html", context)


def _result_row(each: Concerned) -> list[object]:
    return [each.region.code, each.region.get_jurisdiction_display(), each.servers, each.why or _("Done")]
