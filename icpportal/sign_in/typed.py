"""A form of the desk that is sent after its session ended: nothing is done, and what was typed is not lost.

Rows that were selected are: the way back in says so.

The request has passed the check against forgery, so that the texts are those of the person who reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_TEXTS: Mapping[str, Any] = {
    "text": gettext_lazy("Text"),
    "reason": gettext_lazy("Reason"),
    "remark": gettext_lazy("Remark"),
    "ticket": gettext_lazy("Ticket number"),
}


def typed_in_vain(request: HttpRequest, site: AdminSite) -> HttpResponse | None:
    """What was typed, to be copied, and the way back in; None unless somebody who is not signed in sent texts."""
    if request.method != "POST" or request.user.is_authenticated:
        return None
    texts = [(name, label, request.POST.get(name, "").strip()) for name, label in _TEXTS.items()]
    typed = [{"name": name, "label": label, "text": text} for name, label, text in texts if text]
    if not typed:
        if ACTION_CHECKBOX_NAME in request.POST:
            messages.warning(request, _("You were signed out meanwhile. Nothing was changed; select the rows again."))
        return None
    way = f"{reverse('admin:login')}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}"
    context = site.each_context(request) | {"title": _("You were signed out meanwhile"), "typed": typed, "way": way}
    answer = TemplateResponse(request, "admin/typed_in_vain.html", context, status=403)
    add_never_cache_headers(answer)
    return answer
