"""The desk's lists and pages: who may open them, what they say, and that they cost the same for 3 rows and for 60."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from codes import services
from codes.admin.columns import list_url, page_url
from codes.choices import Channel
from codes.errors import NotEligible
from codes.models import AuthorizationCode, CodeEvent, Filing, SupportRequest
from codes.webhooks.models import WebhookDelivery
from icpportal.api.templatetags.icp import handles_whole
from icpportal.dates import SHANGHAI, shanghai
from servers.choices import BillingMode, ServerState
from servers.models import Account, IPAddress, Region, Server
from tests import factories
from tests.codes.desk import signed_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db

VIEWED = [Account, Server, IPAddress, Region, AuthorizationCode, Filing, CodeEvent]


def make_everything() -> list:
    filing = factories.make_filing()
    server = filing.code.server
    return [server.account, server, server.ips.get(), server.region, filing.code, filing, server.events.first()]


@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
def test_each_role_reads_every_list_and_page(role):
    client, objects = signed_in(role), make_everything()
    for each in objects:
        assert client.get(list_url(type(each))).status_code == 200, each
        page = client.get(page_url(each))
        assert page.status_code == 200 and "&lt;" not in page.content.decode(), each
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(("language", "zone"), [("en", "Times are in Asia/Shanghai"), ("zh-hans", "时间均为北京时间")])
def test_every_page_names_the_time_zone_once_below(language, zone):
    client = signed_in("Supervisor", language=language)
    for each in make_everything():
        for url in (list_url(type(each)), page_url(each)):
            assert client.get(url).content.decode().count(zone) == 1, url
    assert zone in client.get(reverse("admin:codes_person_changelist")).content.decode()
    assert zone not in Client(headers={"accept-language": language}).get("/admin/login/").content.decode()


def test_customers_and_strangers_are_sent_to_sign_in():
    customer = Client()
    customer.force_login(factories.make_user())
    for client in (customer, Client()):
        for model in VIEWED:
            assert client.get(list_url(model)).status_code == 302


def test_staff_without_a_role_see_nothing():
    client = Client()
    client.force_login(factories.make_user(is_staff=True))
    for each in make_everything():
        assert client.get(list_url(type(each))).status_code == 403
        assert client.get(page_url(each)).status_code == 403
    index = reverse("admin:index")
    assert 'data-keys="g s"' in signed_in().get(index).content.decode()
    assert 'data-keys="g s"' not in client.get(index).content.decode()


@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
def test_no_role_reaches_people_or_roles(role):
    client = signed_in(role)
    for name in ("auth_user", "auth_group"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403


def test_nothing_is_deletable_by_superusers_either():
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    objects = [*make_everything(), factories.make_client(), factories.make_user()]
    for each in objects:
        meta = each._meta
        url = reverse(f"admin:{meta.app_label}_{meta.model_name}_delete", args=[each.pk])
        assert client.get(url).status_code == 403, each
        assert client.post(url, {"post": "yes"}).status_code == 403, each
        assert type(each).objects.filter(pk=each.pk).exists()


@pytest.mark.parametrize(
    ("language", "of_server", "of_code"),
    [
        ("en", "Server changed: %s, 23 Nov 2026, 12:00", "Code generated: %s, 23 Nov 2026, 12:00"),
        ("zh-hans", "云服务器已变更：%s，2026-11-23 12:00", "已生成授权码：%s，2026-11-23 12:00"),
    ],
)
def test_an_event_is_headed_by_what_happened_to_what_and_when(language, of_server, of_code):
    code = factories.make_code()
    services.record_server_changes([(code.server, {"version": [1, 2]})], actor=None, channel=Channel.API, now=NOW)
    generated, changed = code.server.events.order_by("pk")
    client = signed_in()
    for event, title in ((changed, of_server % code.server), (generated, of_code % code.masked)):
        page = client.get(page_url(event), headers={"Accept-Language": language}).content.decode()
        assert f"<h1>{handles_whole(title)}</h1>" in page and title in page.split("</title>")[0]


def test_facts_are_neither_added_nor_edited():
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    for each in make_everything():
        meta = each._meta
        assert client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_add")).status_code == 403, each
        if not isinstance(each, Region):
            assert client.post(page_url(each), {"name": "x"}).status_code == 405, each


def test_supervisors_classify_regions_and_agents_do_not():
    region = factories.make_region(jurisdiction="unclassified")
    url = reverse("admin:servers_region_classify_one", args=[region.pk])
    assert signed_in().post(url, {"jurisdiction": "mainland"}).status_code == 403
    signed_in("Supervisor").post(url, {"jurisdiction": "mainland", "code": "other", "name_en": "x"})
    changed = Region.objects.get(pk=region.pk)
    assert (changed.jurisdiction, changed.code, changed.name_en) == ("mainland", region.code, "Test")


def grow(rows: int, *, account: Account | None = None) -> None:
    account = account or factories.make_account()
    while Server.objects.count() < rows:
        server = factories.make_server(account=account)
        issued = factories.make_issued(server)
        factories.make_filing(issued)
        factories.make_ip(server, kind="elastic")


@pytest.mark.parametrize("model", VIEWED)
def test_a_list_costs_the_same_for_3_rows_and_for_60_but_for_counting_them(model):
    client = signed_in()
    counts = []
    for rows in (3, 60):
        grow(rows)
        client.get(list_url(model))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(list_url(model)).status_code == 200
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1, [query["sql"][:200] for query in queries]
    assert counts[1] <= 12


def test_an_account_page_costs_the_same_for_3_servers_and_for_20():
    client, counts, account = signed_in(), [], factories.make_account()
    for rows in (3, 20):
        grow(rows, account=account)
        url = page_url(account)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_list_counts_no_further_than_it_must():
    client = signed_in()
    grow(3)
    with CaptureQueriesContext(connection) as queries:
        client.get(list_url(CodeEvent))
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counts and all("LIMIT" in sql for sql in counts)


def test_lists_filter_by_verdict_and_by_each_refusal():
    good = factories.make_server()
    short = factories.make_server(prepaid_months=2)
    hourly = factories.make_server(billing_mode=BillingMode.PAY_AS_YOU_GO)
    client = signed_in()

    def listed(**filters: str) -> set[str]:
        page = client.get(list_url(Server, **filters)).context["cl"]
        return {server.instance_id for server in page.result_list}

    # The factory's servers stand in 2026; only what cannot expire meanwhile is asked for here.
    assert short.instance_id in listed(fails="prepaid_term_too_short")
    assert good.instance_id not in listed(fails="prepaid_term_too_short")
    assert listed(fails="not_prepaid") == {hourly.instance_id}
    assert listed(eligible="true").isdisjoint({short.instance_id, hourly.instance_id})
    assert listed(eligible="true") | listed(eligible="false") == {s.instance_id for s in (good, short, hourly)}
    assert listed(account=good.account.uid) == {good.instance_id}


@pytest.mark.parametrize("query", ["fails=x", "eligible=1", "state=%27", "region=mars"])
def test_a_filter_that_cannot_be_right_is_said_and_breaks_nothing(query):
    answer = signed_in().get(f"{list_url(Server)}?billing_mode=prepaid&{query}&o=1", follow=True)
    assert answer.redirect_chain == [(list_url(Server, billing_mode="prepaid", o=1), 302)]
    assert "was not understood: this filter is left out." in answer.content.decode()


def test_each_filter_that_is_left_out_is_named():
    page = signed_in().get(list_url(Server, state="x", region="mars"), follow=True).content.decode()
    assert page.count("was not understood: this filter is left out.") == 2 and "“region”" in page


def test_a_list_that_is_not_searched_says_so():
    root = Client()
    root.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    said = "This list has no search: look it up in the box above, or add a filter."
    for model in VIEWED:
        assert said in root.get(list_url(model), {"q": "web-1"}).content.decode(), model
    assert said not in root.get(list_url(Server)).content.decode()
    assert said not in root.get(list_url(User), {"q": "root"}).content.decode()


@pytest.mark.parametrize("query", ["o=99", "p=1e30"])
def test_an_order_or_a_page_that_cannot_be_shows_the_first_page(query):
    server = factories.make_server()
    answer = signed_in().get(f"{list_url(Server)}?{query}", follow=True)
    assert answer.status_code == 200 and list(answer.context["cl"].result_list) == [server]


@pytest.mark.parametrize(
    "query",
    [
        "name__regex=(a%2B)%2B%24",
        "account__members__password__startswith=a",
        "codes__digest=a",
        "id=1",
        "account=%00",
        "%00=1",
    ],
)
def test_an_undeclared_filter_or_a_nul_byte_is_400(query):
    assert signed_in().get(f"{list_url(Server)}?{query}").status_code == 400


@pytest.mark.parametrize("model", [model for model in VIEWED if model is not Region])
@pytest.mark.parametrize("key", ["0", "x", "%00", "9" * 40, "1/history", "x/history"])
def test_an_object_that_is_not_there_breaks_nothing(model, key):
    url = f"{list_url(model)}{key}/" + ("" if "history" in key else "change/")
    assert signed_in().get(url).status_code in (302, 404)


def test_history_leads_to_the_page_with_its_timeline():
    server = factories.make_server()
    url = reverse("admin:servers_server_history", args=[server.pk])
    assert signed_in().get(url, follow=True).redirect_chain[-1][0] == page_url(server)


def test_autocomplete_offers_nothing():
    query = {"app_label": "servers", "model_name": "server", "field_name": "account", "term": "1"}
    assert signed_in("Supervisor").get(reverse("admin:autocomplete"), query).status_code in (403, 404)


def test_the_server_page_says_every_rule_and_offers_the_reply_in_both_languages():
    server = factories.make_server(billing_mode=BillingMode.PAY_AS_YOU_GO)
    page = signed_in().get(page_url(server))
    html = page.content.decode()
    assert html.count('class="rule-title"') == 12
    english, chinese = page.context["replies"]
    assert english.text.startswith(f"Server {server.instance_id} cannot generate") and "FAQ 4.1" in english.text
    assert (english.language, chinese.language) == ("en", "zh-hans")
    assert "Not available: FAQ 4.1." in html


def test_hong_kong_is_neutral():
    server = factories.make_server(region_code="ap-hongkong")
    page = signed_in().get(page_url(server))
    assert page.context["verdict"].kind == "idle"
    assert "no ICP filing is needed" in page.context["replies"][0].text


def test_a_code_page_answers_first_by_the_servers_expiry():
    code = factories.make_code()
    Server.objects.filter(pk=code.server_id).update(state=ServerState.ISOLATED)
    verdict = signed_in().get(page_url(code)).context["verdict"]
    assert verdict.kind == "warn" and verdict.line.startswith("The code expired")


def test_a_code_that_expired_with_its_ip_does_not_ask_to_renew_the_server():
    code = factories.make_code(factories.make_server(now=timezone.now()), now=timezone.now())
    IPAddress.objects.filter(pk=code.ip_id).update(expires_at=timezone.now())
    verdict = signed_in().get(page_url(code)).context["verdict"]
    assert verdict.kind == "warn" and verdict.headline == "Expired: it comes back when what expired is renewed"


@pytest.mark.parametrize(
    ("servers", "headline"),
    [([], "The account has no server"), ([{"billing_mode": "spot"}], "No associated CVM"), ([{}], "1 of 1 server")],
)
def test_the_account_page_gives_the_answer_of_faq_7(servers, headline):
    account = factories.make_account()
    for facts in servers:
        factories.make_server(account=account, now=timezone.now(), **facts)
    assert signed_in().get(page_url(account)).context["verdict"].headline.startswith(headline)


def test_the_start_page_counts_refusals_and_leads_to_them():
    client, now = signed_in(), timezone.now()
    assert client.get(reverse("admin:index")).context["refusals"] == []
    server = factories.make_server(now=now, billing_mode=BillingMode.SPOT)
    with pytest.raises(NotEligible):
        factories.make_issued(server, now=now)
    (refused,) = client.get(reverse("admin:index")).context["refusals"]
    assert (refused["faq"], refused["number"], refused["width"]) == ("4.1", 1, 100)
    (event,) = client.get(refused["url"]).context["cl"].result_list
    assert event.failed == ["not_prepaid"]
    assert not client.get(list_url(CodeEvent, refused="clb_ip")).context["cl"].result_list


def test_codes_are_listed_by_shown_state_and_by_nearness_of_expiry():
    client, now = signed_in(), timezone.now()
    near = factories.make_code(factories.make_server(now=now, expires_at=now + timedelta(days=3)), now=now)
    far = factories.make_code(factories.make_server(now=now), now=now)

    def listed(**filters: object) -> set:
        return set(client.get(list_url(AuthorizationCode, **filters)).context["cl"].result_list)

    assert listed(state="unused") == {near, far} and not listed(state="expired")
    assert listed(expires_within=7) == {near}
    Server.objects.filter(pk=near.server_id).update(state=ServerState.ISOLATED)
    assert listed(state="expired") == {near} and not listed(expires_within=7)


def test_an_expiry_to_come_is_no_warning_where_the_server_is_isolated_already():
    client, now = signed_in(), timezone.now()
    code = factories.make_code(factories.make_server(now=now, expires_at=now + timedelta(days=3)), now=now)
    for state, tone in ((ServerState.RUNNING, "tone-warn"), (ServerState.ISOLATED, "quiet-text")):
        Server.objects.filter(pk=code.server_id).update(state=state)
        (cell,) = [each["value"] for each in client.get(page_url(code)).context["facts"] if "Expires" in each["label"]]
        assert f'<span class="{tone}' in cell


def test_a_near_expiry_says_today_or_tomorrow_but_not_within_a_sentence():
    client, now = signed_in(), timezone.now()
    ends = now.astimezone(SHANGHAI).replace(hour=23, minute=59) + timedelta(days=1)
    issued = factories.make_issued(factories.make_server(now=now, expires_at=ends), now=now)
    code = factories.make_filing(issued, now=now).code
    for page in (client.get(list_url(Server)), client.get(list_url(AuthorizationCode))):
        assert f'title="{shanghai(ends)} Asia/Shanghai">Tomorrow, 23:59</time>' in page.content.decode()
    question = client.get(f"{page_url(code)[: -len('change/')]}act/reset/").content.decode()
    assert f">{shanghai(ends)}</time>" in question and "Tomorrow" not in question


def test_a_policy_of_one_is_told_in_the_singular(settings):
    settings.CODES_PER_SERVER = settings.MIN_PREPAID_MONTHS = 1
    code = factories.make_code()
    assert "Policy then: 1 code, 1 month<" in signed_in().get(page_url(code)).content.decode().replace("</bdi>", "<")


def test_a_missing_page_of_the_desk_leads_back_to_the_desk():
    html = signed_in().get("/admin/codes/authorizationcode/999/edit/").content.decode()
    assert 'href="/admin/">Start</a>' in html and "My servers" not in html


def test_a_long_name_takes_no_more_than_three_lines_of_a_row():
    server = factories.make_server(name="a-very-long-name-" * 10)
    filing = factories.make_filing(factories.make_issued(server), domain=f"{'x' * 60}.{'y' * 60}.example.cn")
    client = signed_in()
    assert f'<span class="clamp">{server.name}</span>' in client.get(list_url(Server)).content.decode()
    assert f'<span class="clamp">{filing.domain}</span>' in client.get(list_url(Filing)).content.decode()
    assert server.name in client.get(page_url(server)).content.decode()


@pytest.mark.parametrize("column", ["1", "2", "-2"])
def test_servers_are_ordered_by_instance_id_and_by_name(column):
    for name, instance_id in (("b", "ins-1"), ("a", "ins-2")):
        factories.make_server(name=name, instance_id=instance_id)
    listed = [row.instance_id for row in signed_in().get(list_url(Server, o=column)).context["cl"].result_list]
    assert listed == (["ins-2", "ins-1"] if column == "2" else ["ins-1", "ins-2"])


def test_whoever_signs_out_at_the_desk_is_led_back_to_it():
    page = signed_in().post(reverse("admin:logout")).content.decode()
    assert "You are signed out" in page and page.count("<h1") == 1
    assert f'href="{reverse("admin:index")}">Sign in again</a>' in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_list_is_called_what_the_sidebar_calls_it(language):
    client = signed_in("Supervisor", language=language)
    nav = re.search(r"<nav[^>]*desk-nav.*?</nav>", client.get(reverse("admin:index")).content.decode(), re.S)
    assert nav is not None
    links = re.findall(r'<a href="(/admin/\w+/\w+/)"[^>]*>\s*([^<]+?)\s*<', nav.group())
    assert len(links) >= 12
    for url, word in links:
        assert f"<h1>{word}</h1>" in client.get(url).content.decode(), url


def test_a_list_speaks_of_codes_where_it_has_some_and_offers_filters_where_there_are_any():
    root = Client()
    root.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    pages = {each: root.get(list_url(each)).content.decode() for each in admin.site._registry}
    said = {each for each, page in pages.items() if "Codes stay masked in lists and in CSV." in page}
    assert said == {AuthorizationCode, Filing, CodeEvent, SupportRequest, WebhookDelivery}
    for each, page in pages.items():
        groups = re.search(r'<div class="filter-groups">(.*?)</div>', page, re.S)
        assert groups is None or "<section>" in groups.group(1), each


@pytest.mark.parametrize(
    ("model", "cell"),
    [
        (IPAddress, '<td class="field-kind_cell">Ordinary public IP</td>'),
        (Region, '<td class="field-jurisdiction_cell">Mainland China</td>'),
        (CodeEvent, '<td class="field-channel_cell">Command</td>'),
    ],
)
def test_a_choice_begins_with_a_capital_where_it_stands_alone(model, cell):
    factories.make_issued()
    page = signed_in().get(list_url(model)).content.decode()
    assert cell in page
    assert f">{cell.partition('>')[2].partition('<')[0]}</a></li>" in page, "and so does its filter"
