"""manage.py create_api_client NAME --scope A … [--account UID] [--expires DAYS]: a client of the API, and its token."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from icpportal.api import tokens
from icpportal.api.models import Scope


class Command(BaseCommand):
    help = "Create an API client and print its token, this once, as the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what events call it")
        parser.add_argument(
            "--scope", action="append", required=True, choices=Scope.values, help="what it may do; repeat for more"
        )
        parser.add_argument("--account", default="", metavar="UID", help="the one account that it sees; must exist")
        parser.add_argument(
            "--expires", type=int, metavar="DAYS", help="how long the token is valid; always if left out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token = tokens.create_client(
                options["name"],
                scopes=options["scope"],
                account=options["account"],
                lifetime=tokens.lifetime_of(options["expires"]),
                now=timezone.now(),
            )
        except tokens.ClientRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(token)
