"""Services: what they do goes on through a database that is away, and ends when told."""

import os
import signal
from threading import Event

import pytest
from django.db import OperationalError

from icpportal.watching import stopped_by_signals, watch

pytestmark = pytest.mark.django_db


def test_a_database_that_is_away_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    stop, rounds = Event(), []

    def work() -> None:
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise OperationalError
        stop.set()

    watch(work, seconds=0.001, stop=stop)
    assert rounds == [0, 1]
    assert caplog.messages == ["The database could not be used; trying again"]


def test_what_else_goes_wrong_ends_the_service() -> None:
    def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        watch(work, seconds=0.001, stop=Event())


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_service_after_its_round_and_means_what_it_did_before(told: signal.Signals) -> None:
    stop, rounds, before = Event(), [], signal.getsignal(told)
    with stopped_by_signals(stop):
        watch(lambda: (os.kill(os.getpid(), told), rounds.append("whole")), seconds=0.001, stop=stop)
    assert rounds == ["whole"]
    assert signal.getsignal(told) == before
