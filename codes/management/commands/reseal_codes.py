"""`manage.py reseal_codes`: everything that is sealed, under the newest of CODE_KEYS. The service goes on meanwhile."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model

from codes import services
from codes.models import AuthorizationCode
from codes.webhooks.models import WebhookEndpoint
from icpportal import progress, sealing
from icpportal.api.models import KeptAnswer
from icpportal.sign_in.models import OneTimeDevice

# What else is sealed: few rows, or rows that live for a day.
OTHERS: tuple[tuple[type[Model], str], ...] = (
    (WebhookEndpoint, "secret"),
    (WebhookEndpoint, "previous_secret"),
    (KeptAnswer, "sealed"),
    (OneTimeDevice, "sealed"),
)


class Command(BaseCommand):
    """Ends with an error that names what no key opens; those stay as they are."""

    help = (
        "Seal codes, secrets of webhooks, one-time codes and kept answers under the newest of CODE_KEYS. Safe while "
        "the service runs and to stop at any time; run again, it passes quickly over what is done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to go on, for the impatient."""
        parser.add_argument("--after", type=int, default=0, metavar="ID", help="leave out codes up to this id")

    def handle(self, *args: Any, after: int, **options: Any) -> None:
        """Codes first, then the others."""
        changed, broken = self._codes(after)
        for model, name in OTHERS:
            of_these, broken_ones = _reseal(model, name)
            changed, broken = changed + of_these, broken + broken_ones
        self.stdout.write(f"{changed} sealed anew.")
        if broken:
            raise CommandError(f"No key of CODE_KEYS opens these: {', '.join(broken)}. Keep the older keys.")
        self.stdout.write("Nothing is left under older keys: they can be dropped.")

    def _codes(self, after: int) -> tuple[int, list[str]]:
        changed, broken = 0, []
        total = AuthorizationCode.objects.filter(pk__gt=after).count()
        with progress.shown("Codes", total=total, things="codes", say=self.stdout.write) as advance:
            while (batch := services.reseal_codes(after=after)).last is not None:
                after, changed = batch.last, changed + batch.changed
                broken += [f"code {pk}" for pk in batch.unreadable]
                advance(batch.seen)
        return changed, broken


def _reseal(model: type[Model], name: str) -> tuple[int, list[str]]:
    """How many values of this field were sealed anew, and the rows that no key opens."""
    changed, broken = 0, []
    rows: Any = model._default_manager.exclude(**{name: None}).exclude(**{name: b""})
    for pk, sealed in rows.values_list("pk", name).iterator():
        if sealing.is_newest(sealed):
            continue
        try:
            anew = sealing.seal(sealing.unseal(sealed))
        except InvalidToken:
            broken.append(f"{model._meta.verbose_name} {pk}")
        else:  # unless somebody else changed it since
            changed += rows.filter(pk=pk, **{name: sealed}).update(**{name: anew})
    return changed, broken
