"""What somebody typed stands in a direction of its own on the desk: a mark in it turns nothing around it."""

import pytest
from django.urls import reverse

from codes import services
from codes.admin import changes
from codes.admin.columns import page_url
from codes.choices import Channel
from codes.models import BulkRun, CodeEvent
from tests import factories
from tests.codes.desk import signed_in

pytestmark = pytest.mark.django_db
TURNED = "\u202eabc"  # a right-to-left override that nothing ends
ISOLATED = f"<bdi>{TURNED}</bdi>"


def page(url: str, **who: str) -> str:
    return signed_in(factories.make_agent(**who)).get(url).content.decode()


def withdrawn():
    """A code of a server and an account whose names turn, with a reason and a ticket that turn."""
    server = factories.make_server(name=TURNED, account=factories.make_account(name=TURNED))
    code = factories.make_code(server=server)
    why = {"reason": TURNED, "ticket": f"T-{TURNED}", "now": factories.NOW}
    services.withdraw(code, actor=factories.make_agent(first_name=TURNED), channel=Channel.ADMIN, **why)
    return code


def test_names_in_the_heads_of_server_and_code():
    code = withdrawn()
    assert f"{ISOLATED} · account" in page(page_url(code.server))
    assert page(page_url(code.server)).count(ISOLATED) >= 2
    assert f"</a> {ISOLATED}</p>" in page(page_url(code))


@pytest.mark.parametrize("of", ["code", "server", "event"])
def test_reason_ticket_and_person_of_a_timeline(of):
    code = withdrawn()
    event = CodeEvent.objects.order_by("-pk").first()
    html = page(page_url({"code": code, "server": code.server, "event": event}[of]))
    assert f"<bdi>{TURNED}</bdi> · <bdi>Ticket T-{TURNED}</bdi>" in html
    assert f'<p class="who">{ISOLATED}, desk</p>' in html


def test_names_of_a_look_up():
    code = withdrawn()
    url = reverse("admin:lookup", query={"q": f"{code.server.instance_id} {code.server.account.uid}"})
    assert f"{ISOLATED} · account" in page(url)


def test_the_account_of_a_support_request_and_who_sent_it():
    account = factories.make_account(name=TURNED)
    sender = factories.make_user(first_name=TURNED)
    asked = services.open_request(account, text="Why?", actor=sender, now=factories.NOW)
    html = page(page_url(asked))
    assert f"</a> {ISOLATED}" in html and f", {ISOLATED}" in html and f"<strong>{ISOLATED}</strong>" in html


def test_reason_and_ticket_of_a_bulk_run():
    texts = {"reason": TURNED, "ticket": TURNED}
    moments = {"planned_at": factories.NOW, "confirmed_at": factories.NOW}
    run = BulkRun.objects.create(actor=factories.make_agent(), action="withdraw", texts=texts, **moments)
    assert f" · {ISOLATED} · {ISOLATED}" in page(page_url(run))


def test_the_old_name_and_the_new_one():
    assert changes.sentences({"name": [TURNED, "web"]}) == [f"Renamed from {ISOLATED} to <bdi>web</bdi>"]
