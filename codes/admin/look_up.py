"""The one box on every page: any exact handle, one hit opens it, several are listed by kind, none says what was tried.

The box POSTs, because what is pasted may be a full code value, and a value must end in no address, history or log.
A term without one is redirected to `?q=`, so that its result can be reloaded, kept and sent to a colleague. A term
that reads as a value, mistyped or not, is answered at once or opens the code's page, whose address is a number.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.admin import support_words
from codes.admin.columns import page_url
from codes.admin.rows import dressed
from codes.admin.verdicts import checked
from codes.eligibility import GENERATION
from codes.lookup import LIMIT, Found, resolve
from codes.models import AuthorizationCode
from codes.pasted import Term
from icpportal.sentences import comma
from servers.models import IPAddress


def look_up(request: HttpRequest, site: Any) -> HttpResponse:
    """The result page, or the one object that was meant."""
    if request.method == "POST":
        text = request.POST.get("q", "")
        term = Term.of(text)
        if term.whole and not term.values:
            return HttpResponseRedirect(reverse("admin:lookup", query={"q": term.whole}))
    else:
        text = request.GET.get("q", "")
        if Term.of(text).values:
            text = ""  # a value in an address: not looked up, so that nobody makes a habit of it
    found = resolve(text, user=request.user) if text.strip() else Found()
    if found.only is not None:
        return HttpResponseRedirect(page_url(_opens(found.only)))
    context = site.each_context(request) | _context(text, found)
    return TemplateResponse(request, "admin/desk/lookup.html", context)


def _opens(hit: Any) -> Any:
    """An IP of one server is asked for because of the server."""
    return hit.server if isinstance(hit, IPAddress) else hit


def _context(text: str, found: Found) -> dict[str, Any]:
    now = timezone.now()
    count = len(found.objects)
    term = "" if found.holds_value else Term.of(text).whole
    nothing = _("No match") if text.strip() else _("Look-up")
    title = ngettext("%(count)d match", "%(count)d matches", count) % {"count": count} if count else nothing
    return {
        "title": title,
        "term": term,
        "found": found,
        "limit": LIMIT,
        "servers": checked(GENERATION.page_reports(found.servers, now=now)),
        "codes": dressed(AuthorizationCode.objects.filter(pk__in=[code.pk for code in found.codes]), now=now),
        "requests": support_words.dressed(found.requests, now=now),
        "read_as": comma().join(str(handle.label) for handle in found.read_as),
        "tried": comma().join(str(handle.label) for handle in found.tried),
        "asked": bool(text.strip()),
        "is_short": bool(text.strip()) and not Term.of(text).start,
        "now": now,
    }
