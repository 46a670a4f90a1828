"""Signing in by name or address, the one answer to whatever is wrong, the password, the FAQ."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.codes.pages import client_of, post_raw, text
from tests.factories import make_account, make_agent, make_user

pytestmark = pytest.mark.django_db


def sign_in(username, password="pw", **fields):
    return guest().post("/login/", {"username": username, "password": password, **fields})


def guest():
    return Client(HTTP_ACCEPT_LANGUAGE="en")


@pytest.mark.parametrize("typed", ["li", "li@example.com", "LI@Example.com"])
def test_name_and_address_both_sign_in(typed):
    make_user(username="li", email="li@example.com")
    answer = sign_in(typed)
    assert (answer.status_code, answer.url) == (302, "/")


def test_an_unknown_person_and_a_wrong_password_get_the_same_answer():
    make_user(username="li", email="li@example.com")
    make_user(username="wang", email="wang@example.com", is_active=False)
    answers = {
        text(sign_in(name, password))
        for name, password in (("li", "no"), ("li@example.com", "no"), ("nobody", "pw"), ("x@example.com", "pw"))
    }
    assert len(answers) == 1 and "is wrong" in answers.pop()
    assert "is wrong" in text(sign_in("wang")) and "is wrong" in text(sign_in("wang@example.com"))


def test_an_address_of_two_people_signs_in_neither():
    make_user(username="li", email="shared@example.com")
    make_user(username="wang", email="shared@example.com")
    assert "is wrong" in text(sign_in("shared@example.com"))


def test_a_user_name_that_looks_like_an_address_is_a_user_name():
    make_user(username="li@example.com", email="other@example.com")
    assert sign_in("li@example.com").status_code == 302


@pytest.mark.parametrize("typed", ["\0", "x" * 5000, "@", "\ud800"])
def test_odd_names_are_no_error_of_ours(typed):
    assert post_raw(guest(), "/login/", typed, "username", "password").status_code == 200


def test_sign_in_leads_back_to_where_it_was_asked_for_and_nowhere_else():
    make_user(username="li")
    assert sign_in("li", next="/codes/").url == "/codes/"
    assert sign_in("li", next="https://elsewhere.example/").url == "/"


def test_logging_out_takes_a_post():
    client = client_of(make_account())
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 200
    assert client.get("/").status_code == 302


def test_the_password_is_changed_with_the_old_one():
    client = client_of(make_account(), username="li")
    fields = {"new_password1": "Long-enough-4-anyone", "new_password2": "Long-enough-4-anyone"}
    assert client.post("/password/", {"old_password": "no", **fields}).status_code == 200
    assert client.post("/password/", {"old_password": "pw", **fields}).url == reverse("password_change_done")
    assert client.get("/password/done/").status_code == 200
    assert sign_in("li", "Long-enough-4-anyone").status_code == 302


@pytest.mark.parametrize("path", ["/password/", "/admin/password_change/"])
def test_what_is_missing_of_a_new_password_is_named(path):
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(make_agent())
    page = text(client.post(path, {}))
    for said in ("Enter your old password.", "Enter a new password.", "Enter the new password again."):
        assert said in page
    assert "This field is required" not in page and "for verification" not in page


def test_staff_change_their_password_without_leaving_the_desk():
    client = Client()
    client.force_login(make_agent())
    new = "Long-enough-4-anyone"
    fields = {"old_password": "pw", "new_password1": new, "new_password2": new}
    pages = [client.get("/admin/password_change/"), client.post("/admin/password_change/", fields, follow=True)]
    assert pages[1].redirect_chain == [("/admin/password_change/done/", 302)]
    assert all('class="desk-nav"' in each.content.decode() for each in pages)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_faq_and_sign_in_render_in_both_languages_for_everybody(language):
    member = client_of(make_account())
    for client in (Client(), member):
        client.cookies["django_language"] = language
        assert ("How codes work" if language == "en" else "授权码使用说明") in text(client.get("/help/"))
    guest = Client()
    guest.cookies["django_language"] = language
    assert ("Sign in" if language == "en" else "登录") in text(guest.get("/login/"))
    for path in ("/", "/codes/", "/accounts/", "/password/"):
        assert member.get(path).status_code == 200


def test_the_faq_says_how_a_code_gets_free_of_an_unfinished_filing():
    page = text(guest().get("/help/"))
    assert "abandon the filing in the filing platform, or ask customer service to reset it" in page
    assert "We warn you 30 days before a code expires." in page


def test_the_faq_says_how_an_ip_is_renewed_that_expires_before_its_server():
    assert "If an IP expires before its server, renew that IP in the console too." in text(guest().get("/help/"))


def test_the_faq_speaks_of_the_policy_in_force(settings):
    settings.CODES_PER_SERVER, settings.MIN_PREPAID_MONTHS, settings.ELASTIC_IP_ALLOWED = 4, 6, True
    page = text(guest().get("/help/"))
    assert "At most 4 codes." in page and "at least 6 months in total" in page
    assert "An Elastic IP qualifies too." in page
    for number in range(1, 8):
        assert f"{number}. " in page
