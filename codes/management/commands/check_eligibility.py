"""manage.py check_eligibility: may this server generate a code, and if not, why not."""

from __future__ import annotations

import sys
from typing import Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from rich.console import Console
from rich.table import Table
from rich.text import Text

from codes.eligibility import FILING_NOT_REQUIRED, GENERATION
from codes.messages import NO_FILING_NEEDED, cannot_generate
from codes.reports import Outcome, Report
from codes.server_facts import Choice
from icpportal.handles import canonical_address
from servers.models import IPAddress, Server

NOT_ELIGIBLE, UNKNOWN = 1, 2  # exit codes
PLAIN_WIDTH = 160  # characters, where there is no terminal


class Command(BaseCommand):
    """Prints the report: every rule, passed or not. Exit code 0 when eligible, 1 when not, 2 for an unknown server."""

    help = "Show whether a server may generate a code, rule by rule (FAQ 4)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("instance_id", metavar="INSTANCE_ID")
        parser.add_argument("--ip", metavar="ADDRESS", help="judge this IP of the server instead of the default one")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], default="en")

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge and print."""
        server = Server.objects.filter(instance_id=options["instance_id"]).first()
        if server is None:
            raise CommandError(f"There is no server {options['instance_id']}.", returncode=UNKNOWN)
        choice = Choice(ip_id=self._ip(server, options["ip"]).pk) if options["ip"] else None
        report = GENERATION.report(server, now=timezone.now(), choice=choice)
        with override(options["language"]):
            self._print(report)
        if not report.passed:
            sys.exit(NOT_ELIGIBLE)

    def _ip(self, server: Server, address: str) -> IPAddress:
        held = IPAddress.objects.on_server().filter(server=server, address=canonical_address(address) or "")
        ip = held.first()
        if ip is None:
            raise CommandError(f"{server.instance_id} does not hold {address}.", returncode=UNKNOWN)
        return ip

    def _print(self, report: Report[Server]) -> None:
        subject = cast(Any, report.subject)
        console = Console(file=cast(Any, self.stdout), width=None if self.stdout.isatty() else PLAIN_WIDTH)
        verdict = _("Can generate a code") if report.passed else cannot_generate(report)
        style = "bold green" if report.passed else "bold red"
        console.print(Text(f"{subject.instance_id} · {verdict}", style=style))
        numbers = {"generated": subject.codes_generated, "limit": subject.codes_limit}
        console.print(Text(_("%(generated)d of %(limit)d generated") % numbers))
        console.print(self._table(report))
        if FILING_NOT_REQUIRED in report.notes:
            console.print(Text(str(NO_FILING_NEEDED)))

    def _table(self, report: Report[Server]) -> Table:
        table = Table(*(_("Rule"), "", "FAQ", _("Found"), _("Remedy")), header_style="bold", expand=False)
        for outcome in report.outcomes:
            table.add_row(
                Text(f"{outcome.title}\n{outcome.code}"),
                _word(outcome),
                Text(outcome.faq),
                Text(outcome.found),
                Text("" if outcome.passed else outcome.remedy),
            )
        return table


def _word(outcome: Outcome[Server]) -> Text:
    if not outcome.judged:
        return Text(_("Not judged"))
    return Text(_("Passes"), style="green") if outcome.passed else Text(_("Fails"), style="bold red")
