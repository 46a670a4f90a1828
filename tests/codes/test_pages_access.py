"""Who reaches what: sign-in first, another's is 404 by every verb that pages take, bad input is 4xx and never 500."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse
from django.utils import translation

from codes.models import AuthorizationCode, Filing, SupportRequest
from codes.urls import urlpatterns
from servers.models import Account, Server
from tests.codes.pages import client_of, code_urls, generate_url, post_raw, server_urls, text
from tests.factories import NOW, make_account, make_code, make_filing, make_request, make_server, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
VERBS = ("get", "post", "head")
OTHER_VERBS = ("put", "patch", "delete", "options")


@pytest.fixture
def code():
    return make_code(make_server(now=NOW))


def every_object_url(code):
    request = make_request(code=code)
    urls = [*server_urls(code.server), *code_urls(code), reverse("codes:request", args=[request.reference])]
    assert len(urls) == sum("<" in str(pattern.pattern) for pattern in urlpatterns)
    return urls


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_another_accounts_is_404_at_every_address_by_every_verb(code, verb):
    stranger = client_of(make_account())
    statuses = {url: getattr(stranger, verb)(url).status_code for url in every_object_url(code)}
    assert set(statuses.values()) == {404}, statuses


def test_what_belongs_to_nobody_is_nobodys(code):
    make_request(code=code)
    make_filing()
    for model in (Account, Server, AuthorizationCode, Filing, SupportRequest):
        assert model.objects.exists() and not model.objects.visible_to(AnonymousUser()).exists()
    assert code.server.account.uid not in text(Client().get(reverse("codes:faq")))


@pytest.mark.parametrize("name", ["codes:servers", "codes:faq", "notices", "sign_ins", "password_change"])
def test_every_page_is_headed_by_the_account(name):
    account = make_account()
    assert f"Account {account.uid} 简体中文" in text(client_of(account).get(reverse(name)))


def test_a_page_that_is_no_accounts_own_leads_to_the_other_accounts_too():
    first, second = make_account(), make_account()
    client = client_of(first, second)
    client.post(reverse("codes:accounts"), {"uid": second.uid})
    page = client.get(reverse("sign_ins"))
    assert f"Account {second.uid} 简体中文" in text(page) and 'href="/accounts/"' in page.content.decode()


@pytest.mark.parametrize("verb", OTHER_VERBS)
def test_other_verbs_are_405_for_owners_strangers_and_nobody_alike(code, verb):
    for client in (client_of(code.server.account), client_of(make_account()), Client()):
        assert {getattr(client, verb)(url).status_code for url in every_object_url(code)} == {405}


@pytest.mark.parametrize("verb", VERBS)
def test_without_sign_in_every_page_but_the_faq_leads_to_it(code, verb):
    urls = [
        *every_object_url(code),
        *(reverse(f"codes:{name}") for name in ("servers", "codes", "accounts", "contact", "requests")),
    ]
    for url in urls:
        response = getattr(Client(), verb)(url)
        assert (response.status_code, response.url) == (302, f"/login/?next={url}")
    assert Client().get(reverse("codes:faq")).status_code == 200


@pytest.mark.parametrize(("verb", "is_told"), [("post", True), ("get", False)])
def test_whose_session_ended_before_a_form_was_sent_is_told_that_nothing_came_of_it(code, verb, is_told):
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    page = getattr(client, verb)(reverse("codes:withdraw", args=[code.pk]), follow=True)
    assert ("Your session has ended, so nothing was changed." in text(page)) == is_told
    code.refresh_from_db()
    assert code.state == "unused"


def test_a_former_member_sees_nothing_any_more(code):
    account = code.server.account
    client = client_of(account)
    assert client.get(code_urls(code)[0]).status_code == 200
    account.members.clear()
    assert client.get(code_urls(code)[0]).status_code == 404


def test_staff_who_are_no_members_see_no_customers_objects(code):
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(code_urls(code)[0]).status_code == 404
    assert "Go to the desk" in client.get("/").content.decode()


def test_a_person_without_account_is_told_so():
    client = client_of()
    for name in ("servers", "codes", "accounts", "contact", "requests"):
        assert "No account is linked to you" in client.get(reverse(f"codes:{name}")).content.decode()


def test_get_where_post_is_due_leads_to_the_page_and_reveals_nothing(code):
    client = client_of(code.server.account)
    page = client.get(reverse("codes:reveal", args=[code.pk]))  # as after a sign-in, when the session ended before
    assert (page.status_code, page.url) == (302, reverse("codes:code", args=[code.pk]))
    assert client.put(generate_url(code.server)).status_code == 405
    assert code.events.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        f"/codes/{10**30}/",
        f"/codes/{10**18 * 9}/reveal/",
        "/codes/0/",
        "/codes/x/",
        "/servers/%00/",
        "/servers/a%00b/generate/",
        f"/servers/{'x' * 5000}/",
        "/servers/%F0%9F%98%80/",
        "/?q=%00",
        f"/?q={'x' * 5000}",
        "/?cursor=x",
        f"/?cursor={10**40}",
        "/?show=everything",
        "/codes/?tab=all",
        "/codes/?cursor=%00",
        f"/codes/?cursor={10**30}",
        "/codes/?cursor=1-1",
        "/requests/SR-0000-00/",
        "/requests/%00/",
        f"/requests/{'x' * 65}/",
        "/requests/?cursor=%00",
        f"/requests/?cursor={10**30}",
    ],
)
def test_what_cannot_be_right_is_4xx_and_never_500(path):
    client = client_of(make_account())
    assert 400 <= client.get(path).status_code < 500
    page, _mark, query = path.partition("?")
    said = query if page == "/" else ""  # the list is searched by what is posted, whatever its address says
    assert 400 <= client.post(page, said, content_type="application/x-www-form-urlencoded").status_code < 500


@pytest.mark.parametrize("typed", ["\0", "x" * 10_000, "\ud800", "١٢٣٤٥٦", "-1", "1e9", "1234", "9" * 21, "<b>"])
def test_odd_input_in_forms_is_never_500_and_generates_nothing(code, typed):
    client = client_of(code.server.account)
    names = ("form_id", "ip", "authorized_account", "uid", "remark")
    for url in (generate_url(code.server), reverse("codes:annotate", args=[code.pk]), reverse("codes:accounts")):
        assert 300 <= post_raw(client, url, typed, *names).status_code < 500
    assert code.server.codes.count() == 1


@pytest.mark.parametrize("query", ["show=everything", "cursor=x"])
def test_a_list_that_cannot_be_leads_on_and_blames_no_field(query):
    client = client_of(make_account())
    page = client.get(f"/?{query}")
    assert page.status_code == 400
    assert "This request cannot be answered" in text(page)
    assert "error-summary" not in page.content.decode()
    assert "error-summary" in client.get(f"/?q={'x' * 101}").content.decode()


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "cannot be opened like that"), ("zh-hans", "无法这样打开此页面")]
)
def test_an_address_that_only_a_form_sends_to_shows_a_page_that_leads_on(language, heading):
    client = client_of(make_account())
    page = client.get("/logout/", headers={"Accept-Language": language})
    assert (page.status_code, page["Allow"]) == (405, "POST, OPTIONS")
    assert heading in text(page)
    assert page["Content-Length"] == str(len(page.content))
    assert 'class="btn btn-primary" href="/"' in page.content.decode()
    assert client.get("/").status_code == 200
    with translation.override("ko"):  # whatever the request before left
        page = client.options("*", headers={"Accept-Language": language})
    assert (page.status_code, page["Allow"]) == (405, "GET, HEAD, POST")
    assert heading in text(page)


@pytest.mark.parametrize("before", ["\0", "x", "-1", "١", "9" * 40])
def test_a_place_in_the_timeline_that_cannot_be_is_400(code, before):
    client = client_of(code.server.account)
    assert client.get(code_urls(code)[0], {"before": before}).status_code == 400


def test_switching_shows_the_other_accounts_lists():
    first, second = make_account(), make_account()
    make_server(account=first, name="alpha")
    make_server(account=second, name="beta")
    client = client_of(first, second)
    assert "alpha" in client.get("/").content.decode()
    assert client.post(reverse("codes:accounts"), {"uid": second.uid}).status_code == 302
    page = client.get("/").content.decode()
    assert "beta" in page and "alpha" not in page and second.uid in page


def test_switching_to_an_account_of_others_is_404():
    client = client_of(make_account())
    assert client.post(reverse("codes:accounts"), {"uid": make_account().uid}).status_code == 404


def test_one_account_offers_no_switch():
    account = make_account()
    assert reverse("codes:accounts") not in client_of(account).get("/").content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(("path", "status"), [("/codes/1000/", 404), ("/nothing/", 404), ("/codes/?tab=x", 400)])
def test_what_cannot_be_shown_is_said_in_our_own_page(path, status, language):
    client = client_of(make_account())
    client.cookies["django_language"] = language
    page = client.get(path)
    html = page.content.decode()
    assert page.status_code == status and 'href="/static/icp/pages.css"' in html and f'<html lang="{language}"' in html


def test_a_form_without_its_token_is_refused_with_what_to_do(code):
    client = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(code.server.account.members.create(username="li"))
    page = client.post(reverse("codes:withdraw", args=[code.pk]))
    assert page.status_code == 403 and "load the page again" in page.content.decode()
