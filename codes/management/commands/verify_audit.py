"""manage.py verify_audit: is every event as it was recorded, and is none missing?"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from codes.append_only import final_until
from codes.audit import Audit, Fault, Forged, Head, lost_since, read_signed, sign
from codes.models import CodeEvent
from icpportal.progress import shown
from servers.models import Server

BROKEN, UNREADABLE = 1, 2  # exit codes
MOST = 100  # faults that are listed
LINE_EVERY = 100_000  # events, where there is no terminal


class Command(BaseCommand):
    """Exit code 0 when all is whole, 1 when something is wrong, 2 when a file cannot be used."""

    help = (
        "Follow the chain of events of every server and name the first event that does not fit: edited, missing, "
        "swapped, cut. A head that is exported and kept elsewhere also finds what was cut together with the heads here."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--export-head", metavar="FILE", help="write a signed head of all chains, when all is whole"
        )
        parser.add_argument("--check-head", metavar="FILE", help="all that such a head knows of must still be there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk, list, and write the head."""
        known = self._read(options["check_head"]) if options["check_head"] else None
        now, until = timezone.now(), known.until if known else final_until(connection)
        total = CodeEvent.objects.count()
        with shown("Verifying", total=total, things="events", say=self.stderr.write, every=LINE_EVERY) as progress:
            audit = Audit(until=until, progress=progress)
            faults = audit.faults()
            listed = list(islice(faults, MOST))
            more = sum(1 for _ in faults)
        self._list(listed, more)
        lost = lost_since(known, audit) if known else []
        for line in lost:
            self.stdout.write(f"since the head of {known.at if known else ''}: {line}")
        self.stdout.write(f"{audit.events} events of {audit.servers} servers; {len(listed) + more} chains are broken.")
        if listed or lost:
            sys.exit(BROKEN)
        if options["export_head"]:
            self._write(options["export_head"], sign((audit if not known else self._again()).head(now=now)))

    def _again(self) -> Audit:
        """A walk up to now, after one up to what an older head knew of."""
        audit = Audit(until=final_until(connection))
        for fault in audit.faults():
            raise CommandError(self._line(fault), returncode=BROKEN)
        return audit

    def _list(self, faults: list[Fault], more: int) -> None:
        names = Server.objects.in_bulk([fault.server_id for fault in faults])
        for fault in faults:
            self.stdout.write(self._line(fault, names.get(fault.server_id)))
        if more:
            self.stdout.write(f"and {more} servers more")

    def _line(self, fault: Fault, server: Server | None = None) -> str:
        name = f" ({server.instance_id})" if server else ""
        event = f"event {fault.event_id}" if fault.event_id else "no event"
        return f"server {fault.server_id}{name}: {event}: {fault.wrong}: {fault.said}"

    def _read(self, name: str) -> Head:
        try:
            return read_signed(Path(name).read_text())
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{name} cannot be read: {error}", returncode=UNREADABLE) from error
        except Forged as error:
            message = f"{name} is no head that was signed with one of the AUDIT_KEYS."
            raise CommandError(message, returncode=UNREADABLE) from error

    def _write(self, name: str, text: str) -> None:
        try:
            Path(name).write_text(text + "\n")
        except OSError as error:
            raise CommandError(f"{name} cannot be written: {error}", returncode=UNREADABLE) from error
        self.stdout.write(f"The head is in {name}: keep it where nobody can change both it and the database.")
