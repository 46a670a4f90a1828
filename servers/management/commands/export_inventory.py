"""manage.py export_inventory: servers as a spreadsheet that import_inventory --csv takes in again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servers.inventory.sheet_export import export
from servers.management.accounts import NOTHING_DONE
from servers.models import Account, Server


class Command(BaseCommand):
    """To standard output, in the order in which the servers became known. Exit code 2 for an unknown account."""

    help = "Write servers as CSV to standard output: import_inventory --csv takes it in again and changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--csv", action="store_true", required=True, help="the form, so far the only one")
        parser.add_argument("--account", metavar="UID", help="servers of this account alone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Stream the rows."""
        servers = Server.objects.order_by("pk")
        if (uid := options["account"]) is not None:
            if not Account.objects.filter(uid=uid).exists():
                raise CommandError(f"There is no account {uid}.", returncode=NOTHING_DONE)
            servers = servers.filter(account__uid=uid)
        for part in export(servers):
            self._write(part)

    def _write(self, part: bytes) -> None:
        out: Any = self.stdout._out  # the bytes as they are, where the output takes bytes
        if hasattr(out, "buffer"):
            out.buffer.write(part)
        else:
            out.write(part.decode())
