"""Many at once, with real threads and real commits: the five, the one hold, the one end.

On PostgreSQL a slow trigger widens every window between judging and writing. The controls show what the same rivals
do once lock and constraints are gone; without them a race test proves nothing. SQLite has one writer at a time.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from codes import services, values
from codes.choices import Channel, FilingState, State
from codes.eligibility import GENERATION
from codes.errors import CodeNotFound, CodeRefused, FilingEnded, NotEligible, TransitionRefused
from codes.models import AuthorizationCode, CodeEvent, Filing
from icpportal import sealing
from servers.models import Server
from tests.factories import NOW, make_client, make_filing, make_issued, make_server
from tests.threads import at_once

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
ROUNDS = 4
NUMBER = "粤ICP备12345678号"
SLOW = """
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.03); RETURN NEW; END $$;
CREATE TRIGGER be_slow BEFORE INSERT OR UPDATE ON codes_authorizationcode FOR EACH ROW EXECUTE FUNCTION be_slow();
CREATE TRIGGER be_slow BEFORE INSERT OR UPDATE ON codes_filing FOR EACH ROW EXECUTE FUNCTION be_slow();
"""
WITHOUT_CONSTRAINTS = """
ALTER TABLE codes_authorizationcode DROP CONSTRAINT code_slot_once_per_server, DROP CONSTRAINT code_slot_within_limit
"""


@pytest.fixture(autouse=True)
def _wide_windows(own_database: None) -> None:
    if connection.vendor == "postgresql":
        execute(SLOW)


def execute(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)


def kinds(answers: list[Any]) -> Counter[str]:
    """How many answers of each kind, by the name of the type."""
    return Counter(type(answer).__name__ for answer in answers)


def generate(server: Server) -> list[services.Issued]:
    return services.generate(server, actor=None, channel=Channel.API, now=NOW)


def generate_without_lock(server: Server) -> AuthorizationCode:
    """For the controls: judge, then insert, as the service does but for the lock."""
    with transaction.atomic():
        report = GENERATION.report(server, now=NOW)
        if not report.passed:
            raise NotEligible(report)
        facts: Any = report.subject
        code = make_code_row(server, ip_id=facts.usable_ip_id, slot=facts.codes_generated + 1)
        code.save()
        return code


def make_code_row(server: Server, *, ip_id: int, slot: int) -> AuthorizationCode:
    value = values.mint()
    return AuthorizationCode(
        server=server,
        ip_id=ip_id,
        slot=slot,
        digest=values.digest(value),
        sealed=sealing.seal(value),
        tail=value[-5:],
        generated_at=NOW,
    )


# Generating


def test_of_32_rivals_on_one_server_exactly_five_win_and_27_are_refused_and_recorded() -> None:
    server = make_server()
    answers = at_once(*[partial(generate, server)] * 32)
    assert kinds(answers) == {"list": 5, "NotEligible": 27}
    for refused in (answer for answer in answers if isinstance(answer, NotEligible)):
        assert refused.report.failed_codes == ["code_limit_reached"]
    assert sorted(AuthorizationCode.objects.values_list("slot", flat=True)) == [1, 2, 3, 4, 5]
    assert Counter(CodeEvent.objects.values_list("type", flat=True)) == {"generated": 5, "generation_refused": 27}


def test_nobody_is_refused_while_room_is_left() -> None:
    server, other = make_server(), make_server()
    answers = at_once(*[partial(generate, server)] * 5, *[partial(generate, other)] * 3)
    assert kinds(answers) == {"list": 8}
    assert sorted(other.codes.values_list("slot", flat=True)) == [1, 2, 3]


def test_several_codes_at_once_are_all_or_none_for_each_rival() -> None:
    server = make_server()
    twice = partial(services.generate, server, count=2, actor=None, channel=Channel.API, now=NOW)
    assert kinds(at_once(*[twice] * 8)) == {"list": 2, "NotEligible": 6}
    assert server.codes.count() == 4


@on_postgresql
def test_control_without_lock_and_constraints_more_than_five_codes_come_out() -> None:
    execute(WITHOUT_CONSTRAINTS)
    server = make_server()
    at_once(*[partial(generate_without_lock, server)] * 32)
    assert server.codes.count() > 5


@on_postgresql
def test_control_without_the_lock_the_constraint_holds_the_five_and_fails_rivals_while_room_is_left() -> None:
    server = make_server()
    answers = at_once(*[partial(generate_without_lock, server)] * 5)
    assert any(isinstance(answer, IntegrityError) for answer in answers)
    assert server.codes.count() < 5


@on_postgresql
def test_without_the_constraints_the_lock_alone_holds_the_five() -> None:
    execute(WITHOUT_CONSTRAINTS)
    server = make_server()
    assert kinds(at_once(*[partial(generate, server)] * 32)) == {"list": 5, "NotEligible": 27}
    assert server.codes.count() == 5


# Filings


def begin(issued: services.Issued, client: Any, order_number: str) -> tuple[Filing, bool]:
    return services.begin_filing(
        issued.code,
        value=issued.value,
        order_number=order_number,
        domain="shop.example.cn",
        actor=client,
        channel=Channel.API,
        now=NOW,
    )


def refused_codes(answers: list[Any]) -> list[str]:
    return [code for answer in answers if isinstance(answer, CodeRefused) for code in answer.report.failed_codes]


def recorded(code: AuthorizationCode, *types: str) -> int:
    return code.events.filter(type__in=types).count()


def test_of_two_orders_for_one_code_one_wins() -> None:
    client = make_client()
    for turn in range(ROUNDS):
        issued = make_issued()
        answers = at_once(partial(begin, issued, client, f"A-{turn}"), partial(begin, issued, client, f"B-{turn}"))
        assert kinds(answers) == {"tuple": 1, "CodeRefused": 1}
        assert refused_codes(answers) == ["code_in_use"]
        assert issued.code.filings.count() == recorded(issued.code, "begun") == 1


def test_the_same_order_several_times_at_once_is_one_filing() -> None:
    client = make_client()
    for turn in range(ROUNDS):
        issued = make_issued()
        answers = at_once(*[partial(begin, issued, client, f"A-{turn}")] * 4)
        assert kinds(answers) == {"tuple": 4}
        assert sorted(is_new for _, is_new in answers) == [False, False, False, True]
        assert {filing.pk for filing, _ in answers} == {issued.code.filings.get().pk}
        assert recorded(issued.code, "begun") == 1


def test_of_one_order_with_codes_of_two_servers_one_wins() -> None:
    client = make_client()
    for turn in range(ROUNDS):
        pair = [make_issued(), make_issued()]
        answers = at_once(*[partial(begin, each, client, f"A-{turn}") for each in pair])
        assert kinds(answers) == {"tuple": 1, "OrderConflict": 1}
        held = Filing.objects.get(order_number=f"A-{turn}").code
        for each in pair:
            each.code.refresh_from_db()
            won = each.code == held
            assert each.code.state == (State.IN_USE if won else State.UNUSED)
            assert recorded(each.code, "begun") == (1 if won else 0)


def complete(filing: Filing) -> Filing:
    return services.complete_filing(filing, icp_number=NUMBER, actor=None, channel=Channel.API, now=NOW)


def abandon(filing: Filing) -> Filing:
    return services.abandon_filing(filing, actor=None, channel=Channel.API, now=NOW)


def reset(filing: Filing) -> AuthorizationCode:
    return services.reset(filing.code, reason="twice", actor=None, channel=Channel.ADMIN, now=NOW)


@pytest.mark.parametrize("other", [abandon, reset])
def test_a_filing_completed_and_given_up_at_once_ends_one_way(other: Callable[[Filing], Any]) -> None:
    ends = {FilingState.COMPLETED: State.USED, FilingState.ABANDONED: State.UNUSED}
    for _ in range(ROUNDS):
        filing = make_filing()
        answers = at_once(partial(complete, filing), partial(other, filing))
        assert sum(isinstance(answer, FilingEnded | TransitionRefused) for answer in answers) == 1
        filing = Filing.objects.get(pk=filing.pk)
        assert filing.code.state == ends[FilingState(filing.state)]
        assert recorded(filing.code, "completed", "abandoned", "reset") == 1


def test_a_filing_completed_several_times_at_once_is_completed_once() -> None:
    filing = make_filing()
    assert kinds(at_once(*[partial(complete, filing)] * 4)) == {"Filing": 4}
    assert recorded(filing.code, "completed") == 1


def test_a_code_withdrawn_and_begun_at_once_is_one_of_the_two() -> None:
    client = make_client()
    for turn in range(ROUNDS):
        issued = make_issued()
        withdraw = partial(services.withdraw, issued.code, reason="no", actor=None, channel=Channel.ADMIN, now=NOW)
        begun, withdrawn = at_once(partial(begin, issued, client, f"A-{turn}"), withdraw)
        issued.code.refresh_from_db()
        if issued.code.state == State.IN_USE:
            assert isinstance(withdrawn, TransitionRefused)
        else:
            assert (issued.code.state, refused_codes([begun])) == (State.WITHDRAWN, ["code_withdrawn"])


def test_a_code_rotated_and_begun_at_once_is_never_held_by_its_dead_value() -> None:
    client = make_client()
    for turn in range(ROUNDS):
        issued = make_issued()
        rotate = partial(services.rotate, issued.code, reason="leaked", actor=None, channel=Channel.ADMIN, now=NOW)
        begun, rotated = at_once(partial(begin, issued, client, f"A-{turn}"), rotate)
        issued.code.refresh_from_db()
        if issued.code.state == State.IN_USE:
            assert isinstance(rotated, TransitionRefused)
            assert AuthorizationCode.objects.of_value(issued.value).exists()
        else:
            assert isinstance(begun, CodeNotFound)


def test_codes_of_one_server_do_not_meet_in_filings() -> None:
    server, client = make_server(), make_client()
    issued = services.generate(server, count=5, actor=None, channel=Channel.API, now=NOW)
    answers = at_once(*[partial(begin, each, client, f"A-{place}") for place, each in enumerate(issued)])
    assert kinds(answers) == {"tuple": 5}
