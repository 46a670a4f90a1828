"""manage.py list_api_clients: who may call the API, and who does."""

from datetime import datetime
from typing import Any, cast

from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from icpportal.api import tokens
from icpportal.dates import shanghai


class Command(BaseCommand):
    help = "List the API clients: scopes, account, valid tokens, last use (Asia/Shanghai)."

    def handle(self, *args: Any, **options: Any) -> None:
        table = Table("name", "scopes", "account", "valid tokens", "last used", box=None)
        now = timezone.now()
        for client in tokens.with_last_use().order_by("name"):
            account = client.account.uid if client.account else "all"
            valid = str(tokens.valid_tokens(client, now=now))
            table.add_row(client.name, "\n".join(client.scopes), account, valid, _when(cast(Any, client).last_used_at))
        console = Console(file=cast(Any, self.stdout)._out)
        console.width = max(console.width, 100)
        console.print(table)


def _when(moment: datetime | None) -> str:
    return shanghai(moment) if moment else "never"
