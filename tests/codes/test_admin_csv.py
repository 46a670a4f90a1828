"""The desk's lists as CSV: exactly what is filtered, streamed, nothing that a spreadsheet runs, never a value."""

import csv
import io
import re
from datetime import timedelta
from types import GeneratorType

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from codes import services
from codes.admin import export
from codes.admin.columns import list_url
from codes.models import AuthorizationCode, CodeEvent, Filing, SupportRequest
from servers.choices import BillingMode
from servers.models import Account, FeedRun, IPAddress, Region, Server
from tests import factories
from tests.codes.desk import signed_in

pytestmark = pytest.mark.django_db
LISTED = [Account, Server, IPAddress, Region, AuthorizationCode, Filing, CodeEvent, SupportRequest]
WHY = {"reason": "asked for by the customer", "ticket": ""}


def csv_url(model, query: str = "") -> str:
    return f"{list_url(model)}csv/?{query}"


def table(answer) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff") and answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(text[1:], newline="")))


@pytest.mark.parametrize("model", LISTED)
@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
def test_each_role_takes_each_list_along(role, model):
    factories.make_filing()
    factories.make_request()
    head, *rows = table(signed_in(role).get(csv_url(model)))
    assert len(rows) == model.objects.count() and {len(row) for row in rows} == {len(head)}


def test_nobody_else_does_and_nothing_is_posted():
    stranger, customer, nobody = Client(), Client(), Client()
    customer.force_login(factories.make_user())
    nobody.force_login(factories.make_user(is_staff=True))
    for model in LISTED:
        assert stranger.get(csv_url(model)).status_code == customer.get(csv_url(model)).status_code == 302
        assert nobody.get(csv_url(model)).status_code == 403
        assert signed_in().post(csv_url(model)).status_code == 405


