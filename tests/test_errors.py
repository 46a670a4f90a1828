"""Pages when something broke."""

from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from icpportal import urls
from icpportal.errors import server_error


def _answer_to(error: Exception) -> HttpResponse:
    try:
        raise error
    except type(error):
        return server_error(RequestFactory().get("/"))


def test_a_database_that_is_away_is_503_and_says_when_to_come_back() -> None:
    response = _answer_to(OperationalError("canceling statement due to lock timeout"))
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "Nothing was changed" in response.content.decode()


def test_anything_else_is_500_and_tells_nothing_of_itself() -> None:
    response = _answer_to(ValueError("inner matters"))
    assert response.status_code == 500
    assert "inner matters" not in response.content.decode()


def test_the_project_uses_it() -> None:
    assert urls.handler500 == "icpportal.errors.server_error"
