"""The policy values (decision 17): settings, shown in texts and recorded in each generation's event."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

MAX_CODES_PER_SERVER = 5  # FAQ 2. The database guards it too: raising it is a migration, lowering it a setting.


class Policy(NamedTuple):
    """What the conditions are measured against. `min_prepaid_months` counts whole calendar months."""

    codes_per_server: int
    min_prepaid_months: int
    elastic_ip_allowed: bool

    @classmethod
    def current(cls) -> Policy:
        """The policy in force, from the settings."""
        return cls(
            codes_per_server=settings.CODES_PER_SERVER,
            min_prepaid_months=settings.MIN_PREPAID_MONTHS,
            elastic_ip_allowed=settings.ELASTIC_IP_ALLOWED,
        )

    def as_dict(self) -> dict[str, int | bool]:
        """For events and texts: the values by name."""
        return self._asdict()
