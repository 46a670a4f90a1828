"""Every address that the product answers, as it is declared: the matrix has a row for each, or its test fails."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, get_resolver


def declared() -> Iterator[str]:
    """The route of every address, such as "codes/<id:pk>/"."""
    yield from _below(get_resolver(), "")


def _below(resolver: object, prefix: str) -> Iterator[str]:
    for each in resolver.url_patterns:  # type: ignore[attr-defined]
        route = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield route
        else:
            yield from _below(each, route)
