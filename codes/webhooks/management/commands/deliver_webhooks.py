"""Deliver webhooks: once, for a timer, or over and over, as a service. Any number may run at the same time."""

from __future__ import annotations

from collections import Counter
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codes.webhooks.choices import DeliveryState
from codes.webhooks.fan_out import fan_out
from codes.webhooks.side_by_side import SideBySide, deliver_due
from icpportal.watching import NO_WAIT, is_wait, stopped_by_signals, watch

AT_ONCE, MOST_AT_ONCE = 4, 100  # each takes a thread and a connection


class Command(BaseCommand):
    help = "Turn new events into webhook deliveries and send what is due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", type=float, metavar="SECONDS", help="go on, looking again after so many seconds")
        parser.add_argument(
            "--at-once",
            type=int,
            default=AT_ONCE,
            metavar="N",
            help=f"while watching, call so many receivers side by side ({AT_ONCE}), each with one attempt at a time",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a round; while watching, only rounds in which something happened. SIGTERM ends after an attempt."""
        seconds, at_once, stop = options["watch"], options["at_once"], Event()
        if seconds is None:
            made = fan_out(now=timezone.now())
            self.stdout.write(_line(made, deliver_due(stop)))
            return
        if not is_wait(seconds):
            raise CommandError(NO_WAIT)
        if not 1 <= at_once <= MOST_AT_ONCE:
            raise CommandError(f"--at-once takes 1 to {MOST_AT_ONCE}.")
        with stopped_by_signals(stop), SideBySide(at_once, stop=stop) as deliverers:
            watch(lambda: self._say(fan_out(now=timezone.now()), deliverers.round()), seconds=seconds, stop=stop)
            self._say(0, deliverers.finish())

    def _say(self, made: int, sent: Counter[str]) -> None:
        if made or sent:
            self.stdout.write(_line(made, sent))


def _line(made: int, sent: Counter[str]) -> str:
    delivered, given_up = sent[DeliveryState.DELIVERED], sent[DeliveryState.GIVEN_UP]
    failed = sent[DeliveryState.PENDING]
    return f"{made} new, {delivered} delivered, {failed} to be tried again, {given_up} given up"
