"""What people did at the desk to what has no events: regions, API clients, webhook endpoints. Django's log keeps it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils.html import format_html

from codes.admin.timeline import SHOWN, Row
from icpportal.sentences import StrPromise
from icpportal.sign_in.people import name


def story(obj: Model, words: Callable[[str], tuple[StrPromise, list[str]]]) -> list[Row]:
    """Who and when, newest first; what, and the lines below it, as `words` reads the message that was kept."""
    kind = ContentType.objects.get_for_model(obj)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk)).select_related("user")
    return [_row(entry, *words(entry.change_message)) for entry in entries.order_by("-action_time", "-pk")[:SHOWN]]


def _row(entry: LogEntry, what: StrPromise, lines: list[str]) -> Row:
    title = format_html("<strong>{}</strong>", what)
    return Row(at=entry.action_time, actor=name(entry.user), title=title, lines=lines)
