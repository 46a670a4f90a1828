"""The API's tests happen at NOW, unless they run a server of their own."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.api.client import Api
from tests.factories import NOW


@pytest.fixture(autouse=True)
def _at_now(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("real_time"):
        yield
        return
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def api(db: None) -> Api:
    """A client with every scope, of no account."""
    return Api()
