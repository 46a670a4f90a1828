"""API clients on the desk: made, given another token, revoked, by supervisors; a token is shown once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from codes.admin.columns import list_url, page_url
from icpportal.api.models import ApiClient, ApiToken, token_digest
from tests import factories
from tests.codes.desk import signed_in
from tests.codes.pages import FORM, text

pytestmark = pytest.mark.django_db
ADD = "/admin/api/apiclient/add/"


def act_url(client: ApiClient, action: str) -> str:
    return reverse(f"admin:api_apiclient_{action}", args=[client.pk])


def token_in(response: Any) -> str:
    found = re.search(r"icp_[\w-]+", response.content.decode())
    assert found
    return found.group()


def opens(token: str) -> bool:
    return ApiToken.objects.valid(now=timezone.now()).filter(digest=token_digest(token)).exists()


def test_a_new_client_gets_a_token_that_is_shown_once() -> None:
    account, supervisor = factories.make_account(), signed_in("Supervisor")
    sent = {"name": "console", "scopes": ["codes:generate"], "account": account.uid, "days": "30"} | FORM
    offered = supervisor.get(ADD).content.decode()
    answer = supervisor.post(ADD, sent)
    made = ApiClient.objects.get(name="console")
    assert (made.scopes, made.account) == (["codes:generate"], account)
    assert opens(token_in(answer))
    assert "no-store" in answer["Cache-Control"]
    assert made.tokens.get().expires_at - timezone.now() > timedelta(days=29)
    page = supervisor.get(page_url(made)).content.decode()
    assert token_in(answer) not in page
    assert "Generate codes (codes:generate)" in page and "Generate codes (codes:generate)" in offered
    assert not LogEntry.objects.filter(change_message__contains="icp_").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "taken"),
        ("name", "a\0b"),
        ("scopes", "codes:all"),
        ("scopes", ""),
        ("account", "404"),
        ("account", "1\0"),
        ("days", "0"),
        ("days", "9" * 400),
    ],
)
def test_a_client_that_cannot_be_is_not_made(field: str, value: str) -> None:
    factories.make_client(name="taken")
    sent = {"name": "console", "scopes": "codes:read", "account": "", "days": "", **FORM} | {field: value}
    answer = signed_in("Supervisor").post(ADD, sent)
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not ApiClient.objects.filter(name="console").exists()


@pytest.mark.parametrize(
    ("name", "said"), [("taken", "Another client has this name."), ("a\u202eb", "Use visible characters only.")]
)
def test_what_is_wrong_with_a_name_is_said(name: str, said: str) -> None:
    factories.make_client(name="taken")
    sent = {"name": name, "scopes": "codes:read", "account": "", "days": "", **FORM}
    assert said in signed_in("Supervisor").post(ADD, sent).content.decode()


def test_another_token_lets_the_old_one_live_for_the_overlap() -> None:
    known = factories.make_client()
    old = factories.make_token(known)
    new = token_in(signed_in("Supervisor").post(act_url(known, "rotate"), {"hours": "24", "days": ""} | FORM))
    assert opens(old) and opens(new) and old != new
    newest = token_in(signed_in("Supervisor").post(act_url(known, "rotate"), {"hours": "0", "days": ""} | FORM))
    assert (opens(old), opens(new), opens(newest)) == (False, False, True)


def test_a_revoked_client_opens_nothing_and_comes_not_back() -> None:
    known = factories.make_client()
    token = factories.make_token(known)
    supervisor = signed_in("Supervisor")
    assert supervisor.get(act_url(known, "revoke")).status_code == 200
    assert opens(token)
    assert supervisor.post(act_url(known, "revoke")).status_code == 302
    assert not opens(token)
    for action in ("rotate", "revoke"):  # from a page that was opened before
        answer = supervisor.post(act_url(known, action), {"hours": "0", "days": ""} | FORM, follow=True)
        assert answer.redirect_chain == [(page_url(known), 302)]
        assert f"{known.name} was revoked before: it gets no new token." in answer.content.decode()
    assert known.tokens.count() == 1
    assert "Revoked" in supervisor.get(page_url(known)).content.decode()


def test_who_made_its_tokens_and_revoked_it_is_told() -> None:
    supervisor = signed_in("Supervisor")
    supervisor.post(ADD, {"name": "console", "scopes": ["codes:read"], "account": "", "days": ""} | FORM)
    made = ApiClient.objects.get()
    assert "All accounts" in text(supervisor.get(list_url(ApiClient)))
    supervisor.post(act_url(made, "rotate"), {"hours": "24", "days": "", "form_id": "g" * 22})
    supervisor.post(act_url(made, "revoke"))
    told = [(row.title, row.actor) for row in supervisor.get(page_url(made)).context["timeline"]]
    who = User.objects.get().username
    assert told == [(f"<strong>{act}</strong>", who) for act in ("Client revoked", "Token made", "Client created")]


def test_the_last_use_is_shown() -> None:
    known = factories.make_client()
    factories.make_token(known)
    known.tokens.update(last_used_at=factories.NOW)
    for url in (list_url(ApiClient), page_url(known)):
        assert "23 Nov 2026, 12:00" in signed_in("Supervisor").get(url).content.decode()


@pytest.mark.parametrize(("role", "shown"), [("Agent", 403), ("Auditor", 200), ("Supervisor", 200)])
def test_who_sees_and_who_changes(role: str, shown: int) -> None:
    known, client = factories.make_client(), signed_in(role)
    assert client.get(list_url(ApiClient)).status_code == shown
    assert client.get(page_url(known)).status_code == shown
    expected = 200 if role == "Supervisor" else 403
    assert client.get(ADD).status_code == expected
    for action in ("rotate", "revoke"):
        assert client.get(act_url(known, action)).status_code == expected


def test_a_client_leads_to_the_guide_of_the_api() -> None:
    assert 'href="/api/v1/docs/"' in signed_in("Auditor").get(page_url(factories.make_client())).content.decode()


def test_a_scope_is_named_in_the_punctuation_of_the_page() -> None:
    client = factories.make_client(scopes=("codes:read",))
    for language, named in [("en", "Read codes (codes:read)"), ("zh-hans", "读取授权码（codes:read）")]:
        assert named in signed_in("Supervisor", language=language).get(page_url(client)).content.decode()
