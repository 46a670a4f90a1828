"""The desk's sign-in takes what the customers' takes, lets in staff alone, and tells nothing more."""

import pytest
from django.test import Client

from tests.codes.pages import text
from tests.factories import make_agent, make_user

pytestmark = pytest.mark.django_db


def sign_in(username, password="pw", language="en"):
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    return client.post("/admin/login/", {"username": username, "password": password})


@pytest.mark.parametrize("typed", ["sun", "sun@example.com", "SUN@Example.com"])
def test_name_and_address_both_open_the_desk(typed):
    make_agent(username="sun", email="sun@example.com")
    answer = sign_in(typed)
    assert (answer.status_code, answer.url) == (302, "/admin/")


def test_an_address_of_two_of_the_staff_opens_it_to_neither():
    make_agent(username="sun", email="shared@example.com")
    make_agent(username="zhou", email="shared@example.com")
    assert "is wrong" in text(sign_in("shared@example.com"))


def test_an_address_that_a_customer_has_too_is_the_agents():
    make_agent(username="sun", email="shared@example.com")
    make_user(username="li", email="shared@example.com")
    assert sign_in("shared@example.com").status_code == 302


def test_customers_strangers_and_wrong_passwords_get_the_same_answer():
    make_agent(username="sun")
    make_user(username="li")
    tried = [("sun", "no"), ("sun@example.com", "no"), ("li", "pw"), ("li@example.com", "pw"), ("nobody", "pw")]
    answers = {text(sign_in(*each)) for each in tried}
    assert len(answers) == 1
    said = "The user name, e-mail address or password is wrong, or you may not open the desk."
    assert said in answers.pop()


def test_the_field_says_that_it_takes_both():
    assert "User name or e-mail address" in text(Client(HTTP_ACCEPT_LANGUAGE="en").get("/admin/login/"))
    assert "请输入用户名或邮箱" in text(sign_in("", language="zh-hans"))
