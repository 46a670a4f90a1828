"""My codes: tabs, one code's page, reveal, withdraw, annotate, and the timeline in plain words."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from codes import services
from codes.choices import Channel, ShownState
from servers.choices import BillingMode, ServerState
from servers.models import IPAddress, Server
from tests.codes.pages import VALUE, client_of, text
from tests.factories import (
    NOW,
    make_account,
    make_agent,
    make_client,
    make_code,
    make_filing,
    make_issued,
    make_server,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
ACT = {"channel": Channel.API, "now": NOW}


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def client(account):
    return client_of(account, first_name="Li", last_name="Wei")


@pytest.fixture
def issued(account):
    return make_issued(make_server(account=account, name="web-prod-1"), remark="shop")


def url(name, code):
    return reverse(f"codes:{name}", args=[code.pk])


def one_of_each(account):
    """A code in every shown state; by state."""
    server = make_server(account=account)
    unused, withdrawn = make_code(server), make_code(server)
    services.withdraw(withdrawn, reason="r", actor=None, **ACT)
    in_use, used = make_filing(make_issued(server)), make_filing(make_issued(server))
    services.complete_filing(used, icp_number="粤ICP备12345678号", actor=make_client(), **ACT)
    expired, invalid = (make_code(make_server(account=account)) for _ in range(2))
    Server.objects.filter(pk=expired.server_id).update(expires_at=NOW)
    Server.objects.filter(pk=invalid.server_id).update(billing_mode=BillingMode.PAY_AS_YOU_GO)
    return {
        "unused": unused,
        "in_use": in_use.code,
        "used": used.code,
        "withdrawn": withdrawn,
        "expired": expired,
        "invalid": invalid,
    }


def test_tabs_count_and_hold_the_codes_of_their_states(client, account):
    codes = one_of_each(account)
    tabs = {
        "unused": ["unused"],
        "in_use": ["in_use"],
        "used": ["used"],
        "over": ["withdrawn", "expired", "invalid"],
    }
    for tab, states in tabs.items():
        page = client.get("/codes/", {"tab": tab})
        assert {row.code.pk for row in page.context["rows"]} == {codes[state].pk for state in states}
        assert [each["count"] for each in page.context["tabs"]] == [1, 1, 1, 3]
        assert text(page).count("May be used by") == {"used": 0, "over": 2}.get(tab, 1)


def test_where_nothing_is_in_use_the_codes_to_begin_with_are_one_step_away(client, account):
    page = client.get("/codes/", {"tab": "in_use"})
    assert '<a href="?tab=unused">My unused codes</a>' in page.content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("state", ["unused", "in_use", "used", "withdrawn", "expired", "invalid"])
def test_a_code_in_any_state_has_its_pages_in_both_languages(client, account, state, language):
    client.cookies["django_language"] = language
    code = one_of_each(account)[state]
    label = ShownState(state).label
    with override(language):
        word = str(label)
    page = text(client.get(url("code", code)))
    assert word in page
    assert ("May be used by" in page or "授权使用账号" in page) is (state not in ("used", "withdrawn"))
    assert client.post(url("reveal", code), follow=True).status_code == 200
    assert client.get(url("annotate", code)).status_code == 200
    can_withdraw = state in ("unused", "expired", "invalid")
    assert client.get(url("withdraw", code)).status_code == (200 if can_withdraw else 302)


def test_lists_and_pages_mask_the_value(client, issued):
    for path in ("/codes/", url("code", issued.code), "/"):
        assert not VALUE.search(client.get(path).content.decode())
    assert issued.code.masked in text(client.get("/codes/"))


def test_reveal_shows_the_value_in_that_answer_alone_and_records_it(client, issued):
    answer = client.post(url("reveal", issued.code), follow=True)
    assert answer.redirect_chain == [(url("code", issued.code), 302)], "going back finds a page that a browser has"
    assert issued.value in text(answer) and answer["Cache-Control"] == "no-store"
    assert not VALUE.search(client.get(url("code", issued.code)).content.decode())
    assert [event.type for event in issued.code.events.order_by("pk")] == ["generated", "revealed"]
    assert issued.value not in f"{dict(client.session)}"


def test_a_reveal_that_nobody_followed_shows_nothing_later(client, issued, time_machine):
    client.post(url("reveal", issued.code))
    client.head(url("code", issued.code))  # whoever asks for the headers alone is shown nothing
    time_machine.move_to(NOW + timedelta(minutes=10), tick=False)
    assert not VALUE.search(client.get(url("code", issued.code)).content.decode())
    assert not issued.code.events.filter(type="revealed").exists()


def test_withdrawing_asks_first_and_says_that_the_slot_is_not_given_back(client, issued):
    page = client.get(url("withdraw", issued.code))
    assert (
        "The slot is not given back" in text(page) and "Withdraw 1 code" in text(page) and "Remark: shop" in text(page)
    )
    issued.code.refresh_from_db()
    assert issued.code.state == "unused"


def test_withdrawing_ends_the_code_and_says_so(client, issued):
    page = client.post(url("withdraw", issued.code), follow=True)
    issued.code.refresh_from_db()
    assert issued.code.state == "withdrawn"
    assert f"{issued.code.masked} is withdrawn." in text(page)


def test_a_code_in_use_is_not_withdrawn_and_says_why(client, issued):
    make_filing(issued)
    assert "A filing holds it" in text(client.get(url("code", issued.code)))
    for send in (client.get, client.post):
        shown = text(send(url("withdraw", issued.code), follow=True))
        assert (
            "“Withdraw” is not possible. A filing holds it. Abandon that filing in the filing platform first, or ask "
            "customer service to reset the code."
        ) in shown
    issued.code.refresh_from_db()
    assert issued.code.state == "in_use"


def test_what_somebody_typed_turns_nothing_around_it(client, issued):
    client.post(url("annotate", issued.code), {"remark": "\u202eshop"})
    for address in (url("code", issued.code), reverse("codes:codes")):
        assert "<bdi>\u202eshop</bdi>" in client.get(address).content.decode()


def test_nobody_is_told_to_restore_an_ip_on_a_server_that_is_gone(client, issued):
    Server.objects.update(state=ServerState.TERMINATED)
    page = text(client.get(url("code", issued.code)))
    assert "The code is invalid: The server was terminated on" in page
    assert "If the same IP can come back on the server" in page and "otherwise generate another code" in page
    assert "Get the same IP back" not in page


@pytest.mark.parametrize("state", [ServerState.RUNNING, ServerState.TERMINATED])
def test_a_code_that_is_over_does_not_say_that_it_ties_a_filing(client, issued, state):
    Server.objects.update(state=state)
    page = text(client.get(url("code", issued.code)))
    is_over = state == ServerState.TERMINATED
    assert ("It was generated for the public IP" in page, "It ties one ICP filing" in page) == (is_over, not is_over)


def test_a_remark_is_typed_in_its_own_direction(client, issued):
    for address in (url("annotate", issued.code), reverse("codes:generate", args=[issued.code.server.instance_id])):
        remark = re.search(r'<input[^>]*name="remark"[^>]*>', client.get(address).content.decode())
        assert remark and 'dir="auto"' in remark[0]


def test_remark_and_authorized_account_are_edited_while_unused(client, issued):
    sent = {"remark": "blog", "authorized_account": "12345"}
    page = client.post(url("annotate", issued.code), sent, follow=True)
    assert f"{issued.code.masked} is changed." in text(page)
    issued.code.refresh_from_db()
    assert (issued.code.remark, issued.code.authorized_account) == ("blog", "12345")


def test_the_remark_alone_is_edited_once_in_use(client, issued):
    make_filing(issued)
    page = client.get(url("annotate", issued.code))
    assert "the authorized account is frozen" in text(page)
    client.post(url("annotate", issued.code), {"remark": "blog"})
    issued.code.refresh_from_db()
    assert (issued.code.remark, issued.code.authorized_account) == ("blog", "")


@pytest.mark.parametrize(("typed", "status"), [("12345", 400), ("100012345678", 302)])
def test_an_account_typed_before_a_filing_began_is_not_dropped_in_silence(client, issued, typed, status):
    client.post(url("annotate", issued.code), {"authorized_account": "100012345678"})
    make_filing(issued, account="100012345678")
    page = client.post(url("annotate", issued.code), {"remark": "blog", "authorized_account": typed})
    assert page.status_code == status
    assert ("the authorized account is frozen" in text(page)) == (status == 400)
    issued.code.refresh_from_db()
    assert issued.code.authorized_account == "100012345678"


def test_a_wrong_account_is_told_at_its_field(client, issued):
    page = client.post(url("annotate", issued.code), {"remark": "shop", "authorized_account": "1 2"})
    assert page.status_code == 400 and 'href="#id_authorized_account"' in page.content.decode()


def test_a_remark_that_holds_the_value_is_refused(client, issued):
    page = client.post(url("annotate", issued.code), {"remark": issued.value})
    assert page.status_code == 400 and 'href="#id_remark"' in page.content.decode()
    issued.code.refresh_from_db()
    assert issued.code.remark == "shop"


def test_what_uses_a_code_stands_on_its_page_and_in_the_list(client, issued):
    make_filing(issued, order_number="20260001", domain="shop.example.cn")
    for page in (client.get(url("code", issued.code)), client.get("/codes/?tab=in_use")):
        assert "In use for shop.example.cn by order 20260001 since 23 Nov 2026." in text(page)


def test_near_expiry_is_warned_of(client, issued):
    Server.objects.update(expires_at=NOW + timedelta(days=6))
    assert "It expires in 6 days." in text(client.get(url("code", issued.code)))
    Server.objects.update(expires_at=NOW + timedelta(days=31))
    assert "It expires" not in text(client.get(url("code", issued.code)))


def test_an_ip_that_expires_earlier_counts(client, issued):
    IPAddress.objects.update(expires_at=NOW + timedelta(days=3))
    assert "It expires in 3 days, with its IP. Renew the IP first" in text(client.get(url("code", issued.code)))


def test_an_expired_code_says_by_what_and_what_brings_it_back(client, issued):
    Server.objects.update(expires_at=NOW)
    page = text(client.get(url("code", issued.code)))
    assert "The code expired: 23 Nov 2026, 12:00." in page and "Renew what expired, the server or its IP" in page


def test_no_moment_to_come_is_told_as_the_expiry_that_was(client, issued):
    soon = NOW + timedelta(days=6)
    Server.objects.update(state=ServerState.ISOLATED, state_since=NOW, expires_at=soon)
    for address in (url("code", issued.code), reverse("codes:codes")):
        assert "29 Nov 2026" not in text(client.get(address))
    assert "isolated since 23 Nov 2026" in text(client.get(url("code", issued.code)))


def test_the_timeline_names_people_as_the_owner_knows_them(client, account, issued):
    code = issued.code
    client.post(url("reveal", code), follow=True)
    filing = make_filing(issued, client=make_client(name="platform-7"), order_number="20260001")
    services.reset(
        filing.code, reason="asked by phone", ticket="T-1", actor=make_agent(), channel=Channel.ADMIN, now=NOW
    )
    page = text(client.get(url("code", code)))
    for words in ("Li Wei", "Filing platform", "Customer service", "System", "Order 20260001 for shop.example.cn"):
        assert words in page
    for kept in ("asked by phone", "T-1", "platform-7"):
        assert kept not in page


def test_a_long_timeline_goes_on_at_older_events(client, issued):
    for _ in range(35):
        services.reveal(issued.code, actor=None, channel=Channel.COMMAND, now=NOW)
    page = client.get(url("code", issued.code))
    older = client.get(url("code", issued.code), {"before": page.context["older"]})
    assert (len(page.context["events"]), len(older.context["events"])) == (30, 6)


def test_three_codes_and_sixty_cost_the_same_queries(client, account):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/codes/").status_code == 200
        return len(captured)

    for _ in range(3):
        make_code(make_server(account=account))
    few = queries()
    for _ in range(57):
        make_code(make_server(account=account))
    assert few == queries() <= 6


def test_pages_hold_every_code_once(client, account):
    for _ in range(25):
        make_code(make_server(account=account))
    first = client.get("/codes/")
    rest = client.get("/codes/", {"cursor": first.context["next_cursor"]})
    assert len({row.code.pk for page in (first, rest) for row in page.context["rows"]}) == 25
    assert not rest.context["next_cursor"]
