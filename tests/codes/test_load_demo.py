"""The demonstration world: loaded once, with something of everything, and only where it is asked for."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from codes.choices import SupportState
from codes.demo import LANYE, QINGSHAN, YUANHANG
from codes.eligibility import GENERATION
from codes.models import AuthorizationCode, CodeEvent, Filing, SupportRequest
from icpportal.api.models import ApiToken
from servers.models import Account, Server


def _load() -> str:
    output = StringIO()
    call_command("load_demo", "--address", "http://127.0.0.1:8123", stdout=output)
    return output.getvalue()


def test_the_demonstration_is_refused_without_demo(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO is not set"):
        _load()


@pytest.mark.django_db
def test_it_shows_something_of_everything(settings: Any) -> None:
    settings.DEMO = True
    output = _load()
    assert all(
        name in output
        for name in ("agent /", "supervisor /", "qingshan /", "lanye /", "yuanhang /", "Bearer icp_", "8123")
    )
    reports = {
        report.subject.instance_id: report.failed_codes
        for report in GENERATION.reports(Server.objects.exclude(account__uid=YUANHANG[0]), now=timezone.now())
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
def test_it_happens_in_the_order_of_time_and_fills_tabs_and_charts(settings: Any) -> None:
    settings.DEMO = True
    _load()
    events = CodeEvent.objects.order_by("pk")
    times = list(events.values_list("at", flat=True))
    assert times == sorted(times) and times[-1] <= timezone.now()
    assert set(events.values_list("type", flat=True)) >= {"generated", "generation_refused", "begun", "completed"}
    assert set(Filing.objects.values_list("state", flat=True)) >= {"active", "rejected", "completed", "abandoned"}
    shown = AuthorizationCode.objects.filter(server__account__uid=YUANHANG[0]).values_list("state", flat=True)
    assert set(shown) == {"unused", "in_use", "used"} and len(shown) > 20
    recent = events.filter(type="generated", at__gte=timezone.now() - timedelta(days=14))
    assert len({event.at.date() for event in recent}) >= 10


@pytest.mark.django_db
def test_small_leaves_the_fleet_out(settings: Any) -> None:
    settings.DEMO = True
    call_command("load_demo", small=True, stdout=StringIO())
    assert set(Account.objects.values_list("uid", flat=True)) == {QINGSHAN[0], LANYE[0]}


@pytest.mark.django_db
def test_a_second_start_loads_nothing_and_only_the_new_token_opens(settings: Any) -> None:
    settings.DEMO = True
    _load()
    before = (Account.objects.count(), Server.objects.count(), CodeEvent.objects.count())
    _load()
    assert (Account.objects.count(), Server.objects.count(), CodeEvent.objects.count()) == before
    assert ApiToken.objects.valid(now=timezone.now()).count() == 1
