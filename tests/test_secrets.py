"""A day of use on every face, with mistakes and faults; then all that was written is searched for values and tokens."""

import json
import logging
import re

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from codes import values
from codes.choices import EventType
from codes.models import AuthorizationCode
from codes.webhooks.services import create_endpoint
from icpportal.api.models import ApiClient
from icpportal.logs import LineFormatter
from icpportal.sign_in.models import Session
from tests import factories
from tests.codes.pages import form_id, generate_url
from tests.codes.webhook_receiver import receiver

pytestmark = pytest.mark.usefixtures("own_database")
SHOWN = re.compile(r"ICP(?:-[0-9A-Z]{5}){5}")
SECRET = re.compile(r"icp_[\w-]{40,}|whsec_[\w+/=]{20,}")
CODES, SERVERS = "/admin/codes/authorizationcode/", "/admin/servers/server/"


class Lines(logging.Handler):
    """Every record, as the console would get it."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(LineFormatter())
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


@pytest.fixture
def logged():
    lines, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield lines.lines
    root.removeHandler(lines)
    root.setLevel(level)


class Day:
    """Everybody at work. `seen` holds each value and token that anybody was shown, `written` what was taken along."""

    def __init__(self):
        self.seen, self.written = set(), []
        self.member = factories.make_user(username="li")
        self.server = factories.make_server(now=timezone.now())
        self.other, self.third = (factories.make_server(now=timezone.now()) for _ in range(2))
        self.server.account.members.add(self.member)
        self.customer, self.agent, self.supervisor = (self._browser() for _ in range(3))
        self.customer.force_login(self.member)
        self.agent.force_login(factories.make_agent())
        self.supervisor.force_login(factories.make_agent(role="Supervisor"))

    def _browser(self):
        return Client(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE="en")

    def shown(self, answer):
        """The one value or secret on the answer."""
        text = answer.content.decode()
        found = set(SHOWN.findall(text)) | set(SECRET.findall(text))
        assert len(found) == 1, (answer.status_code, found)
        self.seen |= found
        return found.pop()

    def api(self, path, body, *, status, **headers):
        headers = {"authorization": f"Bearer {self.token}", **headers}
        client = self._browser()
        answer = client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)
        assert answer.status_code == status, answer.content
        self.seen |= set(SHOWN.findall(answer.content.decode()))
        return answer.json()

    def morning(self):
        """Tokens; generating on all faces."""
        scopes = ["codes:generate", "codes:read", "filings:write", "inventory:write"]
        add = {"name": "platform", "scopes": scopes, "account": "", "days": ""}
        self.token = self.shown(self.supervisor.post("/admin/api/apiclient/add/", add))
        client = ApiClient.objects.get()
        self.token = self.shown(self.supervisor.post(f"/admin/api/apiclient/{client.pk}/rotate/", {"hours": "0"}))
        sent = {"form_id": form_id(self.customer, self.server), "remark": "Shop"}
        self.by_customer = self.shown(self.customer.post(generate_url(self.server), sent, follow=True))
        page = f"{SERVERS}{self.server.pk}/generate/"
        ip = self.server.ips.get().pk
        self.agent.post(page, {"ip": ip, "count": "1", "remark": "", "authorized_account": "", "ticket": "T-1"})
        path = f"servers/{self.server.instance_id}/codes/"
        first = self.api(path, {}, status=201, **{"idempotency-key": "one"})
        assert self.api(path, {}, status=201, **{"idempotency-key": "one"}) == first
        self.by_api = first["value"]
        items = [{"instance_id": each.instance_id, "count": 2} for each in (self.other, self.third)]
        results = self.api("codes/generate/", {"items": items}, status=200)["results"]
        self.filed, self.dropped, self.leaked, self.spare = (code for each in results for code in each["codes"])

    def noon(self):
        """Filings; revealing on all faces; rotating, resetting, withdrawing."""
        self.api("codes/verify/", {"code": self.filed["value"]}, status=200)
        for order, code in (("2026110001", self.filed), ("2026110002", self.dropped), ("2026110003", self.spare)):
            body = {"code": code["value"], "order_number": order, "domain": "shop.example.cn"}
            self.api("filings/", body, status=201)
        self.api("filings/2026110001/reject/", {"reason": "Photo"}, status=200)
        self.api("filings/2026110001/complete/", {"icp_number": "粤ICP备2026018842号"}, status=200)
        self.api("filings/2026110002/abandon/", {"reason": "Again"}, status=200)
        self.api(f"codes/{self.by_api_id()}/reveal/", {}, status=200)
        code = AuthorizationCode.objects.of_value(self.by_customer).get()
        assert self.shown(self.customer.post(f"/codes/{code.pk}/reveal/")) == self.by_customer
        why = {"reason": "Asked by phone", "ticket": "T-2"}
        assert self.shown(self.agent.post(f"{CODES}{code.pk}/reveal/", why)) == self.by_customer
        for action, pk in (("rotate", self.leaked["id"]), ("reset", self.spare["id"]), ("withdraw", self.spare["id"])):
            assert self.agent.post(f"{CODES}{pk}/act/{action}/", why).status_code == 302
        self.shown(self.agent.post(f"{CODES}{self.leaked['id']}/reveal/", why))
        many = {"_selected_action": [self.dropped["id"], code.pk], **why}
        self.agent.post(f"{CODES}act/withdraw/", many)

    def by_api_id(self):
        return AuthorizationCode.objects.of_value(self.by_api).get().pk

    def mistakes(self):
        """Values and tokens where they do not belong: every field, address and header that somebody may mistake."""
        for secret in (self.by_customer, self.leaked["value"], self.token):
            spoilt = dict.fromkeys(("reason", "ticket", "remark", "authorized_account", "text"), secret)
            spoilt |= dict.fromkeys(("username", "password", "q", "name", "code"), secret)
            spoilt |= dict.fromkeys(("form_id", "account", "email", "next", "_selected_action"), secret)
            code = self.by_api_id()
            for path in ("/contact/", generate_url(self.server), f"/codes/{code}/edit/", "/login/", "/password/reset/"):
                self.customer.post(path, spoilt)
                self._browser().post(path, spoilt)
            for path in (f"{code}/act/rotate/", f"{code}/edit/", f"{code}/reveal/", "act/withdraw/", "views/save/"):
                self.agent.post(CODES + path, spoilt)
            for path in ("/admin/lookup/", "/admin/login/", "/admin/confirm/", "/admin/api/apiclient/add/"):
                self.supervisor.post(path, spoilt)
            for path in (f"/codes/{secret}/", f"/api/v1/codes/{secret}/", f"/admin/codes/filing/?state={secret}"):
                self.agent.get(path, headers={"referer": f"https://desk.example.com/?{secret}"})
            self._browser().get(f"/?q={secret}")
            token = {"authorization": f"Bearer {self.token}"}
            for path in (f"filings/{secret}/", f"codes/?search={secret}", f"servers/{secret}/"):
                self._browser().get(f"/api/v1/{path}", headers=token)
            body = {"code": secret, "order_number": secret, "domain": secret, "account": secret, "remark": secret}
            for path in ("filings/", "codes/verify/", f"servers/{self.other.instance_id}/codes/", "codes/generate/"):
                answer = self._browser().post(f"/api/v1/{path}", body, content_type="application/json", headers=token)
                assert 400 <= answer.status_code < 500
            self._browser().get("/api/v1/codes/", headers={"authorization": f"Bearer x{secret}"})

    def faults(self):
        """500s with everything in the request."""
        for path in ("/broken/", "/api/broken/"):
            answer = self.agent.post(
                f"{path}?q={self.by_customer}", {"code": self.leaked["value"], "token": self.token}
            )
            assert answer.status_code == 500
            assert self.leaked["value"] not in answer.content.decode()

    def evening(self):
        """Support, webhooks, mails, CSV."""
        self.customer.post("/contact/", {"text": "Why is my code invalid?"})
        call_command("send_notices")
        for model in ("authorizationcode", "codeevent", "filing", "supportrequest"):
            self.written.append(b"".join(self.agent.get(f"/admin/codes/{model}/csv/").streaming_content).decode())


def tables():
    """Every cell of every table as text; sessions also read."""
    for model in apps.get_models(include_auto_created=True):
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            for row in cursor.fetchall():
                for cell in row:
                    yield bytes(cell).decode("latin-1") if isinstance(cell, bytes | memoryview) else str(cell)
    for session in Session.objects.all():
        yield json.dumps(session.get_decoded())


def forms_of(secret):
    """A value with and without its prefix and hyphens; a token as it is. In capitals."""
    if not secret.startswith("ICP-"):
        return [secret.upper()]
    bare = values.normalise(secret)
    groups = [bare[at : at + 5] for at in range(0, 25, 5)]
    return [bare, "-".join(groups), " ".join(groups), "%20".join(groups), "+".join(groups)]


def test_after_a_day_of_use_nothing_that_was_written_holds_a_value_or_a_token(settings, logged):
    settings.WEBHOOK_ALLOW_PRIVATE, settings.ROOT_URLCONF = True, "tests.broken_urls"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with receiver() as hook:
        day = Day()
        day.morning()
        client, types = ApiClient.objects.get(), EventType.values
        day.seen.add(create_endpoint(client, url=hook.url, event_types=types, now=timezone.now())[1])
        for part in (day.noon, day.mistakes, day.faults, day.evening):
            part()
        call_command("deliver_webhooks")
    assert hook.got and logged and day.written
    written = [*tables(), *logged, *day.written]
    written += [f"{each.subject}\n{each.body}" for each in mail.outbox]
    written += [f"{got.path}{got.headers}{got.body.decode()}" for got in hook.got]
    text = "\n".join(written).upper()
    assert "SHOP.EXAMPLE.CN" in text and "BROKEN" in text
    assert len(day.seen) >= 10
    leaked = {form for secret in day.seen for form in forms_of(secret) if form in text}
    assert [piece[:300] for piece in written if any(form in piece.upper() for form in leaked)] == []
