"""One's own sign-ins: listed, ended elsewhere, dead with the password or the person."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from icpportal.sign_in.browsers import family
from icpportal.sign_in.models import Preference, Session
from tests.codes.pages import text
from tests.factories import make_user

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
WECHAT = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0"
NEW = {"new_password1": "Long-enough-4-anyone", "new_password2": "Long-enough-4-anyone"}


def signed_in(name="li", *, agent=FIREFOX, address="198.51.100.7", path="/login/"):
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent, HTTP_ACCEPT_LANGUAGE="en")
    assert client.post(path, {"username": name, "password": "pw"}).status_code == 302
    return client


def is_in(client):
    return client.get("/sign-ins/").status_code == 200


def test_sign_ins_are_listed_with_this_one_first():
    make_user(username="li", is_staff=True)
    signed_in(agent=SAFARI, address="203.0.113.9", path="/admin/login/")
    here = signed_in()
    signed_in(make_user(username="wang").username, agent=WECHAT)
    page = text(here.get("/sign-ins/"))
    assert page.index("Firefox, Windows") < page.index("This browser") < page.index("Safari, iPhone")
    assert "198.51.100.7" in page and "203.0.113.9" in page
    assert "WeChat" not in page


def test_the_desk_leads_to_them_and_back():
    make_user(username="li", is_staff=True)
    here = signed_in(path="/admin/login/")
    assert 'href="/sign-ins/">Your sign-ins</a>' in here.get("/admin/password_change/").content.decode()
    assert 'href="/admin/">‹ Desk</a>' in here.get("/sign-ins/").content.decode()
    make_user(username="wang")
    assert "‹ Desk" not in signed_in("wang").get("/sign-ins/").content.decode()


def test_sign_out_elsewhere_ends_the_others_at_once_and_nobody_elses():
    make_user(username="li")
    elsewhere, here, other = signed_in(), signed_in(), signed_in(make_user(username="wang").username)
    answer = here.post("/sign-ins/", follow=True)
    assert "signed out everywhere else" in text(answer)
    assert (is_in(elsewhere), is_in(here), is_in(other)) == (False, True, True)


def test_the_list_takes_sign_in():
    assert Client().get("/sign-ins/").status_code == 302


def test_a_changed_password_ends_the_others_and_gives_this_one_a_new_key():
    make_user(username="li")
    elsewhere, here = signed_in(), signed_in()
    key = here.session.session_key
    here.post("/password/", {"old_password": "pw", **NEW})
    assert here.session.session_key != key
    assert (is_in(elsewhere), is_in(here)) == (False, True)
    assert Session.objects.filter(user__isnull=False).count() == 1


def test_a_session_whose_password_was_changed_by_staff_is_not_listed():
    user = make_user(username="li")
    signed_in(agent=SAFARI)
    user.set_password("pw")
    user.save()
    assert "Safari" not in text(signed_in().get("/sign-ins/"))


def test_the_session_of_a_deactivated_person_ends_at_the_next_request_for_good():
    user = make_user(username="li")
    client = signed_in()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not is_in(client)
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert not is_in(client)
    assert not Session.objects.filter(user=user).exists()


def test_an_expired_session_is_none():
    make_user(username="li")
    client = signed_in()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_in(client)


def move_back(*, began=timedelta(0), used=timedelta(0)):
    """As if the one session had begun, and had been used last, that much earlier."""
    row = Session.objects.get()
    data = row.get_decoded()
    data["sign_in"]["at"] = (datetime.fromisoformat(data["sign_in"]["at"]) - began).isoformat()
    data = row.get_session_store_class()().encode(data)
    Session.objects.update(session_data=data, seen_at=row.seen_at - used)


@pytest.mark.parametrize(
    ("is_staff", "began", "used", "expected"),
    [
        (True, timedelta(hours=11, minutes=59), timedelta(0), True),
        (True, timedelta(hours=12), timedelta(0), False),
        (True, timedelta(0), timedelta(minutes=59), True),
        (True, timedelta(0), timedelta(hours=1), False),
        (False, timedelta(days=13, hours=23), timedelta(0), True),
        (False, timedelta(days=14), timedelta(0), False),
        (False, timedelta(0), timedelta(days=6, hours=23), True),
        (False, timedelta(0), timedelta(days=7), False),
    ],
)
def test_a_session_ends_some_time_after_sign_in_and_after_its_last_use(is_staff, began, used, expected):
    make_user(username="li", is_staff=is_staff)
    client = signed_in()
    move_back(began=began, used=used)
    assert is_in(client) is expected
    assert Session.objects.exists() is expected


def test_using_a_session_keeps_it_and_writes_at_most_once_a_minute():
    make_user(username="li", is_staff=True)
    client = signed_in()
    move_back(used=timedelta(minutes=59))
    assert is_in(client)
    used = Session.objects.get().seen_at
    assert timezone.now() - used < timedelta(minutes=1)
    assert is_in(client)
    assert Session.objects.get().seen_at == used


def test_a_session_that_would_not_be_let_in_is_not_listed():
    make_user(username="li")
    signed_in(agent=SAFARI)
    move_back(used=timedelta(days=7))
    assert "Safari" not in text(signed_in().get("/sign-ins/"))


@pytest.mark.parametrize("key", ["", "short", '"\\000' + "a" * 31 + '"', "a" * 5000, "é" * 32, "'; --" + "a" * 27])
def test_an_odd_cookie_is_no_session_and_no_error(key):
    client = Client()
    client.cookies["sessionid"] = key
    assert client.get("/sign-ins/").status_code == 302


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (FIREFOX, "Firefox, Windows"),
        (SAFARI, "Safari, iPhone"),
        (WECHAT, "WeChat, Android"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537 Edg/140", "Edge, Linux"),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_by_its_family(agent, expected):
    assert family(agent) == expected


def test_the_language_that_was_chosen_comes_back_at_sign_in():
    user = make_user(username="li")
    signed_in().post("/i18n/setlang/", {"language": "zh-hans", "next": "/sign-ins/"})
    assert Preference.objects.get(user=user).language == "zh-hans"
    elsewhere = signed_in()
    assert elsewhere.cookies["django_language"].value == "zh-hans"
    assert "zh-hans" in elsewhere.get("/sign-ins/").content.decode()[:200]


@pytest.mark.parametrize("language", ["xx", "", "\0"])
def test_a_language_that_is_none_is_not_kept(language):
    make_user(username="li")
    signed_in().post("/i18n/setlang/", {"language": language})
    Client().post("/i18n/setlang/", {"language": "zh-hans"})
    assert not Preference.objects.exists()
