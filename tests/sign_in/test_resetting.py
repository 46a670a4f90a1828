"""A forgotten password: one answer for every address, one link for one use, a few mails an hour."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from icpportal.sign_in import resetting
from icpportal.sign_in.models import Preference
from icpportal.sign_in.throttle import PER_NAME
from tests.codes.pages import text
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("own_database")
NEW = {"new_password1": "Long-enough-4-anyone", "new_password2": "Long-enough-4-anyone"}


def ask(address, **headers):
    answer = Client(HTTP_ACCEPT_LANGUAGE="en", **headers).post("/password/reset/", {"email": address})
    resetting._beside.submit(int).result(timeout=30)  # behind it in the queue
    return answer


def link():
    (message,) = mail.outbox
    found = re.search(r"https://desk\.example\.com(/password/reset/\S+)", message.body)
    assert found
    return found.group(1)


def choose(client, path, fields=NEW):
    form = client.get(path, follow=True)
    return client.post(form.redirect_chain[-1][0], fields, follow=True)


def test_a_link_gives_a_new_password_once_and_ends_every_session():
    user = make_user(username="li", email="li@example.com")
    elsewhere = Client()
    elsewhere.force_login(user)
    ask("LI@example.com")
    assert mail.outbox[0].to == ["li@example.com"]
    assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    assert "Your password is changed" in text(choose(client, link()))
    assert elsewhere.get("/sign-ins/").status_code == 302
    assert client.post("/login/", {"username": "li", "password": "Long-enough-4-anyone"}).status_code == 302
    assert "no longer works" in text(Client(HTTP_ACCEPT_LANGUAGE="en").get(link(), follow=True))


def test_a_weak_password_is_refused_with_the_reason():
    make_user(username="li", email="li@example.com")
    ask("li@example.com")
    page = choose(Client(HTTP_ACCEPT_LANGUAGE="en"), link(), {"new_password1": "123", "new_password2": "123"})
    assert "There is a problem" in text(page) and "New password again" in text(page)


def test_a_link_is_too_old_after_an_hour():
    make_user(username="li", email="li@example.com")
    ask("li@example.com")
    with time_machine.travel((timezone.now() + timedelta(hours=1, minutes=1)).timestamp()):
        assert "no longer works" in text(Client(HTTP_ACCEPT_LANGUAGE="en").get(link(), follow=True))


def test_nobody_deactivated_and_unknown_get_the_same_answer_and_no_mail():
    make_user(username="li", email="li@example.com")
    make_user(username="wang", email="wang@example.com", is_active=False)
    answers = [ask(address) for address in ("li@example.com", "wang@example.com", "x@example.com")]
    assert {(each.status_code, each.url, each.content) for each in answers} == {(302, "/password/reset/sent/", b"")}
    assert [message.to for message in mail.outbox] == [["li@example.com"]]


def test_the_answer_does_not_wait_for_the_look_up(django_assert_num_queries):
    make_user(username="li", email="li@example.com")
    with django_assert_num_queries(0):
        ask("li@example.com")


def test_a_mailbox_is_not_filled():
    make_user(username="li", email="li@example.com")
    for _ in range(resetting.PER_PERSON + 2):
        ask("li@example.com")
    assert len(mail.outbox) == resetting.PER_PERSON
    with time_machine.travel(timezone.now() + resetting.PERIOD + timedelta(minutes=1)):
        ask("li@example.com")
    assert len(mail.outbox) == resetting.PER_PERSON + 1


def test_the_mail_is_in_the_language_that_the_person_chose():
    user = make_user(username="li", email="li@example.com")
    Preference.objects.create(user=user, language="zh-hans")
    ask("li@example.com")
    assert "/password/reset/" in mail.outbox[0].body
    assert Preference.objects.get().language == "zh-hans"


def test_links_name_our_own_site_whatever_host_was_asked(settings):
    settings.ALLOWED_HOSTS = ["other.example.com"]
    make_user(username="li", email="li@example.com")
    ask("li@example.com", HTTP_HOST="other.example.com")
    assert link()


def test_a_new_password_lets_a_locked_name_in_again():
    make_user(username="li", email="li@example.com")
    client = Client()
    for _ in range(PER_NAME):
        client.post("/login/", {"username": "li", "password": "no"})
    ask("li@example.com")
    choose(client, link())
    assert client.post("/login/", {"username": "li", "password": "Long-enough-4-anyone"}).status_code == 302


@pytest.mark.parametrize("typed", ["\0", "@", "x" * 5000, "a@b"])
def test_what_is_no_address_is_refused(typed):
    assert ask(typed).status_code == 200
    assert not mail.outbox


@pytest.mark.parametrize("typed", ["", "qingshan"])
def test_the_form_says_what_it_asks_for_as_the_sign_in_does(typed):
    page = text(Client(HTTP_ACCEPT_LANGUAGE="en").post("/password/reset/", {"email": typed}))
    assert "E-mail address: Enter an e-mail address, such as name@example.com." in page


@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_sign_in_offers_it_only_where_mail_goes_out(path, settings):
    assert "Forgot" in text(Client(HTTP_ACCEPT_LANGUAGE="en").get(path))
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "Forgot" not in text(Client(HTTP_ACCEPT_LANGUAGE="en").get(path))


def test_the_desk_tells_a_customer_who_is_signed_in(client):
    client.force_login(make_user(username="zhao"))
    assert "You are signed in as zhao, who may not open the desk." in text(client.get("/admin/login/"))


def test_hints_on_passwords_speak_as_all_our_texts_do(client):
    client.force_login(make_user(username="zhao"))
    hints = text(client.get("/password/", HTTP_ACCEPT_LANGUAGE="zh-hans"))
    assert "密码不能与您的其他个人信息太相似。" in hints
    assert "你" not in hints
