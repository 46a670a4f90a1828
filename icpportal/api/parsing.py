"""Reads request bodies: JSON in UTF-8 within a size limit, nothing that means two things at once.

A body that cannot be read is 400 with an empty list of errors; what the body says is checked by serializers.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from icpportal.api.problems import Invalid, Problem
from icpportal.sentences import StrPromise

MIB = 1024 * 1024  # bytes
_DRAIN = 64 * MIB  # what is read and dropped at most of a body that nobody wants, so that the answer arrives
_CHUNK = 64 * 1024
_MOST_NESTS = 500_000  # lists and objects of one body: read, each takes thirty times the memory of its two characters
_JSON = re.compile(r'application/json(\s*;\s*charset\s*=\s*"?utf-8"?)?\s*', re.IGNORECASE)
_UNCLEAN = re.compile("[\x00\ud800-\udfff]")


def read_json(request: HttpRequest, *, limit: int) -> dict[str, Any]:
    """The object in the body of `request`, {} without a body. `limit` is in bytes.

    Raises Problem: unsupported_media_type, too_large, invalid.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    if _is_endless(request) or length not in ("", "0"):
        _check_type(request)
    if _is_endless(request) and request.META["HTTP_TRANSFER_ENCODING"].strip().lower() != "chunked":
        raise _unreadable(_("Of Transfer-Encoding, only chunked is read."))
    raw = _read(request, limit)
    if not raw:
        return {}
    _check_type(request)
    return parse(raw)


def drop_rest(request: HttpRequest) -> None:
    """Read what nobody has read of the body, and drop it.

    A server that is left with it closes the connection, although it said that it would keep it, and a client that is
    still sending does not see the answer.
    """
    is_broken_off = getattr(request, "is_broken_off", False)  # more is not waited for
    if not is_broken_off and (request.META.get("CONTENT_LENGTH") or _is_endless(request)):
        with suppress(Exception):  # whoever breaks off has the answer that is due
            _drop(_source(request))


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`. Raises Invalid for anything else."""
    if raw.count(b"{") + raw.count(b"[") > _MOST_NESTS:
        raise _unreadable(_("The body holds more than %(most)d lists and objects.") % {"most": _MOST_NESTS})
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise _unreadable(_("The body is not UTF-8.")) from error
    except (ValueError, RecursionError) as error:
        raise _unreadable(_("The body is not JSON, or nested too deeply, or names a key twice.")) from error
    if not isinstance(value, dict):
        raise _unreadable(_("The body is not a JSON object."))
    if "\\u" in text and _is_unclean(value):
        raise _unreadable(_("The body holds a NUL character or half a character."))
    return value


def _unreadable(detail: StrPromise) -> Invalid:
    return Invalid(detail=detail)


def _check_type(request: HttpRequest) -> None:
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding != "identity" or not _JSON.fullmatch(request.META.get("CONTENT_TYPE", "").strip()):
        raise Problem("unsupported_media_type")


def _is_endless(request: HttpRequest) -> bool:
    """A chunked body: the server ends it, there is no length."""
    return bool(request.META.get("wsgi.input_terminated")) and bool(request.META.get("HTTP_TRANSFER_ENCODING"))


def _read(request: HttpRequest, limit: int) -> bytes:
    source = _source(request)
    try:
        raw: bytes = source.read(limit + 1)
        if len(raw) <= limit:
            _check_length(request, raw)
            return raw
        _drop(source)
    except Exception as error:  # each server has errors of its own for chunks that are none
        request.is_broken_off = True  # type: ignore[attr-defined]
        raise _unreadable(_("The body broke off.")) from error
    raise Problem("too_large", _("The body is larger than %(limit)d MiB.") % {"limit": limit // MIB})


def _check_length(request: HttpRequest, raw: bytes) -> None:
    """Raises EOFError when fewer bytes came than were promised: what came may be whole JSON by chance."""
    if not _is_endless(request) and len(raw) < int(request.META.get("CONTENT_LENGTH") or 0):
        raise EOFError


def _source(request: HttpRequest) -> Any:
    return request.META["wsgi.input"] if _is_endless(request) else request


def _drop(source: Any) -> None:
    dropped = 0
    while dropped < _DRAIN and (chunk := source.read(_CHUNK)):
        dropped += len(chunk)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number out of range")
    return number


def _constant(name: str) -> None:
    raise ValueError(name)


def _is_unclean(value: object) -> bool:
    """Whether a NUL or a lone surrogate stands anywhere, keys included. Without recursion."""
    heap = [value]
    while heap:
        item = heap.pop()
        if isinstance(item, str):
            if _UNCLEAN.search(item):
                return True
        elif isinstance(item, dict):
            heap += item.keys()
            heap += item.values()
        elif isinstance(item, list):
            heap += item
    return False
