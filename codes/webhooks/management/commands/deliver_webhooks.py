"""Deliver webhooks: once, for a timer, or over and over, as a service. Any number may run at the same time."""

from __future__ import annotations

from collections import Counter
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codes.webhooks.choices import DeliveryState
from codes.webhooks.delivering import deliver_next
from codes.webhooks.fan_out import fan_out
from icpportal.watching import stopped_by_signals, watch


class Command(BaseCommand):
    help = "Turn new events into webhook deliveries and send what is due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", type=float, metavar="SECONDS", help="go on, looking again after so many seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a round; while watching, only rounds in which something happened. SIGTERM ends after an attempt."""
        seconds, stop = options["watch"], Event()
        if seconds is None:
            self.stdout.write(self._round(stop))
            return
        if seconds <= 0:
            raise CommandError("--watch needs more than 0 seconds.")
        with stopped_by_signals(stop):
            watch(lambda: self._quiet_round(stop), seconds=seconds, stop=stop)

    def _quiet_round(self, stop: Event) -> None:
        if line := self._round(stop, is_quiet=True):
            self.stdout.write(line)

    def _round(self, stop: Event, *, is_quiet: bool = False) -> str:
        made, sent = fan_out(now=timezone.now()), Counter[str]()
        while not stop.is_set() and (attempt := deliver_next(now=timezone.now())):
            sent[attempt.delivery.state] += 1
        if is_quiet and not made and not sent:
            return ""
        delivered, given_up = sent[DeliveryState.DELIVERED], sent[DeliveryState.GIVEN_UP]
        failed = sent[DeliveryState.PENDING]
        return f"{made} new, {delivered} delivered, {failed} to be tried again, {given_up} given up"
