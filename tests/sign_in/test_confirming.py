"""Roles, tokens and secrets ask again who it is, some minutes after the last answer."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from icpportal.api.models import ApiClient
from icpportal.sign_in.throttle import PER_NAME
from tests.codes.pages import new_form, text
from tests.factories import make_agent, make_client, make_user

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=10, seconds=1)
ADD = "/admin/api/apiclient/add/"
NEW = {"name": "console", "scopes": ["codes:read"]}


@pytest.fixture
def supervisor():
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(make_agent(role="Supervisor", username="sun"))
    return client


@pytest.fixture
def later():
    with time_machine.travel(timezone.now() + LATER) as clock:
        yield clock


def test_signing_in_counts_for_ten_minutes(supervisor):
    assert supervisor.get(ADD).status_code == 200
    with time_machine.travel(timezone.now() + LATER):
        assert supervisor.get(ADD).url == f"/admin/confirm/?next={ADD.replace('/', '%2F')}"


def test_nothing_is_done_without_it(supervisor, later):
    answer = supervisor.post(ADD, NEW, follow=True)
    assert "Nothing was changed. Confirm first that it is you" in text(answer)
    assert not ApiClient.objects.exists()


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("http://testserver/admin/api/apiclient/", "http://testserver/admin/api/apiclient/"),
        (f"http://testserver{ADD}", "/admin/"),
        ("https://example.com/", "/admin/"),
        ("", "/admin/"),
    ],
)
def test_cancelling_leads_back_to_where_one_came_from(supervisor, later, came_from, back):
    asked = supervisor.get(ADD, headers={"Referer": came_from}).url
    for answer in (supervisor.get(asked), supervisor.post(asked, {"password": "no", "next": ADD})):
        assert f'href="{back}">Cancel, change nothing' in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "back"),
    [(ADD, "/admin/api/apiclient/"), ("/admin/api/apiclient/{}/rotate/", "/admin/api/apiclient/{}/change/")],
)
def test_cancelling_after_a_form_was_open_too_long_leads_where_its_own_cancel_does(supervisor, path, back):
    client = make_client()
    path, back = path.format(client.pk), back.format(client.pk)
    form = supervisor.get(path).content.decode()
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    with time_machine.travel(timezone.now() + LATER):
        asked = supervisor.post(path, sent, headers={"Referer": f"http://testserver{path}"}, follow=True)
    assert f'href="{back}">Cancel, change nothing' in asked.content.decode()


def test_the_password_leads_back_and_opens(supervisor, later):
    answer = supervisor.post(f"/admin/confirm/?next={ADD}", {"password": "pw", "next": ADD})
    assert answer.url == ADD
    assert supervisor.post(ADD, NEW | new_form()).status_code == 200
    assert ApiClient.objects.get().name == "console"


def test_a_wrong_password_opens_nothing_and_says_so(supervisor, later):
    answer = supervisor.post("/admin/confirm/", {"password": "no", "next": ADD})
    assert "The password is wrong." in text(answer)
    assert supervisor.get(ADD).status_code == 302


def test_another_persons_password_is_no_answer(supervisor, later):
    make_user(username="li").set_password("other")
    assert supervisor.post("/admin/confirm/", {"password": "other", "username": "li"}).status_code == 200
    assert supervisor.get(ADD).status_code == 302


def test_wrong_passwords_count_like_those_of_signing_in(supervisor, later):
    answers = [supervisor.post("/admin/confirm/", {"password": "no"}).status_code for _ in range(PER_NAME)]
    assert answers == [200] * (PER_NAME - 1) + [429]
    assert supervisor.post("/admin/confirm/", {"password": "pw"}).status_code == 429


def test_wrong_passwords_count_for_the_person_whatever_name_is_sent_beside_them(supervisor, later):
    tries = [{"password": "no", "username": f"zhou{number}"} for number in range(PER_NAME)]
    answers = [supervisor.post("/admin/confirm/", each).status_code for each in tries]
    assert answers == [200] * (PER_NAME - 1) + [429]


@pytest.mark.parametrize("path", ["/password/", "/admin/password_change/"])
def test_guesses_at_the_old_password_count_like_those_of_signing_in(supervisor, path):
    tries = {"old_password": "no", "new_password1": "Xk29-vuhq", "new_password2": "Xk29-vuhq"}
    answers = [supervisor.post(path, tries).status_code for _ in range(PER_NAME)]
    assert answers == [200] * (PER_NAME - 1) + [429]
    assert supervisor.post(path, tries | {"old_password": "pw"}).status_code == 429


def test_a_session_from_the_future_asks(supervisor):
    with time_machine.travel(timezone.now() - timedelta(minutes=1)):
        assert supervisor.get(ADD).status_code == 302


@pytest.mark.parametrize("way", ["https://example.com/", "//example.com/", "javascript:alert(1)", "\0", ""])
def test_it_leads_nowhere_else(supervisor, later, way):
    assert supervisor.post("/admin/confirm/", {"password": "pw", "next": way}).url == "/admin/"


def guarded():
    client, person, user = make_client(), make_agent(), make_user()
    return [
        "/admin/api/apiclient/add/",
        f"/admin/api/apiclient/{client.pk}/rotate/",
        f"/admin/api/apiclient/{client.pk}/revoke/",
        "/admin/webhooks/webhookendpoint/add/",
        "/admin/webhooks/webhookendpoint/1/rotate/",
        f"/admin/codes/person/{person.pk}/act/give-auditor/",
        "/admin/auth/user/add/",
        f"/admin/auth/user/{user.pk}/change/",
        f"/admin/auth/user/{user.pk}/password/",
        "/admin/auth/group/add/",
        "/admin/auth/group/1/change/",
    ]


def test_every_page_that_changes_roles_tokens_or_secrets_asks(later):
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    for path in guarded():
        later.move_to(timezone.now() + LATER)
        for method in (client.get, client.post):
            answer = method(path)
            assert answer.status_code == 302 and answer.url.startswith("/admin/confirm/?next="), path
