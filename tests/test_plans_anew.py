"""What is planned anew keeps no plan, and leaves the connection as it was."""

import pytest
from django.db import connection

from icpportal.plans import planned_anew
from servers.models import Server

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="Kept plans are PostgreSQL's"),
]


def kept() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%begins%%'")
        return int(cursor.fetchone()[0])


def look_often() -> None:
    for number in range(12):
        list(Server.objects.filter(name__startswith=f"n{number}").extra(select={"begins": "1"}))


def test_a_statement_that_repeats_is_kept_but_where_it_is_planned_anew() -> None:
    with planned_anew():
        look_often()
    assert kept() == 0
    look_often()
    assert kept() == 1
