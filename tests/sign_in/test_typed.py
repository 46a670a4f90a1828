"""What was typed at the desk is not lost when the session ends before the form is sent."""

import pytest
from django.test import Client
from django.urls import reverse

from codes.models import CodeEvent
from tests import factories

pytestmark = pytest.mark.django_db
TYPED = {"reason": "<b>leaked</b> in a chat", "ticket": "T-7", "form_id": "x"}


def act_url() -> str:
    return reverse("admin:codes_authorizationcode_act", args=[factories.make_code().pk, "rotate"])


def test_who_is_signed_out_meanwhile_reads_what_they_typed_and_comes_back():
    url = act_url()
    events = CodeEvent.objects.count()
    answer = Client(headers={"accept-language": "en"}).post(url, TYPED)
    page = answer.content.decode()
    assert answer.status_code == 403 and "no-store" in answer["Cache-Control"]
    assert "&lt;b&gt;leaked&lt;/b&gt; in a chat" in page and "T-7" in page and "Nothing was changed." in page
    assert f'href="/admin/login/?next={url.replace("/", "%2F")}"' in page
    assert page.count("<h1") == 1
    assert CodeEvent.objects.count() == events


@pytest.mark.parametrize("sent", [{}, {"reason": " "}, {"password": "pw", "q": "x"}])
def test_where_nothing_was_typed_sign_in_comes_at_once(sent):
    url = act_url()
    answer = Client().post(url, sent)
    assert answer.status_code == 302 and answer["Location"] == f"/admin/login/?next={url}"


def test_who_is_signed_out_meanwhile_reads_that_nothing_was_done_with_the_rows_they_selected():
    sent = {"action": "withdraw", "_selected_action": str(factories.make_code().pk), "index": "0"}
    client = Client(headers={"accept-language": "en"})
    page = client.post(reverse("admin:codes_authorizationcode_changelist"), sent, follow=True)
    said = "You were signed out meanwhile. Nothing was changed; select the rows again."
    assert page.content.decode().count(said) == 1 and page.redirect_chain[-1][0].startswith("/admin/login/")
    assert said not in client.get("/admin/login/").content.decode()


def test_nothing_comes_back_that_another_site_sent():
    page = Client(enforce_csrf_checks=True).post(act_url(), TYPED)
    assert page.status_code == 403 and "leaked" not in page.content.decode()


def test_who_may_not_open_the_desk_is_told_so_and_nothing_is_shown():
    client = Client()
    client.force_login(factories.make_user())
    assert client.post(act_url(), TYPED).status_code == 302
