"""Failed sign-ins are counted per name and per address, in the database, whatever the caller claims."""

from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Condition

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone

from icpportal.sign_in.throttle import COOL_OFF, PER_ADDRESS, PER_NAME
from tests.factories import make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db
PATHS = ["/login/", "/admin/login/"]


def sign_in(name="li", password="no", *, address="198.51.100.7", path="/login/", **headers):
    fields = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address, HTTP_ACCEPT_LANGUAGE="en", **headers).post(path, fields)


def fail(times, **attempt):
    return [sign_in(**attempt).status_code for _ in range(times)]


@pytest.mark.parametrize("path", PATHS)
def test_a_name_is_let_in_no_more_after_its_limit_whatever_the_password(path):
    make_user(username="li", is_staff=True)
    assert fail(PER_NAME - 1, path=path) == [200] * (PER_NAME - 1)
    assert fail(1, path=path) == [429]
    answer = sign_in(password="pw", path=path, address="203.0.113.9")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "Too many attempts" in answer.content.decode()


@pytest.mark.parametrize(("backend", "leads"), [("locmem", True), ("dummy", False)])
def test_whoever_is_kept_out_is_led_to_a_new_password_where_mail_goes_out(settings, backend, leads):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    fail(PER_NAME - 1)
    assert ("/password/reset/" in sign_in().content.decode()) is leads


def test_a_name_that_nobody_has_gets_the_same_answers():
    make_user(username="li")
    known = [sign_in("li") for _ in range(PER_NAME + 1)]
    unknown = [sign_in("nobody", address="203.0.113.9") for _ in range(PER_NAME + 1)]
    assert [each.status_code for each in known] == [each.status_code for each in unknown]
    assert known[-1].content == unknown[-1].content


def test_an_address_is_not_told_to_belong_to_a_name():
    make_user(username="li", email="li@example.com")
    fail(PER_NAME, name="li@example.com")
    assert sign_in("li").status_code == 200


def test_case_width_and_blanks_make_no_other_name():
    for index in range(PER_NAME):
        sign_in(["li", "LI", " li ", "\uff4c\uff49"][index % 4])
    assert sign_in("li").status_code == 429


def test_an_address_is_stopped_after_its_limit_over_many_names():
    make_user(username="li")
    codes = [sign_in(f"name{number}").status_code for number in range(PER_ADDRESS)]
    assert codes[:-1] == [200] * (PER_ADDRESS - 1)
    assert sign_in("li", "pw").status_code == 429
    assert sign_in("li", "pw", address="203.0.113.9").status_code == 302


def test_success_clears_the_name_and_not_what_its_address_did_to_others():
    make_user(username="li")
    for number in range(PER_ADDRESS - 1):
        sign_in(f"name{number}")
    assert sign_in("li", "pw").status_code == 302
    assert sign_in("other").status_code == 429


def test_after_the_cool_off_all_is_as_before_and_trying_meanwhile_does_not_prolong_it():
    make_user(username="li")
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        fail(PER_NAME)
        clock.shift(COOL_OFF - timedelta(seconds=1))
        assert sign_in(password="pw").status_code == 429
        clock.shift(timedelta(seconds=2))
        assert sign_in(password="pw").status_code == 302
    assert not AccessAttempt.objects.exists()


def test_a_forged_header_does_not_help():
    for number in range(PER_ADDRESS):
        sign_in(f"name{number}", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    assert sign_in("other", HTTP_X_FORWARDED_FOR="192.0.2.1").status_code == 429


def test_behind_a_proxy_its_word_counts_and_the_callers_does_not(settings):
    settings.TRUSTED_PROXY = 1
    for number in range(PER_ADDRESS):
        sign_in(f"name{number}", address="10.0.0.1", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}, 198.51.100.7")
    assert sign_in("other", address="10.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.1, 198.51.100.7").status_code == 429
    assert sign_in("other", address="10.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.1, 198.51.100.8").status_code == 200


def test_addresses_of_one_ipv6_network_count_together():
    for number in range(PER_ADDRESS):
        sign_in(f"name{number}", address=f"2001:db8::{number + 1:x}")
    assert sign_in("other", address="2001:db8::ffff").status_code == 429
    assert sign_in("other", address="2001:db8:0:1::1").status_code == 200


@pytest.mark.parametrize("address", ["", "unix:", "fe80::1%eth0", "::ffff:198.51.100.7"])
def test_an_odd_address_is_no_error_of_ours(address):
    assert sign_in(address=address).status_code == 200


def test_what_was_typed_is_not_kept():
    typed = "ICP-TYPED-INTO0-WRONG-FIELD-00000"
    Client().post(
        f"/login/?next=/{typed}/&other={typed}", {"username": typed, "password": typed, "next": typed, "other": typed}
    )
    (row,) = AccessAttempt.objects.values()
    assert typed.lower() not in str(row).lower()


def test_a_command_lets_a_name_in_again():
    from django.core.management import call_command

    make_user(username="li")
    fail(PER_NAME)
    call_command("axes_reset_username", "li", verbosity=0)
    assert sign_in(password="pw").status_code == 302


class Waiting(MD5PasswordHasher):
    """Judges a password when nobody else is on the way: all that are let through have come this far then."""

    def verify(self, password, encoded):
        with turn:
            arrived["judged"] += 1
            turn.notify_all()
            turn.wait_for(lambda: sum(arrived.values()) == GUESSES, timeout=30)
        return super().verify(password, encoded)


GUESSES = 2 * PER_NAME
turn, arrived = Condition(), Counter()


@pytest.mark.parametrize("agent", ["same", "other"])
def test_of_many_guesses_at_once_no_more_are_judged_than_the_limit_allows(own_database, settings, agent):
    make_user(username="li")
    settings.PASSWORD_HASHERS = ["tests.sign_in.test_throttle.Waiting"]
    arrived.clear()

    def guess(number):
        headers = {"HTTP_USER_AGENT": f"browser {number}"} if agent == "other" else {}
        answer = sign_in(address=f"198.51.100.{number}" if agent == "other" else "198.51.100.7", **headers)
        if not answer.wsgi_request.__dict__.get("counted_attempt"):
            with turn:
                arrived["refused"] += 1
                turn.notify_all()
        return answer.status_code

    statuses = at_once(*(partial(guess, number) for number in range(GUESSES)))
    assert set(statuses) <= {200, 429}, statuses
    assert arrived["judged"] <= PER_NAME
    assert sum(AccessAttempt.objects.values_list("failures_since_start", flat=True)) == arrived["judged"]


def test_a_right_password_leaves_no_count():
    li = make_user(username="li", is_staff=True)
    client = Client(REMOTE_ADDR="198.51.100.7")
    client.force_login(li)
    fail(2)
    assert client.post("/admin/confirm/", {"password": "pw"}).status_code == 302
    assert AccessAttempt.objects.get().failures_since_start == 2
