"""Addresses that break, beside ours: for tests of what is answered then."""

from __future__ import annotations

from typing import NoReturn

from django.http import HttpRequest
from django.urls import path

from icpportal.urls import handler500 as handler500
from icpportal.urls import urlpatterns as ours


def broken(request: HttpRequest) -> NoReturn:
    """A bug, with everything that was sent in its frame."""
    sent = {**request.GET.dict(), **request.POST.dict()}
    raise RuntimeError(f"broken: {sent}")


urlpatterns = [path("broken/", broken), path("admin/broken/", broken), path("api/broken/", broken), *ours]
