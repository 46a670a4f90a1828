"""The base of what comes in: unknown fields are refused, errors are a flat list of dotted fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import local
from typing import Any, cast

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from icpportal.api.fields import MISSING
from icpportal.api.problems import FieldError, Invalid, no_such_field

TOP = "non_field_errors"
_of_thread = local()


class InputSerializer(serializers.Serializer):
    """Shapes a body; decides nothing of the domain. Fields come from icpportal/api/fields.py."""

    default_error_messages = {**MISSING, "invalid": _("Give a JSON object.")}

    def to_internal_value(self, data: Any) -> Any:
        """Every wrong field at once, the unknown ones among them."""
        errors: dict[str, Any] = {}
        if isinstance(data, Mapping) and (unknown := [name for name in data if name not in self.fields]):
            said = [ErrorDetail(str(no_such_field(self.fields)), "unknown")]
            errors = {name: said for name in unknown}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**cast(dict[str, Any], error.detail), **errors}) from error
        if errors:
            raise serializers.ValidationError(errors)
        return value


def validated(serializer: type[InputSerializer], data: Mapping[str, Any], **context: Any) -> dict[str, Any]:
    """What the body says. Raises Invalid with every field that is wrong."""
    reader = _reader(serializer)
    reader.initial_data, reader._context = data, context
    try:
        return dict(reader.run_validation(data))
    except serializers.ValidationError as error:
        raise Invalid(*flat(error.detail)) from error


def _reader(serializer: type[InputSerializer]) -> Any:
    """This thread's serializer of the class: making its fields costs several times what reading a body does.

    One for each language: a field keeps the text of its first error.
    """
    if not hasattr(_of_thread, "readers"):
        _of_thread.readers = {}
    key = serializer, get_language()
    if key not in _of_thread.readers:
        _of_thread.readers[key] = serializer()
    return _of_thread.readers[key]


def flat(errors: Any, path: str = "") -> Iterator[FieldError]:
    """DRF's nested errors as a list, with fields dotted."""
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            yield from flat(inner, path if name == TOP else f"{path}.{name}".strip("."))
        return
    for place, inner in enumerate(errors):
        if isinstance(inner, str):
            yield FieldError(path, getattr(inner, "code", "invalid"), inner)
        else:
            yield from flat(inner, f"{path}.{place}".strip("."))
