"""What is asked for and not there: rows, pages of lists. The desk says what is true and leads on."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from codes.admin.columns import list_url
from codes.models import AuthorizationCode, BulkRun, CodeEvent
from codes.webhooks.models import WebhookDelivery
from servers.models import FeedRun, Region, Server
from tests import factories
from tests.codes.desk import signed_in
from tests.codes.pages import text
from tests.codes.test_large_accounts import make_fleet

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("view", ["change", "history"])
@pytest.mark.parametrize(
    ("model", "name"), [(Server, "server"), (AuthorizationCode, "authorization code"), (Region, "region")]
)
def test_a_row_that_never_was_leads_to_its_list_and_the_look_up(model, name, view):
    answer = signed_in("Supervisor").get(f"{list_url(model)}999/{view}/", follow=True)
    assert answer.redirect_chain == [(list_url(model), 302)]
    said = f"There is no {name} with the number 999. None is ever deleted: look it up above, or in this list."
    assert said in text(answer)


@pytest.mark.parametrize("model", [BulkRun, FeedRun, WebhookDelivery])
def test_a_row_that_may_have_been_cleared_is_not_said_to_be_kept(model):
    said = text(signed_in("Supervisor").get(f"{list_url(model)}999/change/", follow=True))
    assert "with the number 999. Those of long ago are deleted; this list has the others." in said


def test_djangos_own_pages_say_the_same():
    root = Client()
    root.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    assert "There is no user with the number 999." in text(root.get(f"{list_url(User)}999/change/", follow=True))


def test_a_page_that_is_not_there_speaks_to_staff_of_the_look_up():
    page = text(signed_in().get("/admin/nothing-here/"))
    assert "Check the address, or look it up from the start page of the desk." in page
    assert "another account" not in page and "another account" in text(Client().get("/nothing-here/"))


def test_a_number_that_is_none_is_cut_short():
    answer = signed_in("Supervisor").get(f"{list_url(Server)}{'x' * 300}/change/", follow=True)
    assert f"with the number {'x' * 20}. None" in text(answer)


@pytest.mark.parametrize("asked", ["3", "99", "1" + "0" * 30])
def test_a_page_beyond_the_last_leads_to_the_last(asked):
    make_fleet(factories.make_account(), 51)
    answer = signed_in("Supervisor").get(list_url(Server, p=asked, billing_mode="prepaid"), follow=True)
    assert answer.redirect_chain == [(list_url(Server, p=2, billing_mode="prepaid"), 302)]
    assert f"This list has no page {asked[:20]}. This is page 2, its last." in text(answer)
    assert answer.context["cl"].range_label == "51 to 51 of 51"


@pytest.mark.parametrize("filters", [{}, {"eligible": "true"}])
def test_an_empty_list_has_one_page(filters):
    assert "This is page 1, its last." in text(
        signed_in("Supervisor").get(list_url(Server, p=2, **filters), follow=True)
    )


@pytest.mark.parametrize("asked", ["0", "-3", "x"])
def test_a_page_before_the_first_is_the_first(asked):
    factories.make_issued(now=timezone.now())
    page = signed_in("Supervisor").get(list_url(CodeEvent, p=asked))
    assert page.status_code == 200 and page.context["cl"].range_label == "1 to 1 of 1"


def test_the_current_page_is_named_as_such_and_the_only_one_is_not():
    account = factories.make_account()
    make_fleet(account, 50)
    html = signed_in("Supervisor").get(list_url(Server)).content.decode()
    assert "1 to 50 of 50" in html and "this-page" not in html
    factories.make_server(account=account)
    html = signed_in("Supervisor").get(list_url(Server, p=2)).content.decode()
    assert '<span class="this-page" aria-current="page">2</span>' in html
