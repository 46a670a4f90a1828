"""manage.py skip_numbers: after a restore, no number that was given out and lost is given again."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.models import AutoField

GAP = 1_000_000  # more than a day's events


class Command(BaseCommand):
    """Every table goes on with numbers that much higher. Rows stay as they are."""

    help = (
        "Leave a gap in the numbers of codes, events and everything else. Run it once after a restore: who keeps "
        "numbers of what was lost (a reader of the feed, the filing platform) then never takes something else for it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--by", type=int, default=GAP, metavar="N", help=f"how large the gap is ({GAP})")

    def handle(self, *args: Any, **options: Any) -> None:
        """Move the counter of every table on."""
        if not 0 < options["by"] <= 2**40:
            raise CommandError("N must be from 1 to 2^40.")
        models = [m for m in apps.get_models(include_auto_created=True) if isinstance(m._meta.pk, AutoField)]
        tables = sorted({model._meta.db_table for model in models})
        with transaction.atomic():
            for table in tables:
                _skip(table, options["by"])
        self.stdout.write(f"The numbers of {len(tables)} tables go on {options['by']} higher.")


def _skip(table: str, gap: int) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            (sequence,) = cursor.fetchone()
            cursor.execute("SELECT setval(%s::regclass, nextval(%s::regclass) + %s)", [sequence, sequence, gap])
            return
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [gap, table])
        if cursor.rowcount == 0:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, gap])
