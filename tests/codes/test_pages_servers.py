"""My servers: the verdict first, what needs attention first, constant queries, FAQ 7 when none qualifies."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from codes.standing import Standing, places
from codes.views.cards import cards
from servers.choices import BillingMode, IPKind, ServerState
from servers.models import Server
from tests.codes.pages import client_of, text
from tests.factories import NOW, make_account, make_code, make_ip, make_issued, make_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def client(account):
    return client_of(account)


def standing_of(server):
    return Standing({place.pk: place.standing for place in places(Server.objects.all(), now=NOW)}[server.pk])


def card_of(server):
    return cards([server.pk], now=NOW)[0]


def full_server(**fields):
    server = make_server(**fields)
    for _ in range(5):
        make_code(server)
    return server


@pytest.mark.parametrize(
    ("facts", "standing", "kind"),
    [
        ({}, Standing.READY, "ok"),
        ({"expires_at": NOW + timedelta(days=30)}, Standing.EXPIRING, "warn"),
        ({"expires_at": NOW + timedelta(days=30, seconds=1)}, Standing.READY, "ok"),
        ({"expires_at": NOW + timedelta(seconds=1)}, Standing.EXPIRING, "warn"),
        ({"expires_at": NOW}, Standing.REFUSED, "bad"),
        ({"prepaid_months": 2}, Standing.REFUSED, "bad"),
        ({"billing_mode": BillingMode.PAY_AS_YOU_GO, "expires_at": None}, Standing.REFUSED, "bad"),
        ({"state": ServerState.TERMINATED}, Standing.TERMINATED, "idle"),
        ({"region_code": "ap-hongkong"}, Standing.HONG_KONG, "idle"),
        ({"region_code": "ap-hongkong", "prepaid_months": 1}, Standing.HONG_KONG, "idle"),
        ({"region_code": "ap-singapore"}, Standing.REFUSED, "bad"),
        ({"region_code": "ap-hongkong", "state": ServerState.TERMINATED}, Standing.TERMINATED, "idle"),
    ],
)
def test_a_servers_standing_and_colour(facts, standing, kind):
    server = make_server(**facts)
    assert standing_of(server) == standing
    assert card_of(server).kind == kind


def test_a_spent_quota_is_neutral_unless_something_else_fails():
    assert standing_of(full_server()) == Standing.FULL
    assert card_of(full_server()).kind == "idle"
    late = full_server()
    Server.objects.filter(pk=late.pk).update(prepaid_months=1)
    assert standing_of(late) == Standing.REFUSED


@pytest.mark.parametrize(
    ("expires_at", "said"),
    [(NOW, "Expired"), (NOW + timedelta(seconds=1), "Expires"), (None, "Expires")],
)
def test_an_expiry_that_is_over_is_told_as_over(client, account, expires_at, said):
    mode = BillingMode.PREPAID if expires_at else BillingMode.PAY_AS_YOU_GO
    server = make_server(account=account, billing_mode=mode, expires_at=expires_at)
    assert f"<dt>{said}</dt>" in client.get(reverse("codes:server", args=[server.instance_id])).content.decode()


@pytest.mark.parametrize(
    ("facts", "first"),
    [
        ({}, "Generate a code"),
        ({"expires_at": NOW + timedelta(days=6)}, "How to renew"),
        ({"prepaid_months": 1}, "How to renew"),
        ({"expires_at": NOW}, "How to renew"),
        ({"billing_mode": BillingMode.PAY_AS_YOU_GO}, "How to change to prepaid"),
        ({"public_ip_assigned": False, "prepaid_months": 1}, "Which servers qualify"),
        ({"region_code": "ap-hongkong"}, None),
        ({"state": ServerState.TERMINATED}, "Contact customer service"),
    ],
)
def test_the_next_step_is_one_that_helps(facts, first):
    steps = card_of(make_server(**facts)).steps
    assert [step.label for step in steps][:1] == ([first] if first else [])
    assert sum(step.look == "primary" for step in steps) <= 1


@pytest.mark.parametrize(
    ("facts", "first"),
    [({"expires_at": NOW}, "How to renew"), ({"prepaid_months": 1}, "Which servers qualify")],
)
def test_where_no_code_is_left_renewing_helps_only_those_that_there_are(facts, first):
    server = full_server()
    Server.objects.filter(pk=server.pk).update(**facts)
    assert card_of(server).steps[0].label == first


def test_the_list_says_what_the_pictures_say(client, account):
    soon = make_server(account=account, name="shop-api", expires_at=NOW + timedelta(days=6))
    make_code(soon)
    make_server(account=account, name="web-prod-1")
    make_server(account=account, name="test-box", prepaid_months=1, state=ServerState.ISOLATED)
    make_server(account=account, name="hk-cdn", region_code="ap-hongkong")
    page = text(client.get("/"))
    assert "4 servers. 2 of them can generate a code now. Codes are free; they cannot be bought or sold." in page
    assert "You can generate a code, but the server expires in 6 days" in page
    assert "1 of 5" in page and "See its code" in page
    assert "No code can be generated: 2 of 12 conditions fail" in page
    assert "Prepaid for 1 month in total; at least 3 are needed." in page
    assert "No ICP filing is needed for this server" in page
    names = [page.index(name) for name in ("shop-api", "web-prod-1", "test-box", "hk-cdn")]
    assert names == sorted(names)
    assert "No associated CVM" not in page


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "1 server. It can generate a code now."),
        ({"prepaid_months": 1}, "1 server. It cannot generate a code now."),
    ],
)
def test_one_server_is_not_counted_among_others(client, account, facts, said):
    make_server(account=account, **facts)
    assert said in text(client.get("/"))


def test_of_two_that_expire_soon_the_nearer_one_comes_first(client, account):
    for name, days in (("later", 26), ("first", 7), ("tie-1", 20), ("tie-2", 20)):
        make_server(account=account, name=name, expires_at=NOW + timedelta(days=days))
    names = [card.server.name for card in client.get("/").context["cards"]]
    assert names == ["first", "tie-1", "tie-2", "later"]


@pytest.mark.parametrize("server_days", [185, 20])
def test_an_ip_that_expires_before_its_server_is_warned_of_in_the_list(client, account, server_days):
    server = make_server(account=account, with_ip=False, expires_at=NOW + timedelta(days=server_days))
    ip = make_ip(server, expires_at=NOW + timedelta(days=6))
    make_server(account=account, expires_at=NOW + timedelta(days=9))
    page = text(client.get("/"))
    assert standing_of(server) == Standing.EXPIRING
    assert client.get("/").context["cards"][0].server == server
    assert f"You can generate a code, but the IP {ip.address} expires in 6 days" in page
    assert "Its codes expire with it, on 29 Nov 2026, 12:00" in page
    assert "IP expires 29 Nov 2026, 12:00 in 6 days" in page


def test_an_ip_that_outlives_its_server_is_no_news(client, account):
    server = make_server(account=account, with_ip=False, expires_at=NOW + timedelta(days=6))
    make_ip(server, expires_at=NOW + timedelta(days=9))
    page = text(client.get("/"))
    assert "but the server expires in 6 days" in page
    assert "IP expires" not in page


def test_a_full_servers_ip_that_expires_first_leads_to_renewing(account):
    server = full_server(account=account)
    server.ips.update(expires_at=NOW + timedelta(days=6))
    card = card_of(server)
    assert (card.standing, card.expiry_tone, card.ip_expiry_tone) == (Standing.FULL, "", "warn")
    assert card.steps[0].label == "How to renew"


def test_no_associated_cvm_names_server_by_server_what_fails(client, account):
    make_server(account=account, name="one", prepaid_months=1)
    make_server(account=account, name="two", region_code="ap-hongkong")
    page = text(client.get("/"))
    assert "No associated CVM" in page
    assert "Prepaid for 1 month" in page and "No ICP filing is needed" in page


def test_who_has_servers_in_hong_kong_alone_reads_that_no_filing_is_needed(client, account):
    make_server(account=account, region_code="ap-hongkong")
    page = text(client.get("/"))
    assert "No associated CVM" in page and "What fails is listed below" not in page
    assert "because all of your servers are in Hong Kong, China. A website served from there needs no ICP" in page
    make_server(account=account, prepaid_months=1)
    page = text(client.get("/"))
    assert "What fails is listed below" in page and "because all of your servers are in Hong Kong" not in page


def test_who_can_generate_no_more_is_told_of_codes_that_are_unused(client, account):
    said = "You can still file with a code that is unused: see My codes"
    server = full_server(account=account)
    page = text(client.get("/"))
    assert "No associated CVM" in page and said in page
    server.codes.update(state="used")
    assert said not in text(client.get("/"))
    full_server()  # of another account
    assert said not in text(client.get("/"))


def test_a_terminated_server_no_longer_expires(client, account):
    server = make_server(account=account, state=ServerState.TERMINATED)
    page = text(client.get(f"/servers/{server.instance_id}/"))
    assert "The server is terminated" in page and "Expires" not in page


def test_without_servers_the_page_says_how_to_get_one(client):
    page = text(client.get("/"))
    assert "This account has no server yet." in page and "Assign a public IP" in page
    assert "No associated CVM" not in page
    assert "Were you given a code? You need no server for it" in page


def test_a_server_with_several_ips_names_them_all_and_what_they_are(client, account):
    server = make_server(account=account)
    first, clb = server.ips.get(), make_ip(server, kind=IPKind.CLB)
    gone = make_ip(server, released_at=NOW)
    for path in (f"/servers/{server.instance_id}/", f"/servers/{server.instance_id}/generate/"):
        page = text(client.get(path))
        assert f"Public IP {first.address} {clb.address} CLB IP Expires" in page
        assert gone.address not in page


@pytest.mark.parametrize("path", ["/", "/?show=can"])
def test_three_servers_and_sixty_cost_the_same_queries(client, account, path):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return [query["sql"] for query in captured]

    for _ in range(3):
        make_server(account=account)
    few = queries()
    for number in range(57):
        server = make_server(account=account, prepaid_months=12 if number % 2 else 1)
        if number % 2:
            make_code(server)
    many = queries()
    assert len(few) == len(many) <= 6
    # One query judges the fleet for order and counts, one gives the page's reports.
    assert sum("passes_not_prepaid" in sql for sql in many) <= 2


def test_pages_hold_every_server_once(client, account):
    for number in range(45):
        expiry = NOW + timedelta(days=1 + number % 40)
        make_server(account=account, prepaid_months=12 if number % 3 else 1, expires_at=expiry)
    seen, url = [], "/"
    while url:
        page = client.get(url)
        seen += [card.server.pk for card in page.context["cards"]]
        cursor = page.context["next_cursor"]
        url = f"/?cursor={cursor}" if cursor else ""
    assert seen == [place.pk for place in places(Server.objects.all(), now=NOW)]
    assert len(seen) == 45


def test_search_and_filter_appear_with_more_than_ten_servers(client, account):
    for _ in range(10):
        make_server(account=account)
    assert 'role="search"' not in client.get("/").content.decode()
    make_server(account=account)
    assert 'role="search"' in client.get("/").content.decode()


def test_search_finds_by_name_instance_id_and_ip(client, account):
    wanted = make_server(account=account, name="shop-api")
    for _ in range(10):
        make_server(account=account, name="other")
    address = wanted.ips.get().address
    full_width = address.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789."})
    for q in ("shop", "SHOP-API", wanted.instance_id, address, full_width, f"::ffff:{address}"):
        assert [card.server.pk for card in client.get("/", {"q": q}).context["cards"]] == [wanted.pk]
    assert "No server matches." in text(client.get("/", {"q": "nothing"}))


def test_filters_part_the_fleet(client, account):
    make_server(account=account)
    make_server(account=account, prepaid_months=1)
    make_server(account=account, region_code="ap-hongkong")
    for show in ("can", "cannot", "hong_kong"):
        assert len(client.get("/", {"show": show}).context["cards"]) == 1


def test_one_servers_page_shows_every_condition_and_its_codes(client, account):
    server = make_server(account=account, name="web-prod-1")
    code = make_code(server, remark="shop")
    page = text(client.get(f"/servers/{server.instance_id}/"))
    assert page.count("Passes") == 12 and code.masked in page and "shop" in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_list_renders_in_both_languages(account, language):
    client = client_of(account)
    client.cookies["django_language"] = language
    for facts in ({}, {"prepaid_months": 1}, {"region_code": "ap-hongkong"}, {"name": ""}):
        make_server(account=account, **facts)
    page = client.get("/").content.decode()
    assert f'<html lang="{language}">' in page


def test_a_search_that_is_too_long_is_told_in_our_words(client):
    first = client.get("/", {"q": "x" * 101}).content.decode().partition("<h1>")[0]
    head, _body, page = first.partition("<body")
    assert "<title>Error: My servers" in head and "Write at most 100 characters; this has 101." in page


def test_a_search_goes_into_the_address_but_for_a_code_which_leads_to_its_page(client, account):
    for _number in range(11):
        issued = make_issued(make_server(account=account))
    others = make_issued()
    for query in ("", "x" * 101):
        form = client.get("/", {"q": query}).content.decode().partition('role="search"')[2].partition("</form>")[0]
        assert "csrfmiddlewaretoken" in form
    assert client.post("/", {"q": "shop 1", "show": "can"}).url == "/?show=can&q=shop+1"
    assert client.post("/", {"q": ""}).url == "/"
    assert "Write at most 100 characters; this has 9000." in text(client.post("/", {"q": "x" * 9000}))
    assert client.post("/", {"q": f"my code {issued.value.lower()}"}).url == f"/codes/{issued.code.pk}/"
    answer = client.post("/", {"q": others.value}, follow=True)
    assert answer.redirect_chain == [("/", 302)] and "No code of yours is this one." in text(answer)


def test_a_mistyped_code_goes_into_no_address_but_a_server_that_is_named_like_one_is_found(client, account):
    value = make_issued(make_server(account=account, name="icp-frontend-production-node-01")).value
    slipped = value[:-1] + ("0" if value[-1] != "0" else "1")
    for typed in (slipped, value[:-1], f"code {slipped.lower()}"):
        answer = client.post("/", {"q": typed}, follow=True)
        assert answer.redirect_chain == [("/", 302)] and "No code of yours is this one." in text(answer)
    assert client.post("/", {"q": "icp-frontend-production-node-0"}).url == "/?q=icp-frontend-production-node-0"
