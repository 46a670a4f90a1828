"""Everything that is sealed comes under the newest key while the service runs; then the older key can go."""

import base64
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes import services, values
from codes.choices import Channel
from codes.models import AuthorizationCode
from codes.webhooks.models import WebhookEndpoint
from codes.webhooks.services import create_endpoint, rotate_secret
from icpportal import sealing
from icpportal.api.models import KeptAnswer
from icpportal.sign_in.models import OneTimeDevice
from tests.factories import NOW, make_agent, make_client, make_issued, make_server, make_token
from tests.threads import at_once

OLD, NEW = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"o", b"n"))
by_command = {"actor": None, "channel": Channel.COMMAND, "now": NOW}


@pytest.fixture
def old_key(settings):
    settings.CODE_KEYS = [OLD]


def reseal(**options):
    out = StringIO()
    call_command("reseal_codes", stdout=out, **options)
    return out.getvalue()


def value_of(code):
    return services.reveal(AuthorizationCode.objects.get(pk=code.pk), **by_command)


@pytest.mark.django_db
def test_afterwards_the_older_key_can_go(settings, old_key, client):
    codes = [make_issued() for _ in range(3)]
    rotate_secret(make_endpoint(settings)[0], now=NOW)
    OneTimeDevice.objects.create(user=make_agent(), sealed=sealing.seal("KEY"), last_step=1, enrolled_at=NOW)
    bearer = {"authorization": f"Bearer {make_token()}", "idempotency-key": "one"}
    address = f"/api/v1/servers/{make_server().instance_id}/codes/"
    kept = client.post(address, {}, content_type="application/json", headers=bearer).content

    settings.CODE_KEYS = [NEW, OLD]
    newer = make_issued()
    said = reseal()
    assert "8 sealed anew.\nNothing is left under older keys" in said
    settings.CODE_KEYS = [NEW]
    for issued in (*codes, newer):
        assert value_of(issued.code) == issued.value
        assert AuthorizationCode.objects.of_value(issued.value).get() == issued.code
    fresh = WebhookEndpoint.objects.get()
    assert sealing.unseal(fresh.secret) != sealing.unseal(fresh.previous_secret)
    assert sealing.unseal(OneTimeDevice.objects.get().sealed) == "KEY"
    assert sealing.is_newest(KeptAnswer.objects.get().sealed)
    again = client.post(address, {}, content_type="application/json", headers=bearer)
    assert (again.content, again["Idempotency-Replayed"]) == (kept, "true")


