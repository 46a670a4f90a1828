"""The one box: it posts, one hit opens, a value ends in no address."""

import pytest
from django.test import Client
from django.urls import reverse

from codes import services
from codes.admin.columns import page_url
from codes.choices import Channel
from codes.pasted import LENGTH
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
URL = "/admin/lookup/"


@pytest.fixture
def agent():
    client = Client()
    client.force_login(factories.make_agent())
    return client


def test_the_box_is_on_every_page_and_posts(agent):
    html = agent.get(reverse("admin:index")).content.decode()
    assert f'method="post" action="{URL}"' in html
    assert f'maxlength="{LENGTH}"' in html  # nothing that would be read is cut off


def test_one_hit_opens_it(agent):
    server = factories.make_server()
    answer = agent.post(URL, {"q": f"  {server.instance_id} "}, follow=True)
    assert answer.redirect_chain[-1][0] == page_url(server)


def test_an_ip_of_one_server_opens_the_server(agent):
    server = factories.make_server()
    answer = agent.post(URL, {"q": server.ips.get().address}, follow=True)
    assert answer.redirect_chain[-1][0] == page_url(server)


def test_a_value_opens_its_code_and_ends_in_no_address(agent):
    issued = factories.make_issued()
    answer = agent.post(URL, {"q": issued.value}, follow=True)
    assert answer.redirect_chain == [(page_url(issued.code), 302)]
    assert issued.value not in answer.content.decode()


def test_a_mistyped_value_is_answered_at_once_and_not_repeated(agent):
    issued = factories.make_issued()
    wrong = issued.value[:-1] + ("0" if issued.value[-1] != "0" else "1")
    answer = agent.post(URL, {"q": wrong})
    html = answer.content.decode()
    assert answer.status_code == 200 and "check character is wrong" in html
    assert wrong not in html


def test_a_value_in_an_address_is_not_looked_up(agent):
    issued = factories.make_issued()
    answer = agent.get(URL, {"q": issued.value})
    assert answer.status_code == 200 and issued.code.masked not in answer.content.decode()


def test_several_hits_are_listed_and_can_be_reloaded(agent):
    account = factories.make_account()
    servers = [factories.make_server(account=account, name="web-prod") for _ in range(2)]
    answer = agent.post(URL, {"q": "web-prod"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"{URL}?q=web-prod"
    assert all(server.instance_id in answer.content.decode() for server in servers)


def test_none_says_what_was_tried(agent):
    html = agent.post(URL, {"q": "ins-nothing1"}, follow=True).content.decode()
    assert "No match" in html and "Tried as account, instance ID" in html


@pytest.mark.parametrize("text", ["", "\0", "x" * 5000, "<script>alert(1)</script>"])
def test_garbage_is_answered(agent, text):
    assert agent.post(URL, {"q": text}, follow=True).status_code == 200


def test_strangers_sign_in_first():
    assert Client().post(URL, {"q": "1"}).status_code == 302


def test_a_page_without_a_term_does_not_say_that_nothing_matched(agent):
    html = agent.get(URL).content.decode()
    assert "No match" not in html and "Enter what you look for in the box above." in html


def test_staff_without_a_role_find_nothing():
    server, client = factories.make_server(), Client()
    client.force_login(factories.make_user(is_staff=True))
    answer = client.post(URL, {"q": server.instance_id}, follow=True)
    assert "No match" in answer.content.decode() and "Tried as" not in answer.content.decode()


def test_a_filing_is_listed_with_its_icp_number(agent):
    filing = factories.make_filing(factories.make_issued())
    number = "粤ICP备2026018842号-1"
    services.complete_filing(filing, icp_number=number, actor=filing.client, channel=Channel.API, now=NOW)
    html = agent.get(URL, {"q": number[:-3]}).content.decode()
    assert f"{filing.domain} {number}" in html


def test_more_than_a_page_holds_is_told(agent):
    for number in range(100, 151):
        factories.make_server(instance_id=f"ins-many{number}", with_ip=False)
    assert "No more than 50 of a kind are listed." in agent.get(URL, {"q": "ins-many"}).content.decode()
    assert "No more than 50" not in agent.get(URL, {"q": "ins-many10"}).content.decode()


@pytest.mark.parametrize(("term", "breaks"), [("ins-nothing-here", False), ("x" * 400, True)])
def test_a_long_term_breaks_in_its_heading_and_a_handle_does_not(agent, term, breaks):
    page = agent.get(URL, {"q": term}).content.decode()
    assert (f'<span class="mono wrap">{term}</span>' in page) == breaks
    assert (f'<span class="mono">{term}</span>' in page) != breaks


@pytest.mark.parametrize(("term", "hint"), [("we", True), ("web", False), ("公", True), ("公司", False), ("", False)])
def test_a_start_that_is_too_short_is_said_to_be(agent, term, hint):
    said = "The start of something has at least three characters, or two of Chinese."
    assert (said in agent.get(URL, {"q": term}).content.decode()) == hint
