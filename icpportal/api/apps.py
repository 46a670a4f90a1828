"""The api app: what all endpoints share."""

from django.apps import AppConfig
from django.core.signals import request_started
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """Clients and tokens, errors, idempotency, pages, throttles; registers the system checks."""

    name = "icpportal.api"
    label = "api"
    verbose_name = _("API")

    def ready(self) -> None:
        """Register the system checks, and what makes kept connections cheap."""
        from icpportal import checks
        from icpportal.connections import drop_ended, know_long_statements

        checks.register_all()
        request_started.connect(drop_ended)
        know_long_statements()