def make_endpoint(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    return create_endpoint(make_client(), url="https://127.0.0.1/", event_types=["generated"], now=NOW)


@pytest.mark.django_db
def test_every_secret_stays_its_own(settings, old_key):
    secrets = {endpoint.pk: secret for endpoint, secret in (make_endpoint(settings) for _ in range(2))}
    KeptAnswer.objects.create(client=make_client(), key="of a request under way", fingerprint=b"", created_at=NOW)
    settings.CODE_KEYS = [NEW, OLD]
    assert [reseal().split()[0], reseal().split()[0]] == ["2", "0"]
    settings.CODE_KEYS = [NEW]
    assert {each.pk: sealing.unseal(each.secret) for each in WebhookEndpoint.objects.all()} == secrets


@pytest.mark.django_db
def test_a_secret_that_was_rotated_meanwhile_stays(settings, old_key):
    endpoint, _secret = make_endpoint(settings)
    settings.CODE_KEYS = [NEW, OLD]
    rotated = []

    def rotating(execute, sql, *rest):
        if sql.startswith("UPDATE") and not rotated:
            rotated.append("")
            rotated.append(rotate_secret(endpoint, now=NOW))
        return execute(sql, *rest)

    with connection.execute_wrapper(rotating):
        reseal()
    assert sealing.unseal(WebhookEndpoint.objects.get().secret) == rotated[-1]


@pytest.mark.django_db
def test_codes_of_both_keys_are_verified_meanwhile_by_as_many_statements(settings, old_key, client):
    bearer = {"authorization": f"Bearer {make_token()}"}

    def statements(issued):
        with CaptureQueriesContext(connection) as seen:
            body = {"code": issued.value}
            answer = client.post("/api/v1/codes/verify/", body, content_type="application/json", headers=bearer)
        assert answer.status_code == 200
        return len(seen)

    older = make_issued()
    statements(older)
    under_one = statements(older)
    settings.CODE_KEYS = [NEW, OLD]
    assert [statements(older), statements(make_issued())] == [under_one, under_one]


@pytest.mark.django_db
def test_it_goes_on_where_it_stopped(settings, old_key):
    codes = [make_issued().code for _ in range(5)]
    settings.CODE_KEYS = [NEW, OLD]
    first = services.reseal_codes(limit=2)
    assert (first.last, first.seen, first.changed) == (codes[1].pk, 2, 2)
    assert reseal(after=codes[3].pk).startswith("1 sealed anew.")
    assert reseal().startswith("2 sealed anew.")
    assert reseal().startswith("0 sealed anew.")


@pytest.mark.django_db
def test_nothing_else_of_a_code_changes(settings, old_key):
    code = make_issued(remark="Shop").code
    before = AuthorizationCode.objects.filter(pk=code.pk).values().get()
    settings.CODE_KEYS = [NEW, OLD]
    reseal()
    after = AuthorizationCode.objects.filter(pk=code.pk).values().get()
    assert {name for name in before if before[name] != after[name]} == {"digest", "sealed"}
    assert code.events.count() == 1


@pytest.mark.django_db
def test_what_no_key_opens_is_named_and_left_alone(settings, old_key):
    lost, endpoint = make_issued().code, make_endpoint(settings)[0]
    settings.CODE_KEYS = [NEW]
    make_issued()
    with pytest.raises(CommandError, match=f"code {lost.pk}, webhook endpoint {endpoint.pk}. Keep the older keys"):
        reseal()
    assert bytes(AuthorizationCode.objects.get(pk=lost.pk).sealed) == bytes(lost.sealed)


@pytest.mark.usefixtures("own_database")
def test_rotating_and_generating_meanwhile_loses_nothing(settings, old_key):
    server = make_server()
    codes = [make_issued(server).code for _ in range(3)]
    settings.CODE_KEYS = [NEW, OLD]

    def rotate():
        for code in codes * 4:
            services.rotate(code, reason="Leaked", **by_command)

    def generate():
        return services.generate(server, count=2, **by_command)

    def all_of_them():
        return [services.reseal_codes().changed for _ in range(12)]

    answers = at_once(rotate, generate, all_of_them)
    assert [each for each in answers if isinstance(each, Exception)] == []
    reseal()
    settings.CODE_KEYS = [NEW]
    for code in AuthorizationCode.objects.all():
        value = sealing.unseal(code.sealed)
        assert (bytes(code.digest), code.tail) == (values.digest(value), value[-5:])
    assert AuthorizationCode.objects.count() == 5
    for issued in answers[1]:
        assert value_of(issued.code) == issued.value


@pytest.mark.usefixtures("own_database")
def test_a_value_that_is_rotated_between_reading_and_writing_does_not_come_back(settings, old_key):
    issued = make_issued()
    settings.CODE_KEYS = [NEW, OLD]
    is_read, is_rotated = Event(), Event()

    def slowly(execute, sql, *rest):
        if sql.startswith("UPDATE"):
            is_read.set()
            is_rotated.wait(timeout=0.5)
        return execute(sql, *rest)

    def reseal_slowly():
        with connection.execute_wrapper(slowly):
            return services.reseal_codes().changed

    def rotate():
        is_read.wait(timeout=10)
        services.rotate(issued.code, reason="Leaked", **by_command)
        is_rotated.set()

    assert at_once(reseal_slowly, rotate) == [1, None]
    assert value_of(issued.code) != issued.value
