"""manage.py rotate_api_client NAME [--overlap HOURS] [--expires DAYS]: another token before the old one ends."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from icpportal.api import tokens


class Command(BaseCommand):
    help = "Give an API client another token, printed this once as the last line; the old ones end after the overlap."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--overlap", type=int, default=24, metavar="HOURS", help=f"0 to {tokens.MOST_OVERLAP}; 24 if left out"
        )
        parser.add_argument(
            "--expires", type=int, metavar="DAYS", help="how long the token is valid; always if left out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        hours = options["overlap"]
        if not 0 <= hours <= tokens.MOST_OVERLAP:
            raise CommandError(f"--overlap takes 0 to {tokens.MOST_OVERLAP} hours.")
        try:
            token = tokens.rotate(
                tokens.named(options["name"]),
                overlap=timedelta(hours=hours),
                lifetime=tokens.lifetime_of(options["expires"]),
                now=timezone.now(),
            )
        except tokens.ClientRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(token)
