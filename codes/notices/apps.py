"""The notices app: mails to members about codes that expire and holds that stall."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "codes.notices"
    label = "notices"
    verbose_name = _("Notices")
