"""The closed vocabulary of notices."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """What a notice is about."""

    EXPIRY = "expiry", _("A code expires")
    STALLED = "stalled", _("A filing has stalled")
