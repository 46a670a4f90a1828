"""manage.py revoke_api_client NAME: the end of a client of the API."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from icpportal.api import tokens


class Command(BaseCommand):
    help = "Revoke an API client: all its tokens are dead at once, for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            client = tokens.named(options["name"])
        except tokens.ClientRefused as error:
            raise CommandError(str(error)) from error
        dead = tokens.revoke(client, now=timezone.now())
        self.stdout.write(f"{client.name}: {dead} token(s) revoked.")
