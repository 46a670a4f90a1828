"""Facts of the first row of another table: the same whether they are joined or asked for one by one."""

from typing import Any

import pytest
from django.db import connection

from codes.eligibility import GENERATION
from codes.first_rows import joining
from servers.choices import IPKind
from servers.models import Server
from tests.codes.test_parity import make_rows
from tests.factories import NOW, make_ip, make_server

pytestmark = pytest.mark.django_db


def judged(servers: Any) -> Any:
    return GENERATION.annotate(servers, now=NOW)


@pytest.mark.parametrize("elastic_ip_allowed", [False, True])
def test_facts_are_the_same_joined_or_not(settings: Any, elastic_ip_allowed: bool) -> None:
    settings.ELASTIC_IP_ALLOWED = elastic_ip_allowed
    make_rows(200)
    everything = Server.objects.order_by("pk")
    names = [*judged(everything).query.annotations]
    assert len(names) > 20
    assert [*judged(joining(everything)).values(*names)] == [*judged(everything).values(*names)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite joins no subquery")
def test_a_report_looks_for_each_row_once() -> None:
    sql = str(judged(joining(Server.objects.all())).query)
    assert sql.count("LATERAL") == 5
    assert (sql.count('FROM "servers_ipaddress"'), sql.count('FROM "codes_authorizationcode"')) == (4, 1)


def test_joined_facts_stand_in_a_query_inside_of_another() -> None:
    server, other = make_server(), make_server()
    make_ip(other, kind=IPKind.ELASTIC)
    inner = judged(joining(Server.objects.filter(account=other.account))).filter(elastic_address__isnull=False)
    assert [*Server.objects.filter(pk__in=inner.values("pk"))] == [other]
    outer = judged(joining(Server.objects.filter(pk__in=inner.values("pk"))))
    assert [*outer.values_list("pk", "elastic_address")] == [(other.pk, other.ips.get(kind=IPKind.ELASTIC).address)]
    assert judged(joining(Server.objects.all())).filter(ordinary_address=server.ips.get().address).count() == 1
