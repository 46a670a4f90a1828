"""Filters that no server can meet together are known without looking; none that one could meet is taken for such."""

from itertools import product

import pytest

from codes.eligibility import GENERATION
from servers.choices import BillingMode, ServerState
from servers.filters import ServerFilterSet, is_impossible
from servers.models import Server
from tests.codes.test_parity import make_rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"eligible": True, "state": "terminated"}, True),
        ({"eligible": True, "state": "isolated"}, True),
        ({"eligible": True, "billing_mode": "spot"}, True),
        ({"eligible": True, "fails": "clb_ip"}, True),
        ({"fails": "not_prepaid", "billing_mode": "prepaid"}, True),
        ({"fails": "server_terminated", "state": "running"}, True),
        ({"fails": "clb_ip", "state": "terminated"}, True),  # a terminated server fails that alone
        ({"eligible": True, "state": "stopped", "billing_mode": "prepaid"}, False),
        ({"eligible": False, "fails": "clb_ip"}, False),
        ({"fails": "not_prepaid", "billing_mode": "spot"}, False),
        ({}, False),
    ],
)
def test_what_contradicts_itself_is_impossible(chosen: dict[str, object], expected: bool) -> None:
    assert is_impossible(chosen, now=NOW) is expected


def test_no_server_meets_what_is_called_impossible() -> None:
    make_rows(300)
    judged = {}
    for report in GENERATION.reports(Server.objects.all(), now=NOW):
        facts = (report.subject.state, report.subject.billing_mode)
        judged.setdefault(facts, []).append(set(report.failed_codes))
    rules = [None, *(rule.code for rule in GENERATION.rules)]
    for state, mode, eligible, fails in product(ServerState.values, BillingMode.values, (None, True, False), rules):
        chosen = {"state": state, "billing_mode": mode, "eligible": eligible, "fails": fails}
        meets = [
            failed
            for failed in judged.get((state, mode), [])
            if (eligible is None or eligible is not bool(failed)) and (fails is None or fails in failed)
        ]
        assert not (meets and is_impossible(chosen, now=NOW)), chosen


def test_more_codes_left_than_a_server_may_generate_are_nobodys() -> None:
    make_rows(50)
    limit = GENERATION.policy().codes_per_server
    filters = ServerFilterSet({"codes_left_min": str(limit + 1)}, now=NOW, queryset=Server.objects.all())
    assert not filters.qs.exists()
    filters = ServerFilterSet({"codes_left_min": str(limit)}, now=NOW, queryset=Server.objects.all())
    assert filters.qs.exists()
