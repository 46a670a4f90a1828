"""What is asked for and not there: a page of a list, a filter's value, a row. Where one is led, and what is said."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from codes.admin.columns import list_url

_SHOWN = 20  # characters of what was asked for


class NoSuchPage(Exception):
    """A list has no such page: its `last` is this one."""

    def __init__(self, last: int) -> None:
        super().__init__(last)
        self.last = last


class NoSuchValue(Exception):
    """A filter of a list offers no such value: its `parameter` in the address, and its `title`."""

    def __init__(self, parameter: str, title: object) -> None:
        super().__init__(parameter)
        self.parameter, self.title = parameter, title


def no_such_value(request: HttpRequest, error: NoSuchValue) -> HttpResponse:
    """To the same list without that filter."""
    text = _("The value of the filter “%(filter)s” was not understood: this filter is left out.")
    messages.warning(request, text % {"filter": error.title})
    query = request.GET.copy()
    query.pop(error.parameter)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)


def no_such_page(request: HttpRequest, last: int) -> HttpResponse:
    """To the last page of the same list."""
    asked = {"page": request.GET[PAGE_VAR][:_SHOWN], "last": last}
    messages.warning(request, _("This list has no page %(page)s. This is page %(last)s, its last.") % asked)
    query = request.GET.copy()
    query[PAGE_VAR] = str(last)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")


def no_such_row(request: HttpRequest, model: type[Model], object_id: str, *, is_cleared: bool) -> HttpResponse:
    """To the list of what it would be. `is_cleared`: rows of long ago are deleted, so that it may have been there."""
    text = _("There is no %(name)s with the number %(key)s. None is ever deleted: look it up above, or in this list.")
    if is_cleared:
        text = _(
            "There is no %(name)s with the number %(key)s. Those of long ago are deleted; this list has the others."
        )
    named: dict[str, Any] = {"name": model._meta.verbose_name, "key": unquote(object_id)[:_SHOWN]}
    messages.warning(request, text % named)
    return HttpResponseRedirect(list_url(model))
