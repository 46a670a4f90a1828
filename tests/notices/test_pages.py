"""The page of choices, and the way out of every mail."""

import re

import pytest
from django.core import mail
from django.test import Client

from codes.notices.members import choice_of, ticket
from codes.notices.models import MutedAccount, NoNotices
from icpportal.sign_in.models import Preference
from tests.codes.pages import client_of, post_raw, text
from tests.factories import make_account, make_user
from tests.notices.telling import make_expiring, make_member, send

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


def test_a_member_chooses_language_and_accounts():
    first, second = make_account(), make_account()
    user = make_member(first, second)
    client = signed_in(user)
    assert "li@example.com" in text(client.get("/notices/"))
    answer = client.post("/notices/", {"language": "zh-hans", "is_on": "on", "accounts": [second.pk]})
    assert (answer.status_code, answer.url) == (302, "/notices/")
    assert answer.cookies["django_language"].value == "zh-hans"
    kept = choice_of(user)
    assert (kept.language, kept.is_on, kept.muted) == ("zh-hans", True, {first.pk})


@pytest.mark.parametrize(("chosen", "offered"), [("", "zh-hans"), ("en", "en")])
def test_saving_unseen_keeps_the_language_that_was_chosen_or_else_the_page_s(chosen, offered):
    user = make_member(make_account())
    if chosen:
        Preference.objects.create(user=user, language=chosen)
    page = signed_in(user).get("/notices/", headers={"Accept-Language": "zh-CN"})
    assert page.context["form"]["language"].value() == offered


def test_notices_are_switched_off_and_on_again():
    account = make_account()
    user = make_member(account)
    client = signed_in(user)
    client.post("/notices/", {"language": "en", "accounts": [account.pk]})
    assert not choice_of(user).is_on
    client.post("/notices/", {"language": "en", "is_on": "on", "accounts": [account.pk]})
    assert choice_of(user).is_on and not choice_of(user).muted


def test_the_account_of_somebody_else_is_no_choice():
    other = make_account()
    user = make_member(make_account())
    answer = signed_in(user).post("/notices/", {"language": "en", "is_on": "on", "accounts": [other.pk]})
    assert answer.status_code == 200
    assert "There is a problem" in text(answer)
    assert not MutedAccount.objects.exists()


def test_without_an_account_only_the_language_is_chosen():
    user = make_user(username="li")
    client = signed_in(user)
    assert "No account is linked to you" in text(client.get("/notices/"))
    assert client.post("/notices/", {"language": "zh-hans"}).status_code == 302
    assert Preference.objects.get(user=user).language == "zh-hans"
    assert not NoNotices.objects.exists()


@pytest.mark.parametrize("typed", ["\0", "x" * 5000, "-1", "9" * 40, "\ud800"])
def test_odd_choices_are_no_error_of_ours(typed):
    assert post_raw(client_of(make_account()), "/notices/", typed, "language", "is_on", "accounts").status_code == 200


def test_the_page_takes_sign_in_and_knows_two_verbs():
    assert Client().get("/notices/").status_code == 302
    assert client_of(make_account()).put("/notices/").status_code == 405


def test_a_mail_leads_out_with_one_question_and_one_button():
    account = make_account()
    user = make_member(account)
    make_expiring(account)
    send()
    found = re.search(r"https://desk\.example\.com(/notices/stop/\S+)", mail.outbox[0].body)
    assert found
    stranger = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")
    page = stranger.get(found.group(1))
    assert "Stop the notices?" in text(page) and choice_of(user).is_on
    assert "No more notices" in text(stranger.post(found.group(1)))
    assert not choice_of(user).is_on


def test_a_mail_program_stops_them_by_itself():
    account = make_account()
    user = make_member(account)
    make_expiring(account)
    send()
    headers = mail.outbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = headers["List-Unsubscribe"].strip("<>").removeprefix("https://desk.example.com")
    answer = Client(enforce_csrf_checks=True).post(url, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not choice_of(user).is_on
    assert Client().post(url).status_code == 200


def test_an_address_that_we_did_not_sign_stops_nothing():
    user = make_user()
    for forged in (str(user.pk), f"{user.pk}:x", ticket(user).replace(str(user.pk), "99", 1), "%00"):
        assert Client().post(f"/notices/stop/{forged}/").status_code == 404
    signed = ticket(user)
    user.delete()
    assert Client().post(f"/notices/stop/{signed}/").status_code == 404
    assert not NoNotices.objects.exists()
