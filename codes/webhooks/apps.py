"""The webhooks app: events delivered to the programs of others."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "codes.webhooks"
    label = "webhooks"
    verbose_name = _("Webhooks")
