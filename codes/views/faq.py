"""The seven published questions in our own words, with the policy values in force. Open to everybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from codes.policy import Policy
from codes.standing import EXPIRES_SOON
from codes.views.access import page


@require_safe
def faq(request: HttpRequest) -> HttpResponse:
    """What a code is, who gets one, what becomes of it, and how to reach customer service."""
    context = {"policy": Policy.current(), "warn_days": EXPIRES_SOON.days}
    return page(request, "codes/faq.html", context, section="faq")
