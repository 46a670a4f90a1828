"""Pages when something broke."""

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from icpportal import urls
from icpportal.errors import server_error
from tests.factories import make_agent


def _answer_to(error: Exception, path: str = "/", *, method: str = "GET") -> HttpResponse:
    try:
        raise error
    except type(error):
        return server_error(RequestFactory().generic(method, path))


@pytest.mark.parametrize(("method", "todo"), [("GET", "Try again in a few"), ("POST", "look whether it is done")])
def test_a_database_that_is_away_is_503_and_says_when_to_come_back(method: str, todo: str) -> None:
    response = _answer_to(OperationalError("canceling statement due to lock timeout"), method=method)
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    # A COMMIT whose answer is lost may have been done.
    assert todo in response.content.decode() and "Nothing was changed" not in response.content.decode()


def test_anything_else_is_500_and_tells_nothing_of_itself() -> None:
    response = _answer_to(ValueError("inner matters"))
    assert response.status_code == 500
    assert "inner matters" not in response.content.decode()


@pytest.mark.urls("tests.broken_urls")
@pytest.mark.parametrize(
    ("path", "whom"), [("/broken/", "customer service"), ("/admin/broken/", "whoever runs the desk")]
)
def test_a_broken_page_names_the_number_under_which_it_was_logged(path: str, whom: str) -> None:
    client = Client(raise_request_exception=False, headers={"X-Request-ID": "known-7", "Accept-Language": "en"})
    page = client.get(path).content.decode()
    assert f"tell {whom} this number:" in page and ">known-7<" in page


@pytest.mark.parametrize("error", [OperationalError("away"), ValueError("broken")])
def test_what_failed_is_tried_again_on_the_face_where_it_failed(error: Exception) -> None:
    page = _answer_to(error, "/admin/codes/filing/?held=long").content.decode()
    assert '<a class="site-name" href="/admin/">' in page
    assert 'href="">Try again</a>' in page  # where it was asked: a query may carry a code, and is not repeated


def test_the_project_uses_it() -> None:
    assert urls.handler500 == "icpportal.errors.server_error"


@pytest.mark.parametrize("path", ["/login/?next=/codes/", "/admin/login/"])
def test_a_form_without_its_token_leads_back_to_its_page_on_either_face(path: str) -> None:
    client = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")
    page = client.post(path)
    assert page.status_code == 403
    assert "Your browser sent no cookie" in page.content.decode()
    client.get(path)
    page = client.post(path)
    assert "The page was open for too long" in page.content.decode()
    assert f'<a class="btn btn-primary" href="{path}">Load the page again</a>' in page.content.decode()


@pytest.mark.django_db
def test_who_may_not_is_not_called_an_account_which_customers_have() -> None:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(make_agent())
    page = client.get("/admin/auth/user/")
    assert page.status_code == 403 and "account" not in page.content.decode()
