"""The question before something is done with one object: title, effect, a form and one button."""

from __future__ import annotations

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from codes.admin.base import DeskAdmin
from codes.admin.columns import page_url
from codes.admin.forms import DeskForm
from codes.lifecycle import StrPromise


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
