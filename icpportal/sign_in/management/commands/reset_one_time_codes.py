"""`manage.py reset_one_time_codes NAME --by SUPERUSER --reason "…"`: for a lost device without recovery codes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from icpportal.final_rows import MAX_REASON
from icpportal.sign_in import one_time_codes
from icpportal.sign_in.sessions import sign_out_elsewhere


class Command(BaseCommand):
    help = "Forget somebody's lost device and recovery codes; they set up a new one at their next sign-in. Recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the user name of who lost it")
        parser.add_argument("--by", required=True, help="the user name of the superuser who made sure who asks")
        parser.add_argument("--reason", required=True, help="how, and the ticket")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < len(options["reason"].strip()) <= MAX_REASON:
            raise CommandError(f"Give a reason of 1 to {MAX_REASON} characters.")
        by = self._person(options["by"])
        if not (by.is_superuser and by.is_active):
            raise CommandError(f"{by} is no active superuser: only they reset one-time codes.")
        user = self._person(options["name"])
        if user == by:
            raise CommandError(f"{by} cannot vouch for {by}: --by names another superuser.")
        one_time_codes.reset(user, by=by, reason=options["reason"].strip(), now=timezone.now())
        sign_out_elsewhere(user, key=None)
        then = "sets up one-time codes" if one_time_codes.are_needed(user) else "needs their password alone"
        self.stdout.write(f"{user} is signed out everywhere and {then} at the next sign-in.")

    def _person(self, name: str) -> User:
        found = User.objects.filter(username=name).first()
        if found is None:
            raise CommandError(f"There is no user {name}.")
        return found
