"""One-time codes of staff: set up, asked for, taken once, throttled, renewed, reset; compulsory by a setting."""

import base64
import html
import re
from datetime import timedelta

import pytest
import segno
import time_machine
from cryptography.fernet import Fernet
from django.contrib.auth import SESSION_KEY
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from icpportal.final_rows import AppendOnly
from icpportal.sign_in import one_time_codes
from icpportal.sign_in.models import OneTimeChange, OneTimeDevice, RecoveryCode, Session
from icpportal.sign_in.throttle import PER_ADDRESS, PER_NAME
from tests.codes.pages import new_form, text
from tests.factories import make_agent, make_user

pytestmark = pytest.mark.django_db
ADDRESS = {"REMOTE_ADDR": "198.51.100.7"}
PEOPLE, EACH = 6, PER_NAME - 1  # together more than an address may, each less than a name may
assert PEOPLE * EACH >= PER_ADDRESS


@pytest.fixture
def compulsory(settings):
    settings.STAFF_ONE_TIME_CODES = True


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def browser(**extra):
    return Client(HTTP_ACCEPT_LANGUAGE="en", **(ADDRESS | extra))


def give_password(client, name="sun", path="/admin/login/", password="pw"):
    return client.post(path, {"username": name, "password": password})


def secret_in(page):
    found = re.search(r'id="one-time-secret"[^>]*>([A-Z2-7 ]+)<', page.content.decode())
    assert found
    return found.group(1).replace(" ", "")


def code_of(secret, *, steps=0):
    totp = TOTP(base64.b32decode(secret), drift=steps)
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06d}"


def recovery_codes_in(page):
    return re.findall(r"<div>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</div>", page.content.decode())


def set_up(name="sun"):
    """The secret and the recovery codes of somebody who signed in for the first time."""
    client = browser()
    give_password(client, name)
    secret = secret_in(client.get("/login/set-up/"))
    page = client.post("/login/set-up/", {"code": code_of(secret)})
    return secret, recovery_codes_in(page)


def is_in(client, path="/admin/"):
    return client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_whoever_must_have_them_sets_them_up_before_getting_in(compulsory, path):
    make_agent(username="sun")
    client = browser()
    assert give_password(client, path=path).url == "/login/code/"
    assert not is_in(client)
    page = client.get("/login/code/", follow=True)
    secret = secret_in(page)
    assert "no-store" in page["Cache-Control"]
    assert "style=" not in page.content.decode()
    answer = client.post("/login/set-up/", {"code": code_of(secret)})
    assert len(recovery_codes_in(answer)) == 10
    assert "no-store" in answer["Cache-Control"]
    assert is_in(client)
    assert secret.encode() not in bytes(OneTimeDevice.objects.get().sealed)
    assert OneTimeChange.objects.get().what == "enrolled"


def test_the_picture_holds_the_key_and_the_name(compulsory, monkeypatch):
    seen, make = [], segno.make
    monkeypatch.setattr(segno, "make", lambda text, **options: seen.append(text) or make(text, **options))
    make_agent(username="sun<li>")
    client = browser()
    give_password(client, "sun<li>")
    page = client.get("/login/set-up/")
    assert seen == [f"otpauth://totp/ICP%20codes%3Asun%3Cli%3E?secret={secret_in(page)}&issuer=ICP%20codes"]
    assert "sun<li>" not in html.unescape(page.content.decode())


def test_a_password_alone_replaces_no_app_that_was_set_up_meanwhile():
    agent = make_agent(username="sun")
    first, second, now = one_time_codes.new_secret(), one_time_codes.new_secret(), timezone.now()
    assert one_time_codes.enrol(agent, secret=first, typed=code_of(first), is_first=True, now=now)
    sealed = bytes(OneTimeDevice.objects.get().sealed)
    assert one_time_codes.enrol(agent, secret=second, typed=code_of(second), is_first=True, now=now) is None
    assert bytes(OneTimeDevice.objects.get().sealed) == sealed


def test_a_key_that_was_shown_is_shown_anew_after_the_keys_of_the_service_changed(compulsory):
    make_agent(username="sun")
    client = browser()
    give_password(client)
    first = secret_in(client.get("/login/set-up/"))
    session = client.session
    session["new_one_time_secret"] = Fernet(Fernet.generate_key()).encrypt(first.encode()).decode()
    session.save()
    assert secret_in(client.get("/login/set-up/")) != first


