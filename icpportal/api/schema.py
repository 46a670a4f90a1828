"""What the OpenAPI document says of problems and of health."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class Failed(serializers.Serializer):
    """One condition that fails, with the value found."""

    code = serializers.CharField()
    faq = serializers.CharField(allow_blank=True, help_text=_("The question of the published FAQ; empty if none."))
    title = serializers.CharField()
    found = serializers.CharField(help_text=_("The fact as seen."))
    explanation = serializers.CharField()
    remedy = serializers.CharField()


class WrongField(serializers.Serializer):
    """What is wrong with one field."""

    field = serializers.CharField(help_text=_("Dotted: ips.0.address"), allow_blank=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemDetails(serializers.Serializer):
    """RFC 9457. `code` is stable; title and detail follow Accept-Language."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = WrongField(many=True, required=False)  # type: ignore[assignment]
    more_errors = serializers.IntegerField(
        required=False, help_text=_("With more than 100 errors: how many are left out of `errors`.")
    )
    failed = Failed(many=True, required=False)
    notes = serializers.ListField(child=serializers.CharField(), required=False)
    needed = serializers.ListField(
        child=serializers.CharField(), required=False, help_text=_("With missing_scope: any of these would do.")
    )
    stored_version = serializers.IntegerField(
        required=False, help_text=_("With stale_version: the newest that is known.")
    )
    differs = serializers.ListField(
        child=serializers.CharField(), required=False, help_text=_("With version_conflict: the fields that differ.")
    )


class Health(serializers.Serializer):
    """What health says."""

    status = serializers.CharField()
