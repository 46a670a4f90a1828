"""The way from a bulk run back to the list where it was planned, filtered as it was: kept in the run's address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.http import HttpRequest

from codes.admin.columns import list_url
from codes.models import AuthorizationCode, Filing
from servers.models import Server

BACK = "back"  # in the address: a list's own
_LISTS: tuple[type[Model], ...] = (Server, AuthorizationCode, Filing)  # where runs are planned


def way_back(request: HttpRequest, model: type[Model]) -> str:
    """To the list that the address names, if it is one of ours; else to the whole list of `model`."""
    way = request.GET.get(BACK, "")
    return way if way.partition("?")[0] in map(list_url, _LISTS) else list_url(model)


def leading_back(url: str, way: str, model: type[Model]) -> str:
    """The address `url`, which knows the way; the one to the whole list of `model` goes without saying."""
    return url if way == list_url(model) else f"{url}?{urlencode({BACK: way})}"


def mark_list(nav: list[dict[str, Any]], way: str) -> None:
    """Make the list that `way` leads to the current one of the sidebar, instead of the list of bulk runs."""
    for group in nav:
        for item in group["items"]:
            item["current"] = item["url"] == way.partition("?")[0]
