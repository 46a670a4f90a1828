"""A dump of the database holds no usable code, in no form."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from codes import services, values
from codes.choices import Channel
from tests.factories import NOW, make_agent, make_client, make_filing, make_server

pytestmark = pytest.mark.django_db


def day_of_use() -> list[str]:
    """Every verb once or more; the values that were shown meanwhile."""
    agent, client = make_agent(), make_client()
    by_agent: dict[str, Any] = {"actor": agent, "channel": Channel.ADMIN, "now": NOW}
    by_client: dict[str, Any] = {"actor": client, "channel": Channel.API, "now": NOW}
    server = make_server()
    issued = services.generate(server, count=5, remark="for the shop", **by_agent)
    filed, dropped, cleared, leaked, spare = issued
    filing = make_filing(filed, client=client)
    services.reject_filing(filing, reason="photo", **by_client)
    services.complete_filing(filing, icp_number="粤ICP备12345678号", **by_client)
    services.abandon_filing(make_filing(dropped, client=client), reason="no", **by_client)
    make_filing(cleared, client=client)
    services.reset(cleared.code, reason="twice", **by_agent)
    services.rotate(leaked.code, reason="leaked", **by_agent)
    shown = services.reveal(leaked.code, reason="asked", **by_agent)
    services.annotate(spare.code, remark="spare", authorized_account="1001", **by_agent)
    services.withdraw(spare.code, reason="unused", **by_agent)
    return [*(each.value for each in issued), shown]


def dump() -> Iterator[str]:
    """Every cell of every table, as text; bytes as they are, in hexadecimal and as characters."""
    for model in apps.get_models(include_auto_created=True):
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            for row in cursor.fetchall():
                for cell in row:
                    if isinstance(cell, bytes | memoryview):
                        yield bytes(cell).hex().upper()
                        yield bytes(cell).decode("latin-1").upper()
                    else:
                        yield str(cell).upper()


def test_a_dump_after_a_day_of_use_holds_no_code() -> None:
    shown = day_of_use()
    assert len(set(shown)) == 6
    text = "\n".join(dump())
    assert "FOR THE SHOP" in text
    for value in map(values.normalise, shown):
        raw = value.encode()
        groups = [value[i : i + 5] for i in range(0, 25, 5)]
        for form in (value, values.show(value), " ".join(groups), "-".join(groups), "".join(groups[:4]), raw.hex()):
            assert form.upper() not in text
        assert value[:20] not in text