def test_a_wrong_code_sets_nothing_up(compulsory):
    make_agent(username="sun")
    client = browser()
    give_password(client)
    secret = secret_in(client.get("/login/set-up/"))
    page = client.post("/login/set-up/", {"code": code_of(secret, steps=9)})
    assert "The code is wrong" in text(page)
    assert secret_in(page) == secret
    assert not OneTimeDevice.objects.exists()
    assert not is_in(client)


def test_the_code_is_asked_for_at_every_sign_in(compulsory, clock):
    make_agent(username="sun")
    secret, _ = set_up()
    clock.shift(60)
    client = browser()
    assert give_password(client).url == "/login/code/"
    assert not is_in(client)
    assert client.post("/login/code/", {"code": code_of(secret)}).url == "/admin/"
    assert is_in(client)


def test_each_step_gives_the_session_another_key(compulsory, clock):
    make_agent(username="sun")
    secret, _ = set_up()
    clock.shift(60)
    client = browser()
    keys = [client.session.session_key]
    for act in (lambda: give_password(client), lambda: client.post("/login/code/", {"code": code_of(secret)})):
        act()
        keys.append(client.session.session_key)
    assert len(set(keys)) == 3 and is_in(client) and "pending_sign_in" not in client.session


def test_whoever_set_them_up_is_asked_also_where_nobody_must(clock):
    agent = make_agent(username="sun")
    client = browser()
    client.force_login(agent)
    secret = secret_in(client.get("/admin/one-time-codes/set-up/"))
    assert len(recovery_codes_in(client.post("/admin/one-time-codes/set-up/", {"code": code_of(secret)}))) == 10
    assert give_password(browser()).url == "/login/code/"


def test_customers_keep_their_password_alone(compulsory):
    make_user(username="li")
    client = browser()
    assert give_password(client, "li", "/login/").url == "/"
    assert is_in(client, "/")


def test_the_page_that_was_asked_for_comes_after_the_code(compulsory, clock):
    make_agent(username="sun")
    secret, _ = set_up()
    clock.shift(60)
    client = browser()
    client.post("/admin/login/", {"username": "sun", "password": "pw", "next": "/admin/codes/filing/"})
    assert client.post("/login/code/", {"code": code_of(secret)}).url == "/admin/codes/filing/"


def test_a_code_cannot_be_used_twice(compulsory, clock):
    make_agent(username="sun")
    secret, _ = set_up()
    clock.shift(60)
    used = code_of(secret)
    for expected in (302, 200):
        client = browser()
        give_password(client)
        assert client.post("/login/code/", {"code": used}).status_code == expected
    assert not is_in(client)


def test_a_code_before_the_last_used_one_is_dead_too(compulsory, clock):
    make_agent(username="sun")
    secret, _ = set_up()
    clock.shift(60)
    earlier = code_of(secret, steps=-1)
    first, second = browser(), browser()
    give_password(first), give_password(second)
    assert first.post("/login/code/", {"code": code_of(secret)}).status_code == 302
    assert second.post("/login/code/", {"code": earlier}).status_code == 200


@pytest.mark.parametrize(("steps", "status"), [(-2, 200), (-1, 302), (0, 302), (1, 302), (2, 200)])
def test_clocks_may_differ_by_half_a_minute(compulsory, clock, steps, status):
    make_agent(username="sun")
    secret, _ = set_up()
    clock.shift(300)
    client = browser()
    give_password(client)
    assert client.post("/login/code/", {"code": code_of(secret, steps=steps)}).status_code == status


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "\0", "x" * 5000, "ICP-00000"])
def test_what_is_no_code_is_refused_with_a_message(compulsory, typed):
    make_agent(username="sun")
    set_up()
    client = browser()
    give_password(client)
    page = client.post("/login/code/", {"code": typed})
    assert page.status_code == 200
    assert "There is a problem" in text(page)