def test_it_holds_exactly_what_the_list_shows_in_its_order():
    now = timezone.now()
    account = factories.make_account()
    near, far = (
        factories.make_server(now=now, account=account, name=name, expires_at=now + timedelta(days=days))
        for name, days in (("b", 5), ("a", 90))
    )
    for server in (near, far, factories.make_server(now=now)):
        factories.make_code(server, now=now)
    client = signed_in()
    codes = table(client.get(csv_url(AuthorizationCode, f"account={account.uid}&expires_within=7")))
    assert [row[2] for row in codes[1:]] == [near.instance_id]
    page = client.get(list_url(Server, account=account.uid, o="2")).content.decode()
    href = re.search(r'href="(csv/[^"]*)"', page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    servers = table(client.get(list_url(Server) + href))
    assert [row[0] for row in servers[1:]] == re.findall(r'<a href="[^"]*change[^"]*">(ins-\d+)</a>', page)
    assert "CSV, 2 rows" in page


def test_a_list_without_rows_or_without_columns_of_its_own_offers_no_download():
    FeedRun.objects.create(kind="put", account=factories.make_server().account, at=timezone.now(), actor="system")
    for url in (list_url(Server, eligible="terminated"), list_url(Filing), list_url(FeedRun)):
        page = signed_in().get(url).content.decode()
        assert "csv/" not in page and "facts/" not in page, url


def test_the_selected_rows_alone_can_be_taken_along_in_the_order_of_the_list():
    now = timezone.now()
    low, high, other = (factories.make_server(now=now, name=name) for name in ("a", "b", "c"))
    address = list_url(Server, o="-2")
    sent = {"action": "csv", "_selected_action": [low.pk, high.pk], "index": "0", "select_across": "0"}
    for role in ("Agent", "Auditor"):
        answer = signed_in(role).post(address, sent)
        assert "attachment" in answer["Content-Disposition"]
        assert [row[1] for row in table(answer)[1:]] == ["b", "a"]
    filtered = signed_in().post(list_url(Server, account=other.account.uid), sent)
    assert len(table(filtered)) == 1  # rows that the filters leave out cannot be had


def test_a_forged_selection_gives_no_file():
    factories.make_server()
    sent = {"action": "csv", "_selected_action": ["1' OR 1=1"], "index": "0", "select_across": "0"}
    assert signed_in().post(list_url(Server), sent).status_code == 302


def test_support_requests_say_what_failed_and_who_looks_after_them():
    now = timezone.now()
    server = factories.make_server(now=now, billing_mode=BillingMode.PAY_AS_YOU_GO)
    asked = factories.make_request(server, text="=cmd() why?", now=now)
    taken = factories.make_request(account=factories.make_account(), now=now)
    services.take(taken, actor=factories.make_agent(username="lin"), now=now)
    head, *rows = table(signed_in().get(csv_url(SupportRequest)))
    assert head[:4] == ["Reference", "What failed", "Account", "Server"] and head[6] == "Opened (Asia/Shanghai)"
    by_reference = {row[0]: row for row in rows}
    assert by_reference[asked.reference][1] == "The server is not prepaid: Pay-as-you-go."
    assert by_reference[asked.reference][3] == server.instance_id
    assert (by_reference[taken.reference][5], by_reference[taken.reference][9]) == ("Taken", "lin")
    assert "cmd()" not in str(rows)  # what was written stays on its page


@pytest.mark.parametrize("query", ["fails=x", "x=1", "account__name=1", "state=%00", "digest__startswith=a"])
def test_a_filter_that_cannot_be_right_is_400_and_never_an_unfiltered_file(query):
    assert signed_in().get(csv_url(Server, query)).status_code == 400


def test_no_value_is_in_any_file():
    issued = factories.make_issued()
    factories.make_filing(issued)
    client = signed_in()
    for model in LISTED:
        text = b"".join(client.get(csv_url(model)).streaming_content).decode()
        assert issued.value not in text and issued.value.replace("-", "") not in text


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_run_is_led_by_an_apostrophe(lead):
    text = f'{lead}HYPERLINK("https://example.com","x")'
    assert export.safe(text) == f"'{text}"
    Account.objects.create(uid="100012345678", name=text)
    assert table(signed_in().get(csv_url(Account)))[1][1] == f"'{text}"


def test_texts_with_commas_quotes_and_lines_stay_one_cell():
    name = 'a "b", c\nd; 备案'
    Account.objects.create(uid="100012345678", name=name)
    assert table(signed_in().get(csv_url(Account)))[1][1] == name


def test_times_are_those_of_shanghai_and_the_head_says_so():
    now = timezone.now()
    factories.make_ip(factories.make_server(now=now, with_ip=False), now=now, assigned_at=factories.NOW)
    head, row = table(signed_in().get(csv_url(IPAddress)))
    assert (head[4], row[4], row[5]) == ("Assigned (Asia/Shanghai)", "2026-11-23 12:00:00", "")


def test_the_file_speaks_the_language_of_the_page():
    factories.make_filing()
    english = table(signed_in().get(csv_url(AuthorizationCode)))
    chinese = table(signed_in(language="zh-hans").get(csv_url(AuthorizationCode)))
    assert (english[0][1], english[1][1]) == ("State", "In use")
    assert (chinese[0][1], chinese[1][1]) == ("状态", "使用中")


def test_it_is_streamed_and_costs_the_same_for_5_rows_and_for_40():
    client, counts = signed_in(), []
    for rows in (5, 40):
        while Server.objects.count() < rows:
            factories.make_filing()
        for model in LISTED:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                answer = client.get(csv_url(model))
                assert isinstance(answer.streaming_content, map | GeneratorType)
                b"".join(answer.streaming_content)
            counts.append(len(queries))
    assert counts[: len(LISTED)] == counts[len(LISTED) :] and max(counts) <= 8


def test_a_download_is_not_recorded():
    factories.make_filing()
    events, client = CodeEvent.objects.count(), signed_in()
    table(client.get(csv_url(CodeEvent)))
    assert CodeEvent.objects.count() == events


@pytest.mark.parametrize("text", ["", "x", "a:b:c", "\0", "é" * 50])
def test_a_result_that_was_not_made_here_is_400(text):
    url = reverse("admin:codes_authorizationcode_result_csv")
    assert signed_in().post(url, {"table": text}).status_code == 400
    assert signed_in().get(url).status_code == 405
