"""EMAIL_URL and SITE_URL."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from icpportal import env, mailing


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp+tls://li:s%40cret@mail.example.com", 587, True, False),
        ("smtps://mail.example.com:4650", 4650, False, True),
    ],
)
def test_a_mail_server_is_named_by_its_address(url, port, tls, ssl):
    found = mailing.from_url(url, local=False)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.com", port)
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"], found["EMAIL_TIMEOUT"]) == (tls, ssl, 10)
    assert found["EMAIL_HOST_PASSWORD"] == ("s@cret" if "@mail" in url else "")


@pytest.mark.parametrize(
    "url", ["mail", "http://x", "smtp://", "smtp://u:s3cret@h:p", "smtp://h/path", "smtp://[u:s3cret"]
)
def test_a_malformed_address_is_refused_without_its_password(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must look like") as caught:
        mailing.from_url(url, local=True)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "local", "expected"), [("", True, "console"), ("", False, "dummy"), ("console:", False, "console")]
)
def test_without_a_server_mails_go_to_the_console_here_and_nowhere_elsewhere(url, local, expected):
    assert expected in mailing.from_url(url, local=local)["EMAIL_BACKEND"]


@pytest.mark.parametrize("value", ["desk.example.com", "ftp://x", "https://x/path", "https://a b"])
def test_a_malformed_site_is_refused_by_name(monkeypatch, value):
    monkeypatch.setenv("SITE_URL", value)
    with pytest.raises(ImproperlyConfigured, match="SITE_URL must look like"):
        env.address("SITE_URL", default="")


def test_a_site_has_no_slash_at_its_end(monkeypatch):
    monkeypatch.setenv("SITE_URL", "https://desk.example.com/")
    assert env.address("SITE_URL", default="") == "https://desk.example.com"