def test_a_recovery_code_signs_in_once_and_is_kept_as_a_hash(compulsory):
    agent = make_agent(username="sun")
    _, recovery_codes = set_up()
    typed = recovery_codes[3].lower().replace("-", " ")
    for expected in (302, 200):
        client = browser()
        give_password(client)
        assert client.post("/login/code/", {"code": typed}).status_code == expected
    stored = b"".join(bytes(each.digest) for each in RecoveryCode.objects.all())
    assert recovery_codes[3].encode() not in stored and recovery_codes[3].replace("-", "").encode() not in stored
    assert agent.one_time_changes.filter(what="recovered").count() == 1


def test_another_persons_recovery_code_is_none(compulsory):
    make_agent(username="sun"), make_agent(username="zhou")
    _, of_sun = set_up("sun")
    set_up("zhou")
    client = browser()
    give_password(client, "zhou")
    assert client.post("/login/code/", {"code": of_sun[0]}).status_code == 200
    assert SESSION_KEY not in client.session


def fail(times, *, name="sun", **extra):
    client = browser(**extra)
    give_password(client, name)
    return [client.post("/login/code/", {"code": "000000"}).status_code for _ in range(times)]


def test_wrong_codes_lock_the_person_wherever_they_come_from(compulsory, clock):
    make_agent(username="sun")
    secret, recovery_codes = set_up()
    clock.shift(60)
    assert fail(PER_NAME - 1) == [200] * (PER_NAME - 1)
    client = browser(REMOTE_ADDR="203.0.113.9")
    give_password(client)
    assert client.post("/login/code/", {"code": "000000"}).status_code == 429
    for right in (code_of(secret), recovery_codes[0]):
        assert client.post("/login/code/", {"code": right}).status_code == 429
    assert not is_in(client)
    clock.shift(timedelta(minutes=15, seconds=1))
    give_password(client)
    assert client.post("/login/code/", {"code": code_of(secret)}).status_code == 302


def test_wrong_codes_count_for_the_person_whatever_name_is_sent_beside_them(compulsory):
    make_agent(username="sun")
    set_up()
    client = browser()
    give_password(client)
    for number in range(PER_NAME - 1):
        client.post("/login/code/", {"code": "000000", "username": f"zhou{number}"})
    assert client.post("/login/code/", {"code": "000000", "username": "zhou"}).status_code == 429


@pytest.mark.parametrize("is_set_up", [True, False])
def test_signing_in_forgives_nobody_else_whatever_name_is_sent_beside_the_code(compulsory, clock, is_set_up):
    make_agent(username="sun"), make_agent(username="li")
    for _ in range(PER_NAME - 1):
        give_password(browser(), "li", password="no")
    secret = set_up()[0] if is_set_up else ""
    clock.shift(60)
    client = browser()
    give_password(client)
    secret = secret or secret_in(client.get("/login/set-up/"))
    path = "/login/code/" if is_set_up else "/login/set-up/"
    client.post(path, {"code": code_of(secret), "username": "li"})
    assert is_in(client)
    assert give_password(browser(REMOTE_ADDR="203.0.113.9"), "li", password="no").status_code == 429


