"""The guards of conftest.py guard."""

import socket
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.template import Context, Origin, Template

from codes.models import CodeEvent
from servers.models import Region
from tests.factories import make_code
from tests.threads import at_once


def render(text: str, *, name: str, **context: Any) -> str:
    return Template(text, origin=Origin(name=name)).render(Context(context))


OURS = str(Path(settings.BASE_DIR) / "templates" / "page.html")
THEIRS = str(Path(settings.BASE_DIR) / ".venv" / "lib" / "admin" / "page.html")


@pytest.mark.parametrize(
    "text",
    [
        "{{ absent }}",
        "{{ absent|default:'x' }}",
        "{% load i18n %}{% blocktranslate %}a {{ absent }}{% endblocktranslate %}",
        "{% if present %}{{ present.absent }}{% endif %}",
    ],
)
def test_a_missing_variable_fails_in_our_template(text: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"templates/page\.html"):
        render(text, name=OURS, present="here")


def test_a_missing_variable_is_empty_in_a_template_of_others() -> None:
    assert render("[{{ absent }}{{ absent|default:'x' }}]", name=THEIRS) == "[x]"


def test_a_present_variable_is_shown() -> None:
    assert render("{{ present }}{{ empty }}", name=OURS, present="here", empty="") == "here"


def test_the_network_is_out_of_reach() -> None:
    with socket.socket() as client, pytest.raises(RuntimeError, match="reached for the network"):
        client.connect(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match="reached for the network"):
        socket.getaddrinfo("example.com", 80)


def test_loopback_is_in_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_transactional_test_may_leave_events_behind(turn: int) -> None:
    assert (Region.objects.filter(code="ap-guangzhou").count(), CodeEvent.objects.count()) == (1, 0)
    make_code()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM codes_codeevent")


@pytest.mark.parametrize("turn", [1, 2])
def test_threads_share_a_database_of_their_own(own_database: None, turn: int) -> None:
    assert CodeEvent.objects.count() == 0
    at_once(make_code, make_code)
    assert CodeEvent.objects.count() == 2
