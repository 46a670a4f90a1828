"""What a request at the desk holds: who asks, which rows are chosen, what a form is bound to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from icpportal.handles import is_number


def staff(request: HttpRequest) -> User:
    """Who is at the desk: the site lets nobody in who is not signed in."""
    return cast(User, request.user)


def keys(texts: Iterable[str]) -> list[int]:
    """Primary keys as a form sent them. Raises BadRequest for anything that cannot be one."""
    texts = list(texts)
    if not all(map(is_number, texts)):
        raise BadRequest
    return [int(text) for text in texts]


def few(request: HttpRequest, chosen: QuerySet[Any, int], most: int) -> list[int] | None:
    """The keys of the rows that were chosen in a list; None, with a message, for none of them or more than `most`."""
    found = list(chosen[: most + 1])
    if not found:
        messages.warning(request, _("What was selected is no longer in this list. Nothing was changed."))
        return None
    if len(found) <= most:
        return found
    messages.error(request, _("Choose at most %(most)d rows at a time. Nothing was changed.") % {"most": most})
    return None


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: everything that is posted, also nothing at all; None for a question."""
    return request.POST if request.method == "POST" else None
