"""The API's tests happen at NOW."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tests.api.client import Api
from tests.factories import NOW


@pytest.fixture(autouse=True)
def time_travel() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def api(db: None) -> Api:
    """A client with every scope, of no account."""
    return Api()