def test_wrong_codes_lock_the_address_and_a_forged_header_does_not_help(compulsory):
    people = [f"sun{number}" for number in range(PEOPLE)]
    for name in people:
        make_agent(username=name)
        set_up(name)
    for number, name in enumerate(people):
        fail(EACH, name=name, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    make_agent(username="zhou")
    assert give_password(browser(HTTP_X_FORWARDED_FOR="192.0.2.1"), "zhou").status_code == 429
    assert give_password(browser(REMOTE_ADDR="203.0.113.9"), "zhou").status_code == 302


def test_behind_a_proxy_codes_are_counted_by_the_callers_address(compulsory, settings):
    settings.TRUSTED_PROXY = 1
    people = [f"sun{number}" for number in range(PEOPLE)]
    for name in people:
        make_agent(username=name)
        set_up(name)
    for number, name in enumerate(people):
        fail(EACH, name=name, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}, 198.51.100.9")
    make_agent(username="zhou")
    same = browser(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.77, 198.51.100.9")
    other = browser(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.77, 198.51.100.10")
    assert give_password(same, "zhou").status_code == 429
    assert give_password(other, "zhou").status_code == 302


def test_the_right_password_alone_forgives_no_failures(compulsory):
    make_agent(username="sun")
    set_up()
    for _ in range(PER_NAME - 1):
        give_password(browser(), password="no")
        give_password(browser())
    assert give_password(browser(), password="no").status_code == 429


def test_nobody_is_in_between_after_ten_minutes_or_with_another_password(compulsory, clock):
    agent = make_agent(username="sun")
    secret, _ = set_up()
    clock.shift(60)
    late, changed = browser(), browser()
    give_password(changed)
    agent.set_password("another")
    agent.save()
    assert changed.post("/login/code/", {"code": code_of(secret)}).url == "/login/"
    give_password(late, password="another")
    clock.shift(timedelta(minutes=10, seconds=1))
    assert late.post("/login/code/", {"code": code_of(secret)}).url == "/login/"


def test_nobody_deactivated_between_the_steps_gets_in(compulsory, clock):
    agent = make_agent(username="sun")
    secret, _ = set_up()
    clock.shift(60)
    client = browser()
    give_password(client)
    agent.is_active = False
    agent.save()
    assert client.post("/login/code/", {"code": code_of(secret)}).url == "/login/"


def test_nobody_without_a_password_given_sees_a_key(compulsory):
    make_agent(username="sun")
    assert browser().get("/login/set-up/", follow=True).redirect_chain[-1][0] == "/login/"
    assert browser().post("/login/code/", {"code": "000000"}).url == "/login/"


def test_whoever_has_an_app_cannot_set_up_another_by_password_alone(compulsory):
    make_agent(username="sun")
    set_up()
    client = browser()
    give_password(client)
    assert client.get("/login/set-up/").url == "/login/code/"


def test_a_session_from_before_they_were_compulsory_ends(settings):
    client = browser()
    client.force_login(make_agent(username="sun"))
    assert is_in(client)
    settings.STAFF_ONE_TIME_CODES = True
    assert not is_in(client)
    assert not Session.objects.exists()


def test_a_customer_who_becomes_staff_signs_in_anew(compulsory):
    user = make_user(username="li")
    client = browser()
    give_password(client, "li", "/login/")
    assert is_in(client, "/")
    user.is_staff = True
    user.save()
    assert not is_in(client, "/")


def test_new_recovery_codes_replace_the_old_ones(compulsory, clock):
    make_agent(username="sun")
    secret, old = set_up()
    clock.shift(60)
    client = browser()
    give_password(client)
    client.post("/login/code/", {"code": code_of(secret)})
    own = text(client.get("/admin/one-time-codes/"))
    assert "10 recovery codes are left. Making new ones ends these." in own
    assert "takes the place of the one that you have" in text(client.get("/admin/one-time-codes/set-up/"))
    form = new_form()
    new = recovery_codes_in(client.post("/admin/one-time-codes/", form))
    again = text(client.post("/admin/one-time-codes/", form, follow=True))
    assert "were shown before and hold" in again and "10 recovery codes are left" in again
    assert len(new) == 10 and not set(new) & set(old)
    for typed, expected in ((old[0], 200), (new[0], 302)):
        again = browser()
        give_password(again)
        assert again.post("/login/code/", {"code": typed}).status_code == expected


@pytest.mark.parametrize("path", ["/login/set-up/", "/admin/one-time-codes/set-up/"])
def test_a_reload_of_the_recovery_codes_says_that_they_hold(compulsory, clock, path):
    make_agent(username="sun")
    client = Client(HTTP_ACCEPT_LANGUAGE="en", enforce_csrf_checks=True, **ADDRESS)

    def send(path, *, page, **data):
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
        form = {**data, "csrfmiddlewaretoken": found.group(1)}
        return client.post(path, form), lambda: client.post(path, form, follow=True)

    send("/login/", page=client.get("/login/"), username="sun", password="pw")
    page = client.get("/login/set-up/")
    shown, reload = send("/login/set-up/", page=page, code=code_of(secret_in(page)))
    if path != "/login/set-up/":
        page = client.get(path)
        shown, reload = send(path, page=page, code=code_of(secret_in(page)))
    assert len(recovery_codes_in(shown)) == 10
    again = reload()
    assert again.redirect_chain == [("/admin/one-time-codes/", 302)]
    assert "were shown before and hold" in text(again) and "10 recovery codes are left" in text(again)
    assert OneTimeChange.objects.count() == (1 if path == "/login/set-up/" else 2)


def test_setting_up_at_sign_in_is_not_done_by_a_forged_form():
    client = Client(enforce_csrf_checks=True, **ADDRESS)
    assert client.post("/login/set-up/", {"code": "123456"}).status_code == 403


def test_confirming_takes_a_code_too(compulsory, clock):
    make_agent(username="sun", role="Supervisor")
    secret, _ = set_up()
    clock.shift(60)
    client = browser()
    give_password(client)
    client.post("/login/code/", {"code": code_of(secret)})
    clock.shift(timedelta(minutes=11))
    assert client.get("/admin/api/apiclient/add/").status_code == 302
    assert client.post("/admin/confirm/", {"password": "pw"}).status_code == 200
    assert client.post("/admin/confirm/", {"password": "pw", "code": "000000"}).status_code == 200
    assert client.get("/admin/api/apiclient/add/").status_code == 302
    assert client.post("/admin/confirm/", {"password": "pw", "code": code_of(secret)}).status_code == 302
    assert client.get("/admin/api/apiclient/add/").status_code == 200


def test_a_superuser_resets_a_lost_device_and_it_is_recorded(compulsory, capsys):
    agent, root = make_agent(username="sun"), make_user(username="root", is_staff=True, is_superuser=True)
    set_up()
    call_command("reset_one_time_codes", "sun", "--by", "root", "--reason", "Called back, ticket 7")
    assert "sets up one-time codes at the next sign-in" in capsys.readouterr().out
    change = agent.one_time_changes.get(what="reset")
    assert (change.by, change.reason) == (root, "Called back, ticket 7")
    assert not OneTimeDevice.objects.exists() and not RecoveryCode.objects.exists()
    assert not Session.objects.filter(user=agent).exists()
    client = browser()
    give_password(client)
    assert client.get("/login/code/").url == "/login/set-up/"


def test_where_nobody_must_have_them_a_reset_leaves_the_password(settings, compulsory, capsys):
    make_agent(username="sun")
    make_user(username="root", is_staff=True, is_superuser=True)
    set_up()
    settings.STAFF_ONE_TIME_CODES = False
    call_command("reset_one_time_codes", "sun", "--by", "root", "--reason", "Called back, ticket 7")
    assert "needs their password alone at the next sign-in" in capsys.readouterr().out


def test_what_happened_to_them_is_on_the_persons_page_newest_first(settings, compulsory):
    agent, root = make_agent(username="sun"), make_user(username="root", is_staff=True, is_superuser=True)
    set_up()
    call_command("reset_one_time_codes", "sun", "--by", "root", "--reason", "Called back, ticket 7")
    settings.STAFF_ONE_TIME_CODES, desk = False, browser()
    desk.force_login(make_agent(username="audit", role="Auditor"))
    page = text(desk.get(f"/admin/codes/person/{agent.pk}/change/"))
    first, second = page.index("One-time codes reset Called back, ticket 7"), page.index("One-time codes set up")
    assert first < second
    assert root.username in page[:first]


def test_what_happened_to_them_is_neither_changed_nor_deleted(compulsory):
    make_agent(username="sun")
    set_up()
    change = OneTimeChange.objects.get()
    for attempt in (change.save, change.delete, OneTimeChange.objects.all().delete):
        with pytest.raises(AppendOnly):
            attempt()
    with pytest.raises(AppendOnly):
        OneTimeChange.objects.update(reason="x")
    for statement in ("UPDATE sign_in_onetimechange SET reason = 'x'", "DELETE FROM sign_in_onetimechange"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert OneTimeChange.objects.get().reason == ""


@pytest.mark.parametrize(
    ("name", "by", "reason", "said"),
    [
        ("nobody", "root", "x", "no user nobody"),
        ("sun", "sun", "x", "no active superuser"),
        ("sun", "root", " ", "Give a reason"),
        ("root", "root", "x", "names another superuser"),
    ],
)
def test_a_reset_that_is_not_in_order_is_refused(name, by, reason, said):
    make_agent(username="sun"), make_user(username="root", is_superuser=True)
    with pytest.raises(CommandError, match=said):
        call_command("reset_one_time_codes", name, "--by", by, "--reason", reason)
