"""Fixtures of several modules: a moment that stands still, a receiver of webhooks."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tests.codes.webhook_receiver import Receiver, receiver
from tests.factories import NOW


@pytest.fixture
def noon() -> Iterator[None]:
    """It is NOW, as long as the test takes."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hook(settings: Any) -> Iterator[Receiver]:
    """A receiver on this machine, which may be called."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with receiver() as running:
        yield running
