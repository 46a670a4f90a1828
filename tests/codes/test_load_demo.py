"""The demonstration world: loaded once, with something of everything, and only where it is asked for."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from codes.choices import SupportState
from codes.eligibility import GENERATION
from codes.models import CodeEvent, SupportRequest
from icpportal.api.models import ApiToken
from servers.models import Account, Server


def _load() -> str:
    output = StringIO()
    call_command("load_demo", "--address", "http://127.0.0.1:8123", stdout=output)
    return output.getvalue()


def test_it_needs_demo(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO is not set"):
        _load()


@pytest.mark.django_db
def test_it_shows_something_of_everything(settings: Any) -> None:
    settings.DEMO = True
    output = _load()
    assert all(name in output for name in ("agent /", "supervisor /", "qingshan /", "lanye /", "Bearer icp_", "8123"))
    reports = {
        report.subject.instance_id: report.failed_codes
        for report in GENERATION.reports(Server.objects.all(), now=timezone.now())
    }
    assert reports == {
        "ins-4h8t2wnc": [],
        "ins-9d3v6rkx": [],
        "ins-7k2m9qpx": ["code_limit_reached", "server_expired", "server_isolated"],
        "ins-2f6j8zqm": ["prepaid_term_too_short", "server_expired", "server_isolated"],
        "ins-5p1y7bsd": ["not_mainland"],
        "ins-0c5n4gvh": ["not_prepaid"],
        "ins-6r1x9tbf": ["public_ip_not_assigned", "elastic_ip"],
        "ins-3n9r6bjc": ["clb_ip"],
        "ins-8v3c1xqt": [],
        "ins-1y7g4mfz": ["region_unknown"],
        "ins-5t2d8hkw": ["prepaid_term_too_short"],
        "ins-b6w0p3ln": ["not_prepaid"],
    }
    asked = SupportRequest.objects.order_by("pk").values_list("state", "all_passed")
    assert list(asked) == [(SupportState.OPEN, True), (SupportState.ANSWERED, False)]


@pytest.mark.django_db
def test_a_second_start_loads_nothing_and_only_the_new_token_opens(settings: Any) -> None:
    settings.DEMO = True
    _load()
    before = (Account.objects.count(), Server.objects.count(), CodeEvent.objects.count())
    _load()
    assert (Account.objects.count(), Server.objects.count(), CodeEvent.objects.count()) == before
    assert ApiToken.objects.valid(now=timezone.now()).count() == 1
