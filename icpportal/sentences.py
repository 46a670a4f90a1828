"""Texts: their type, and how sentences stand beside each other in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import get_language

# A text; where it is lazy, it is translated when it is shown.
if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    StrPromise: TypeAlias = str | _StrPromise
else:
    StrPromise = str | Promise


def gap() -> str:
    """What stands between two sentences: a space, and nothing after a Chinese full stop."""
    return "" if (get_language() or "").startswith("zh") else " "


def join(sentences: Iterable[object]) -> str:
    """Sentences as one paragraph."""
    return gap().join(str(sentence) for sentence in sentences)


def stop() -> str:
    """What ends a sentence."""
    return "." if gap() else "。"


def comma() -> str:
    """What stands between the items of a list in a sentence."""
    return ", " if gap() else "、"


def pause() -> str:
    """What stands between a thing and what is said of it."""
    return ", " if gap() else "，"


def semicolon() -> str:
    """What stands between things that are long, or hold commas themselves."""
    return "; " if gap() else "；"
