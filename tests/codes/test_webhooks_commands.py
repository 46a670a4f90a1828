"""create_webhook, list_webhooks, deliver_webhooks; and the receiver of the README."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from codes.webhooks.choices import DeliveryState
from codes.webhooks.delivering import LEASE, deliver_next
from codes.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.codes.webhook_receiver import Got, Receiver
from tests.factories import make_client, make_code

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str) -> list[str]:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.django_db
def test_the_secret_is_the_last_line_alone(hook: Receiver) -> None:
    client = make_client()
    lines = run("create_webhook", client.name, hook.url, "--event", "generated", "--event", "begun")
    assert lines[-1].startswith("whsec_") and " " not in lines[-1]
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.client, endpoint.event_types) == (client, ["generated", "begun"])


@pytest.mark.django_db
def test_what_cannot_be_created_is_said(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    client = make_client()
    for words, said in (
        (["nobody", "https://127.0.0.1/", "--event", "generated"], "No API client is named 'nobody'"),
        ([client.name, "https://127.0.0.1/", "--event", "generated"], "not public"),
        ([client.name, "http://127.0.0.1/", "--event", "generated"], "must begin with https"),
        ([client.name, "https://127.0.0.1/", "--event", "sold"], "invalid choice"),
        ([client.name, "https://127.0.0.1/"], "--event"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("create_webhook", *words, stderr=StringIO())


@pytest.mark.django_db
def test_endpoints_are_listed_with_how_they_stand(hook: Receiver) -> None:
    client = make_client()
    run("create_webhook", client.name, f"{hook.url}?key=hunter2", "--event", "generated")
    make_code()
    hook.answer = lambda got: 410
    run("deliver_webhooks")
    (line,) = run("list_webhooks")
    assert f"{client.name}\t{hook.url}\tgenerated\t1 pending\tdisabled since" in line
    assert "It answered 410 Gone" in line and "hunter2" not in line


@pytest.mark.django_db
def test_a_round_is_summed_up_in_one_line(hook: Receiver) -> None:
    run("create_webhook", make_client().name, hook.url, "--event", "generated")
    failing = make_code()
    make_code()
    hook.answer = lambda got: 500 if got.event["code"] == failing.pk else 200
    assert run("deliver_webhooks") == ["2 new, 1 delivered, 1 to be tried again, 0 given up"]
    assert run("deliver_webhooks") == ["0 new, 0 delivered, 0 to be tried again, 0 given up"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--watch", "0"], "--watch takes more than 0 and at most 86400 seconds."),
        (["--watch", "nan"], "--watch takes more than 0 and at most 86400 seconds."),
        (["--watch", "inf"], "--watch takes more than 0 and at most 86400 seconds."),
        (["--watch", "5", "--at-once", "0"], "--at-once takes 1 to 100."),
        (["--watch", "5", "--at-once", "101"], "--at-once takes 1 to 100."),
    ],
)
def test_a_number_that_cannot_be_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=f"^{said}$"):
        call_command("deliver_webhooks", *words)


def test_watching_delivers_what_happens_and_ends_when_told(own_database: None, hook: Receiver) -> None:
    run("create_webhook", make_client().name, hook.url, "--event", "generated")
    with deliverer("--watch", "0.1") as watcher:
        assert watcher.stdout is not None
        for _ in range(2):
            make_code()
            assert watcher.stdout.readline() == "1 new, 1 delivered, 0 to be tried again, 0 given up\n"
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(timeout=20) == 0
    assert hook.events() == ["generated", "generated"]


def test_what_a_killed_deliverer_was_sending_is_sent_again(own_database: None, hook: Receiver) -> None:
    run("create_webhook", make_client().name, hook.url, "--event", "generated")
    make_code()
    arrived, over = Event(), Event()

    def hold(got: Got) -> int:
        arrived.set()
        over.wait(timeout=20)
        return 204

    hook.answer = hold
    with deliverer() as killed:
        assert arrived.wait(timeout=20)
        killed.kill()
        killed.wait()
    over.set()
    now = timezone.now()
    assert deliver_next(now=now) is None
    sent = deliver_next(now=now + LEASE)
    assert sent is not None and sent.delivery.state == DeliveryState.DELIVERED
    first, second = hook.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@contextmanager
def deliverer(*words: str) -> Iterator[subprocess.Popen[str]]:
    """deliver_webhooks as a process of its own, on the test's database; killed if it is still there at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", ON_THIS_DATABASE, str(connection.settings_dict["NAME"]), "deliver_webhooks", *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "DEBUG": "1", "WEBHOOK_ALLOW_PRIVATE": "1", "PYTHONUNBUFFERED": "1"},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


ON_THIS_DATABASE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "icpportal.settings"
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[2:]])
"""


README = Path(__file__).parents[2] / "README.md"
# The README's example itself: what it shows is what runs here.
(RECEIVER,) = re.findall(r"```python\n((?:(?!```).)*?class Hook.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.django_db
def test_the_receiver_of_the_readme_takes_what_is_signed_and_nothing_else(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secret = run("create_webhook", make_client().name, f"http://127.0.0.1:{port}/", "--event", "generated")[-1]
    code = make_code(now=timezone.now())
    with receiver_process(port, secret) as process:
        assert run("deliver_webhooks") == ["1 new, 1 delivered, 0 to be tried again, 0 given up"]
        assert process.stdout is not None
        assert process.stdout.readline() == f"generated {code.server.instance_id}\n"
    WebhookDelivery.objects.all().update(state=DeliveryState.PENDING, due_at=timezone.now())
    with receiver_process(port, "whsec_" + "A" * 43 + "="):
        assert run("deliver_webhooks") == ["0 new, 0 delivered, 1 to be tried again, 0 given up"]


@contextmanager
def receiver_process(port: int, secret: str) -> Iterator[subprocess.Popen[str]]:
    """The README's receiver on a free port, listening."""
    process = subprocess.Popen(
        [sys.executable, "-c", RECEIVER.replace("8800", str(port))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "WEBHOOK_SECRET": secret},
    )
    with process:
        try:
            listening(port)
            yield process
        finally:
            process.kill()


def listening(port: int) -> None:
    """Returns once somebody listens there; fails after twenty seconds."""
    until = monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            assert monotonic() < until
