"""The api app: what all endpoints share."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """Clients and tokens, errors, idempotency, pages, throttles; registers the system checks."""

    name = "icpportal.api"
    label = "api"
    verbose_name = _("API")

    def ready(self) -> None:
        """Register the system checks."""
        from icpportal import checks

        checks.register_all()
