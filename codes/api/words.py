"""Texts for people that come in: none may carry a code value or a token, which are kept nowhere.

A text that is refused anyway is not looked through, since that takes long in a long one.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from codes import values
from codes.messages import CODE_VALUE
from icpportal.api.fields import Text


class Words(Text):
    """A free text."""

    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        _refuse_value(value)


class Mail(serializers.EmailField):
    """An e-mail address."""

    default_error_messages = {
        **Text.default_error_messages,
        "invalid": _("Enter an e-mail address, such as name@example.com."),
    }

    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        _refuse_value(value)


def _refuse_value(text: str) -> None:
    if values.stands_in(text):
        raise serializers.ValidationError(CODE_VALUE, "code_value")
