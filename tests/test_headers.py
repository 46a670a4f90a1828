"""Security headers on every kind of answer, cookies, and Django's own checks of a deployment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from icpportal.middleware import CONTENT_SECURITY_POLICY
from tests.factories import make_agent, make_server, make_token, make_user

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent
EVERYWHERE = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STATIC = "/static/icp/tokens.css"


def browser(user=None):
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def member():
    user = make_user()
    make_server().account.members.add(user)
    return user


def calling(path, **headers):
    return browser().get(path, headers={"authorization": f"Bearer {make_token()}", **headers})


ANSWERS = {
    "sign-in": lambda: browser().get("/login/"),
    "customer's page": lambda: browser(member()).get("/"),
    "desk": lambda: browser(make_agent()).get("/admin/"),
    "list of the desk": lambda: browser(make_agent()).get("/admin/codes/authorizationcode/"),
    "csv": lambda: browser(make_agent()).get("/admin/codes/authorizationcode/csv/"),
    "redirect": lambda: browser().get("/"),
    "API": lambda: calling("/api/v1/codes/"),
    "API, not authenticated": lambda: browser().get("/api/v1/codes/"),
    "API, not found": lambda: calling("/api/v1/nothing/"),
    "API, documents": lambda: browser().get("/api/v1/docs/"),
    "API, schema": lambda: browser().get("/api/v1/schema/"),
    "API, bad host": lambda: calling("/api/v1/codes/", host="evil.example"),
    "health": lambda: browser().get("/api/v1/health/live/"),
    "static file": lambda: browser().get(STATIC),
    "no static file": lambda: browser().get("/static/nothing.css"),
    "not found": lambda: browser().get("/nothing/"),
    "forbidden": lambda: browser(make_agent(role="Auditor")).get("/admin/api/apiclient/add/"),
    "forged form": lambda: Client(enforce_csrf_checks=True).post("/login/"),
    "wrong verb": lambda: browser().put("/login/"),
    "bad host": lambda: browser().get("/login/", headers={"host": "evil.example"}),
    "NUL in a filter": lambda: browser(make_agent()).get("/admin/codes/authorizationcode/?state=%00"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_has_them(kind):
    answer = ANSWERS[kind]()
    answer.close()  # a file, for one
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in answer["Permissions-Policy"]
    assert ("no-store" in answer["Cache-Control"]) is (kind != "static file")


def test_a_broken_page_has_them(settings):
    settings.ROOT_URLCONF = "tests.broken_urls"
    answer = browser().get("/broken/")
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("word", ["unsafe", "data:", "blob:", "http:", "https:", "*", "nonce", "sha256"])
def test_the_policy_makes_no_exception(word):
    assert word not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/login/", STATIC, "/api/v1/health/live/", "/nothing/", "/api/v1/codes/"])
def test_over_tls_browsers_are_told_to_stay_there(settings, path):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    answer, plain = browser().get(path, secure=True), browser().get(path)
    answer.close(), plain.close()
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert "Strict-Transport-Security" not in plain


@pytest.mark.parametrize("path", ["/login/", "/api/v1/codes/"])
def test_without_tls_everything_is_sent_there(settings, path):
    settings.SECURE_SSL_REDIRECT = True
    answer = browser().get(path)
    assert (answer.status_code, answer["Location"]) == (301, f"https://testserver{path}")


def test_a_page_that_fails_before_its_language_is_found_is_not_in_that_of_the_call_before(settings):
    settings.SECURE_SSL_REDIRECT = True  # asks for the host first
    browser().get("/api/v1/nope/", headers={"accept-language": "zh-CN"})
    answer = browser().get("/login/", headers={"accept-language": "en", "host": "evil.example"})
    assert (answer.status_code, 'lang="en"' in answer.content.decode()) == (400, True)


def test_signing_in_sets_no_cookie_that_scripts_read():
    make_user(username="li")
    client = Client()
    client.get("/login/")
    client.post("/login/", {"username": "li", "password": "pw"})
    client.post(reverse("set_language"), {"language": "en"})
    assert set(client.cookies) == {"sessionid", "csrftoken", "django_language"}
    for cookie in client.cookies.values():
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


SCRIPT = """
import json, django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check", deploy=True, fail_level="WARNING", verbosity=0)
client = Client(headers={"host": "desk.example.com"})
client.get("/login/", secure=True)
client.post("/i18n/setlang/", {"language": "en"}, secure=True)
from django.conf import settings
from icpportal.said import SaidCookie
found = {name: [bool(each["secure"]), bool(each["httponly"]), each["path"], each["domain"]]
         for name, each in client.cookies.items()}
print(json.dumps([settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.STAFF_ONE_TIME_CODES,
                  SaidCookie.cookie_name, found]))
"""


def test_under_the_settings_of_production_nothing_is_to_be_warned_of(tmp_path):
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "icpportal.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'desk.sqlite3'}",
        "SECRET_KEY": "x7Qz0-a-secret-of-this-test-alone-with-more-than-fifty-characters",
        "CODE_KEYS": "bmV3ZXIgY29kZSBrZXksIDMyIGJ5dGVzIGluIGFsbC4=",
        "ALLOWED_HOSTS": "desk.example.com",
        "EMAIL_URL": "smtp+tls://icp:secret@mail.example.com:587",
        "SITE_URL": "https://desk.example.com",
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    safe = [True, True, "/", ""]
    cookies = {"__Host-csrftoken": safe, "__Host-django_language": safe}
    assert json.loads(done.stdout.splitlines()[-1]) == [
        "__Host-sessionid",
        True,
        True,
        "__Host-messages",
        cookies,
    ]
