"""Runs of the live sync, against a server on this machine that speaks the provider's API."""

from typing import Any

import pytest

from codes.values import stands_in
from servers.inventory.provider import Access, Provider
from servers.inventory.sync import Listener, Outcome, sync
from servers.models import Account, Server
from tests.factories import NOW
from tests.servers.feeding import Heard
from tests.servers.provider_api import SECRET_ID, SECRET_KEY, ProviderAPI, error

OLD_SDK = pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning")  # from Python 3.12 on
SILENT = Listener(regions=lambda names: None, rows=lambda region, rows: None, ended=lambda region, ended: None)
THROTTLED = error("RequestLimitExceeded", "Your current request times equals to `41` in a second.")


class Waits(list[float]):
    """Keeps how long was waited, without waiting."""

    def __call__(self, seconds: float) -> bool:
        if seconds:
            self.append(seconds)
        return False


def access(api: ProviderAPI, **values: Any) -> Access:
    return Access(**({"secret_id": SECRET_ID, "secret_key": SECRET_KEY, "endpoint": api.url} | values))


def run(api: ProviderAPI, account: Account, *, waits: Any = None, timeout: float = 20, **options: Any) -> Outcome:
    provider = Provider(access(api, timeout=timeout), wait=Waits() if waits is None else waits)
    given = {"now": NOW, "observer": Heard(), "listener": SILENT, "is_secret": stands_in} | options
    return sync(provider, account=account, **given)


def failed(outcome: Outcome) -> list[tuple[str, str]]:
    return [(failure.region, failure.code) for failure in outcome.failures]


def states() -> dict[str, str]:
    return dict(Server.objects.values_list("instance_id", "state"))
