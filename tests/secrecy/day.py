"""A day on which everybody uses everything that writes something down, with mistakes and faults."""

from __future__ import annotations

import csv
import io
import re
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from codes import services
from codes.choices import Channel, EventType
from codes.models import AuthorizationCode, BulkRun, SupportRequest
from codes.webhooks.models import WebhookEndpoint
from icpportal.api.models import ApiClient
from servers.models import Server, ServerFile
from tests import factories
from tests.codes.pages import form_id, generate_url, new_form
from tests.secrecy.written import Browser, Piece
from tests.servers.sheets import table
from tests.sign_in.test_one_time_codes import code_of, recovery_codes_in, secret_in

SHOWN = re.compile(r"ICP(?:-[0-9A-Z]{5}){5}")
SECRET = re.compile(r"icp_[\w-]{40,}|whsec_[\w+/=]{20,}")
CODES, SERVERS = "/admin/codes/authorizationcode/", "/admin/servers/server/"
WHY = {"reason": "Asked by phone", "ticket": "T-2"}
PASSWORD = "Xk29-vuhq-Wz71-Tq"


class Day:
    """Everybody at work. `seen` holds each value and secret that anybody was shown or typed; `answers` what everybody
    got but for those answers that are there to show one; `written` what was taken along. Files go below `folder`."""

    def __init__(self, folder: Path, hook_url: str) -> None:
        self.folder, self.hook_url, self.now = folder, hook_url, timezone.now()
        self.seen, self.answers, self.written = {PASSWORD}, list[Piece](), list[Piece]()
        self.packed: list[bytes] = []  # what carried a value, as it would be stored
        self.member = factories.make_user(username="li")
        self.server = factories.make_server(now=self.now)
        account = self.server.account
        account.members.add(self.member)
        self.other, self.third = (factories.make_server(now=self.now) for _ in range(2))
        self.ending = factories.make_server(now=self.now, account=account, expires_at=self.now + timedelta(days=6))
        self.more = [factories.make_server(now=self.now, account=account) for _ in range(2)]
        self.customer, self.agent, self.supervisor, self.root = (Browser(self.answers) for _ in range(4))
        self.customer.force_login(self.member)
        self.agent.force_login(factories.make_agent())
        self.supervisor.force_login(factories.make_agent(role="Supervisor"))
        self.root.force_login(User.objects.create_superuser("root"))

    def shown(self, answer: Any) -> str:
        """The one value or secret on the answer, which is there to show it."""
        text = answer.content.decode()
        found = set(SHOWN.findall(text)) | set(SECRET.findall(text))
        assert len(found) == 1, (answer.status_code, found)
        self.seen |= found
        self.answers.pop()
        return found.pop()

    def api(self, path: str, body: Any, *, status: int, shows: bool = False, **headers: str) -> Any:
        headers = {"authorization": f"Bearer {self.token}", **headers}
        answer = Browser(self.answers).post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)
        assert answer.status_code == status, answer.content
        if shows:
            self.seen |= set(SHOWN.findall(answer.content.decode()))
            self.answers.pop()
        return answer.json()

    def command(self, name: str, *arguments: str, failing: bool = False) -> str:
        """What it printed, which is taken along."""
        out = io.StringIO()
        try:
            call_command(name, *arguments, stdout=out, stderr=out)
        except SystemExit as exit:
            assert failing, (exit.code, out.getvalue())
        self.written.append((name, out.getvalue()))
        return out.getvalue()

    def morning(self) -> None:
        """Passwords, one-time codes, tokens, secrets of webhooks; generating on all faces."""
        new = {"old_password": "pw", "new_password1": PASSWORD, "new_password2": PASSWORD}
        assert self.customer.post("/password/", new).status_code == 302
        assert Browser(self.answers).post("/login/", {"username": "li", "password": PASSWORD}).status_code == 302
        self._one_time_codes()
        scopes = ["codes:generate", "codes:read", "filings:write", "inventory:write"]
        add = {"name": "platform", "scopes": scopes, "account": "", "days": ""}
        self.token = self.shown(self.supervisor.post("/admin/api/apiclient/add/", add | new_form()))
        self.client = ApiClient.objects.get()
        rotate = {"hours": "0"} | new_form()
        self.token = self.shown(self.supervisor.post(f"/admin/api/apiclient/{self.client.pk}/rotate/", rotate))
        printed = self.command("create_api_client", "feed", "--scope", "inventory:write")
        self.seen.add(SECRET.findall(printed)[-1])
        self.written.pop()
        self._webhook()
        self._generate()

    def _one_time_codes(self) -> None:
        secret = secret_in(self.root.get("/admin/one-time-codes/set-up/"))
        self.answers.pop()
        recovery = recovery_codes_in(self.root.post("/admin/one-time-codes/set-up/", {"code": code_of(secret)}))
        assert len(recovery) == 10
        self.answers.pop()
        self.seen |= {secret, " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), *recovery}

    def _webhook(self) -> None:
        add = {"client": self.client.pk, "url": self.hook_url, "event_types": EventType.values}
        self.shown(self.supervisor.post("/admin/webhooks/webhookendpoint/add/", add | new_form()))
        pk = WebhookEndpoint.objects.get().pk
        self.shown(self.supervisor.post(f"/admin/webhooks/webhookendpoint/{pk}/rotate/", new_form()))

    def _generate(self) -> None:
        sent = {"form_id": form_id(self.customer, self.server), "remark": "Shop"}
        self.by_customer = self.shown(self.customer.post(generate_url(self.server), sent, follow=True))
        ip = self.server.ips.get().pk
        sent = {"ip": ip, "count": "1", "remark": "", "authorized_account": "", "ticket": "T-1"}
        self.agent.post(f"{SERVERS}{self.server.pk}/generate/", sent | new_form())
        path = f"servers/{self.server.instance_id}/codes/"
        first = self.api(path, {}, status=201, shows=True, **{"idempotency-key": "one"})
        assert self.api(path, {}, status=201, shows=True, **{"idempotency-key": "one"}) == first
        self.by_api = first["value"]
        items = [{"instance_id": each.instance_id, "count": 2} for each in (self.other, self.third)]
        results = self.api("codes/generate/", {"items": items}, status=200, shows=True)["results"]
        self.filed, self.dropped, self.leaked, self.spare = (code for each in results for code in each["codes"])
        self.api(f"servers/{self.ending.instance_id}/codes/", {}, status=201, shows=True)

    def noon(self) -> None:
        """Filings; revealing on all faces; rotating, resetting, withdrawing, editing."""
        self.api("codes/verify/", {"code": self.filed["value"]}, status=200)
        for order, code in (("2026110001", self.filed), ("2026110002", self.dropped), ("2026110003", self.spare)):
            body = {"code": code["value"], "order_number": order, "domain": "shop.example.cn"}
            self.api("filings/", body, status=201)
        self.api("filings/2026110001/reject/", {"reason": "Photo"}, status=200)
        self.api("filings/2026110001/complete/", {"icp_number": "粤ICP备2026018842号"}, status=200)
        self.api("filings/2026110002/abandon/", {"reason": "Again"}, status=200)
        self.api(f"codes/{self.by_api_id()}/reveal/", {}, status=200, shows=True)
        code = AuthorizationCode.objects.of_value(self.by_customer).get()
        assert self.shown(self.customer.post(f"/codes/{code.pk}/reveal/", follow=True)) == self.by_customer
        assert self.shown(self.agent.post(f"{CODES}{code.pk}/reveal/", WHY, follow=True)) == self.by_customer
        for action, pk in (("rotate", self.leaked["id"]), ("reset", self.spare["id"]), ("withdraw", self.spare["id"])):
            assert self.agent.post(f"{CODES}{pk}/act/{action}/", WHY | new_form()).status_code == 302
        self.shown(self.agent.post(f"{CODES}{self.leaked['id']}/reveal/", WHY, follow=True))
        assert self.customer.post(f"/codes/{code.pk}/edit/", {"remark": "Web shop"}).status_code == 302

    def by_api_id(self) -> int:
        return AuthorizationCode.objects.of_value(self.by_api).get().pk

    def afternoon(self) -> None:
        """Bulk runs of every kind, each with its CSV; a stalled filing for the first to reset."""
        long_ago = self.now - timedelta(days=46)
        held = factories.make_issued(self.more[0], now=long_ago)
        factories.make_filing(held, client=self.client, now=long_ago)
        unused = factories.make_issued(self.more[1], now=self.now)
        self.seen |= {held.value, unused.value}
        self._bulk(SERVERS, "generate", [each.pk for each in (self.server, *self.more)], {"ticket": "T-3"})
        self._bulk(CODES, "rotate", [unused.code.pk, held.code.pk], WHY)
        value = services.reveal(unused.code, reason="x", actor=None, channel=Channel.ADMIN, now=self.now)
        self.seen.add(value)
        self._bulk("/admin/codes/filing/", "reset", [held.code.filings.get().pk], WHY)
        self._bulk(CODES, "withdraw", [held.code.pk, self.filed["id"]], WHY)

    def _bulk(self, listed: str, action: str, keys: list[int], texts: dict[str, str]) -> None:
        self.agent.post(listed, {"action": action, "_selected_action": keys, "index": "0"}, follow=True)
        run = BulkRun.objects.latest("pk")
        done = self.agent.post(f"/admin/codes/bulkrun/{run.pk}/run/", {"remark": "", **texts}, follow=True)
        assert done.status_code == 200 and run.rows.filter(state="done").exists(), (action, done.content.decode())
        self._download(self.agent, f"/admin/codes/bulkrun/{run.pk}/csv/")

    def _download(self, browser: Browser, path: str) -> None:
        answer = browser.get(path)
        rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
        assert answer["Content-Type"].startswith("text/csv") and len(rows) > 1, path
        self.written.append((path, answer.getvalue().decode()))

    def imports(self) -> None:
        """A spreadsheet that is taken in, and one that carries a value."""
        upload = f"{SERVERS}import/"
        good = {"account": self.server.account.uid, "instance_id": "ins-sheet-1", "ips": "198.51.100.77 public"}
        self.supervisor.post(upload, {"file": SimpleUploadedFile("servers.csv", table(good).encode())})
        kept = ServerFile.objects.latest("pk")
        self._download(self.supervisor, f"{upload}{kept.pk}/csv/")
        self.supervisor.post(f"{upload}{kept.pk}/apply/", {"digest": kept.digest})
        assert Server.objects.filter(instance_id="ins-sheet-1").exists()
        spoilt = table(good | {"instance_id": "ins-sheet-2", "name": self.by_customer})
        for content in (spoilt.encode(), spoilt.encode("utf-16")):
            self.packed.append(zlib.compress(content))
            self.supervisor.post(upload, {"file": SimpleUploadedFile("spoilt.csv", content)})
        assert not Server.objects.filter(instance_id="ins-sheet-2").exists()
        body = {"account": self.server.account.uid, "responses": [{"InstanceSet": [], "TotalCount": 0}]}
        self.api("inventory/tencent/", body, status=200)

    def mistakes(self) -> None:
        """Values and secrets where they do not belong: every field, address and header that somebody may mistake.

        Who typed one may see it again, so these answers do not count.
        """
        before = len(self.answers)
        for secret in (self.by_customer, self.leaked["value"], self.token):
            self._spoil_pages(secret, secret)
            self._spoil_api(secret)
        self._spoil_pages(PASSWORD, "T-9")
        del self.answers[before:]

    def _spoil_pages(self, secret: str, text: str) -> None:
        """`text` in fields that keep what is typed: nobody can tell a password from words."""
        spoilt = dict.fromkeys(("reason", "ticket", "remark", "authorized_account", "text", "name"), text)
        spoilt |= dict.fromkeys(("username", "password", "q", "code", "old_password", "email"), secret)
        spoilt |= dict.fromkeys(("form_id", "account", "next", "_selected_action", "digest"), text)
        code, guest = self.by_api_id(), Browser(self.answers)
        for path in ("/contact/", generate_url(self.server), f"/codes/{code}/edit/", "/login/", "/password/reset/"):
            self.customer.post(path, spoilt)
            guest.post(path, spoilt)
        for path in (f"{code}/act/rotate/", f"{code}/edit/", f"{code}/reveal/", "views/save/"):
            self.agent.post(CODES + path, spoilt)
        self.agent.post(CODES, {"action": "withdraw", **spoilt})
        for path in ("/admin/lookup/", "/admin/login/", "/admin/confirm/", "/admin/api/apiclient/add/"):
            self.supervisor.post(path, spoilt)
        for path in (f"/codes/{text}/", f"/api/v1/codes/{text}/", f"/admin/codes/filing/?state={text}"):
            self.agent.get(path, headers={"referer": f"https://desk.example.com/?{text}"})
        guest.get(f"/?q={text}")

    def _spoil_api(self, secret: str) -> None:
        token = {"authorization": f"Bearer {self.token}"}
        guest = Browser(self.answers)
        for path in (f"filings/{secret}/", f"codes/?search={secret}", f"servers/{secret}/"):
            guest.get(f"/api/v1/{path}", headers=token)
        body = {"code": secret, "order_number": secret, "domain": secret, "account": secret, "remark": secret}
        for path in ("filings/", "codes/verify/", f"servers/{self.other.instance_id}/codes/", "codes/generate/"):
            answer = guest.post(f"/api/v1/{path}", body, content_type="application/json", headers=token)
            assert 400 <= answer.status_code < 500, (path, answer.content)
        guest.get("/api/v1/codes/", headers={"authorization": f"Bearer x{secret}"})

    def faults(self) -> None:
        """500s with everything in the request."""
        for path in ("/broken/", "/api/broken/"):
            sent = {"code": self.leaked["value"], "token": self.token}
            assert self.agent.post(f"{path}?q={self.by_customer}", sent).status_code == 500

    def evening(self) -> None:
        """Support on both sides, mails, deliveries, CSV, commands, the platform's list."""
        self.customer.post("/contact/", {"text": "Why is my code invalid?"})
        asked = SupportRequest.objects.latest("pk")
        for act in ("take", "answer", "close"):
            self.agent.post(f"/admin/codes/supportrequest/{asked.pk}/{act}/", {"text": "It is put right."})
        Browser(self.answers).post("/password/reset/", {"email": self.member.email})
        for model in ("codes/authorizationcode", "codes/codeevent", "codes/filing", "codes/supportrequest"):
            self._download(self.agent, f"/admin/{model}/csv/")
        for path in ("servers/server", "servers/account", "servers/ipaddress", "codes/person"):
            self._download(self.supervisor, f"/admin/{path}/csv/")
        self._download(self.supervisor, f"{SERVERS}facts/")
        self._commands()

    def _commands(self) -> None:
        self.command("send_notices")
        self.command("deliver_webhooks")
        listed = self.folder / "filings.csv"
        listed.write_text(f"order_number,code,domain,state\n2026119,{self.by_api},shop.example.cn,active\nx,,,\n")
        self.command("reconcile_filings", str(listed), "--client", "platform", "--apply", "--complete", failing=True)
        listed.unlink()
        self.command("export_inventory", "--csv")
        self.command("check_eligibility", self.server.instance_id)
        self.command("verify_audit", "--export-head", str(self.folder / "head.json"))
        for name in ("list_api_clients", "list_webhooks", "reseal_codes", "check_invariants", "clear_old_records"):
            self.command(name)
