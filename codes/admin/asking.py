"""The question before something is done with one object: title, effect, a form and one button; and its repetition."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from codes.admin.base import DeskAdmin
from codes.admin.columns import page_url
from codes.admin.forms import DeskForm
from icpportal.once import made_before
from icpportal.sentences import StrPromise

_DONE_BEFORE = _("This form was sent before and did its work then. Nothing was done again.")


def ask_about(
    obj: Model,
    model_admin: DeskAdmin,
    request: HttpRequest,
    form: DeskForm,
    *,
    title: StrPromise,
    effect: StrPromise,
    button: StrPromise,
    note: StrPromise = "",
    status: int = 200,
) -> HttpResponse:
    """The page that asks about `obj`; the form may come back with its errors."""
    context = model_admin.desk_context(request, title=str(title)) | {
        "object": obj,
        "object_url": page_url(obj),
        "effect": effect,
        "note": note,
        "form": form,
        "button": button,
    }
    return TemplateResponse(request, "admin/desk/form.html", context, status=status)


def repeated(request: HttpRequest, obj: Model) -> HttpResponse | None:
    """To the page of `obj`, for a form that was carried out before (icpportal/once.py); None for any other."""
    return None if made_before(request) is None else done_before(request, obj)


def done_before(request: HttpRequest, obj: Model, *, said: StrPromise = _DONE_BEFORE) -> HttpResponse:
    """To the page of `obj`, saying that the form did its work already."""
    messages.info(request, str(said))
    return HttpResponseRedirect(page_url(obj))
