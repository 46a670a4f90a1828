"""The api app: what all endpoints share."""

from django.apps import AppConfig
from django.core.signals import request_started
from django.db.backends.signals import connection_created
from django.db.models import Field, ForeignObject
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """Clients and tokens, errors, idempotency, pages, throttles; registers the system checks."""

    name = "icpportal.api"
    label = "api"
    verbose_name = _("API")

    def ready(self) -> None:
        """Register the system checks, what may stand in paths and filters, and what looks after kept connections."""
        from icpportal import checks, statements
        from icpportal.api import converters
        from icpportal.connections import drop_ended
        from icpportal.plans import Among

        checks.register_all()
        converters.register_all()
        for kind in (Field, ForeignObject):
            kind.register_lookup(Among)
        request_started.connect(drop_ended)
        connection_created.connect(statements.share_names)
