"""Revealing many codes at the desk asks again who it is: by password, and by one-time code if there is one."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from codes import services
from codes.choices import BulkAction, Channel, EventType
from codes.models import AuthorizationCode, BulkRun, CodeEvent
from tests.codes.pages import VALUE, new_form, text
from tests.factories import make_agent, make_client, make_code, make_server

pytestmark = pytest.mark.django_db
WHY = {"reason": "asked by phone", "ticket": "T-1"}
ASKED = "You have revealed or rotated 2 codes within an hour. Confirm that it is you before the next."


@pytest.fixture
def agent(settings: Any) -> User:
    settings.REVEALS_BEFORE_CONFIRMING = 2
    return make_agent(username="zhou")


@pytest.fixture
def desk(agent: User) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(agent)
    return client


@pytest.fixture
def code() -> AuthorizationCode:
    return make_code(now=timezone.now())


def url(code: AuthorizationCode, act: str = "reveal/") -> str:
    return f"/admin/codes/authorizationcode/{code.pk}/{act}"


def is_shown(desk: Client, code: AuthorizationCode) -> bool:
    answer = desk.post(url(code), WHY)
    if answer.url != url(code):
        assert answer.url == f"/admin/confirm/?next={url(code).replace('/', '%2F')}"
        return False
    return bool(VALUE.search(desk.get(url(code)).content.decode()))


def test_after_so_many_reveals_the_next_asks_and_shows_nothing(desk: Client, code: AuthorizationCode) -> None:
    assert [is_shown(desk, code) for _ in range(4)] == [True, True, False, False]
    assert CodeEvent.objects.filter(type=EventType.REVEALED).count() == 2


def test_the_page_asks_before_a_reason_is_written_and_says_why(desk: Client, code: AuthorizationCode) -> None:
    for _ in range(2):
        desk.post(url(code), WHY, follow=True)
    answer = desk.get(url(code), follow=True)
    assert answer.redirect_chain[0][0].startswith("/admin/confirm/")
    assert ASKED in text(answer)


def test_the_password_leads_back_and_opens_as_many_more(desk: Client, code: AuthorizationCode) -> None:
    for _ in range(3):
        desk.post(url(code), WHY, follow=True)
    assert desk.post("/admin/confirm/", {"password": "no", "next": url(code)}).status_code == 200
    assert not is_shown(desk, code)
    assert desk.post("/admin/confirm/", {"password": "pw", "next": url(code)}).url == url(code)
    assert [is_shown(desk, code) for _ in range(3)] == [True, True, False]


def test_an_hour_later_nothing_counts_any_more(desk: Client, code: AuthorizationCode) -> None:
    for _ in range(2):
        desk.post(url(code), WHY, follow=True)
    now = timezone.now()
    with time_machine.travel(now + timedelta(minutes=59)):
        assert not is_shown(desk, code)
    desk.force_login(User.objects.get(username="zhou"))
    session = desk.session
    session["confirmed_at"] = (now - timedelta(days=1)).timestamp()
    session.save()
    assert not is_shown(desk, code)
    with time_machine.travel(now + timedelta(hours=1, seconds=1)):
        desk.force_login(User.objects.get(username="zhou"))
        assert is_shown(desk, code)


def test_only_ones_own_acts_at_the_desk_count(desk: Client, agent: User, code: AuthorizationCode) -> None:
    def told(actor: Any, channel: Channel) -> None:
        services.reveal(code, reason="x", actor=actor, channel=channel, now=timezone.now())

    for _ in range(2):
        told(make_agent(), Channel.ADMIN)
        told(agent, Channel.SELF_SERVICE)
        told(make_client(), Channel.API)
    assert [is_shown(desk, code) for _ in range(3)] == [True, True, False]


def test_rotating_counts_and_asks_too(desk: Client, code: AuthorizationCode) -> None:
    for _ in range(2):
        assert desk.post(url(code, "act/rotate/"), WHY | new_form()).url == url(code, "change/")
    assert desk.post(url(code, "act/rotate/"), WHY | new_form()).url.startswith("/admin/confirm/")
    assert not is_shown(desk, code)
    assert desk.post(url(code, "act/withdraw/"), WHY | new_form()).url == url(code, "change/")


def test_none_asks_where_the_setting_is_0(desk: Client, code: AuthorizationCode, settings: Any) -> None:
    settings.REVEALS_BEFORE_CONFIRMING = 0
    assert all(is_shown(desk, code) for _ in range(4))


def planned(agent: User, action: BulkAction, number: int) -> BulkRun:
    server = make_server(now=timezone.now())
    codes = [make_code(server, now=timezone.now()).pk for _ in range(number)]
    return services.plan_run(action, codes, actor=agent, now=timezone.now())


@pytest.mark.parametrize(
    ("action", "number", "asks"), [("rotate", 3, True), ("rotate", 2, False), ("withdraw", 3, False)]
)
def test_a_bulk_run_that_rotates_more_needs_a_recent_answer(
    desk: Client, agent: User, action: str, number: int, asks: bool
) -> None:
    run = planned(agent, BulkAction(action), number)
    path, question = f"/admin/codes/bulkrun/{run.pk}/run/", f"/admin/codes/bulkrun/{run.pk}/change/?back=x"
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        asked = desk.get(question)  # before a reason is typed, not after
        assert asked.status_code == (302 if asks else 200)
        assert not asks or asked.url == f"/admin/confirm/?{urlencode({'next': question})}"
        answer = desk.post(path, WHY)
        assert answer.url.startswith("/admin/confirm/") is asks
        assert CodeEvent.objects.filter(type__in=["rotated", "withdrawn"]).exists() is not asks
        if asks:
            assert "so does revealing or rotating many codes" in desk.get(asked.url).content.decode()
            assert desk.post("/admin/confirm/", {"password": "pw", "next": path}).url == path
            assert desk.get(path).url == f"/admin/codes/bulkrun/{run.pk}/change/"
            desk.post(path, WHY)
            assert CodeEvent.objects.filter(type="rotated").count() == 3
