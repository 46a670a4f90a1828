"""The account whose servers come in, the client that feeds them, and the provider that lists them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from icpportal.api.models import Scope
from servers.models import Account
from tests.factories import make_account
from tests.servers.calling import Caller
from tests.servers.provider_api import ACCOUNT, ProviderAPI, provider_api


@pytest.fixture
def account() -> Account:
    return make_account(uid=ACCOUNT)


@pytest.fixture
def feed(account: Account) -> Caller:
    return Caller(Scope.INVENTORY_WRITE)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderAPI]:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with provider_api() as api:
        yield api
