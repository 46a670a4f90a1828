"""manage.py check_eligibility: the report as a table, and the verdict as an exit code."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from codes.eligibility import GENERATION
from servers.choices import BillingMode, IPKind
from tests.factories import make_ip, make_issued, make_server

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("check_eligibility", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_an_eligible_server_and_every_rule() -> None:
    server = make_server(now=timezone.now())
    make_issued(server, now=timezone.now())
    code, text = run(server.instance_id)
    assert code == 0
    assert text.startswith(f"{server.instance_id} · Can generate a code\n1 of 5 generated\n")
    for rule in GENERATION.rules:
        assert rule.code in text


def test_a_server_that_cannot_is_told_why() -> None:
    server = make_server(now=timezone.now(), billing_mode=BillingMode.PAY_AS_YOU_GO)
    code, text = run(server.instance_id)
    assert code == 1
    assert "No code can be generated: 1 of 12 conditions fails" in text
    assert "Pay-as-you-go" in text
    assert "Change the server to prepaid" in text


def test_hong_kong_needs_no_filing() -> None:
    server = make_server(now=timezone.now(), region_code="ap-hongkong")
    assert "no ICP filing is needed" in run(server.instance_id)[1]


def test_one_ip_may_be_judged() -> None:
    now = timezone.now()
    server = make_server(now=now)
    elastic = make_ip(server, now=now, kind=IPKind.ELASTIC)
    assert run(server.instance_id)[0] == 0
    code, text = run(server.instance_id, "--ip", elastic.address)
    assert code == 1
    assert elastic.address in text


def test_the_report_speaks_chinese() -> None:
    server = make_server(now=timezone.now())
    code, text = run(server.instance_id, "--language", "zh-hans")
    assert code == 0
    assert text.startswith(f"{server.instance_id} · 可以生成授权码\n已生成 0 / 5\n")
    assert "计费模式为包年包月" in text


def test_an_unknown_server_or_ip_is_said() -> None:
    server = make_server(now=timezone.now())
    for arguments in (
        ("ins-nothing",),
        (server.instance_id, "--ip", "198.51.100.1"),
        (server.instance_id, "--ip", "x"),
    ):
        with pytest.raises(CommandError) as error:
            run(*arguments)
        assert error.value.returncode == 2
