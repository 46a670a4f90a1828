"""The page on which a member chooses, and the way out that every mail carries."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from codes.views.access import page, signed_in


@signed_in("GET", "HEAD", "POST")
def notices(request: HttpRequest) -> HttpResponse:
    """GET."""
    return page(request, "codes/notices.html", {}, section="")
