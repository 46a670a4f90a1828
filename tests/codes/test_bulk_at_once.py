"""One bulk run processed from several tabs at once: each row is done once, with real threads and real commits."""

from functools import partial

import pytest
from django.db import connection

from codes import services
from codes.admin.bulk_work import work_off
from codes.choices import BulkAction, BulkState, Channel, EventType
from codes.models import BulkRun, CodeEvent
from tests.factories import NOW, make_agent, make_code
from tests.threads import at_once

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
CODES, TABS = 6, 4
SLOW = """
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.03); RETURN NEW; END $$;
CREATE TRIGGER be_slow BEFORE UPDATE ON codes_authorizationcode FOR EACH ROW EXECUTE FUNCTION be_slow();
"""


@pytest.fixture
def run(own_database: None) -> BulkRun:
    """Values to rotate: what is done twice shows as two events."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(SLOW)
    codes = [make_code().pk for _ in range(CODES)]
    run = services.plan_run(BulkAction.ROTATE, codes, actor=make_agent(), now=NOW)
    services.confirm_run(run, texts={"reason": "leaked"}, now=NOW)
    return run


def rotations() -> int:
    return CodeEvent.objects.filter(type=EventType.ROTATED).count()


def test_each_row_is_done_once_however_many_tabs_work_it_off(run: BulkRun) -> None:
    answers = at_once(*[lambda: [str(each) for each in work_off(run)]] * TABS)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert set(run.rows.values_list("state", flat=True)) == {BulkState.DONE} and rotations() == CODES
    run.refresh_from_db()
    assert run.finished_at is not None


@on_postgresql
def test_control_without_the_lock_rows_are_done_again(run: BulkRun) -> None:
    def carry_out_without_lock(pk: int) -> None:
        row = run.rows.select_related("code").get(pk=pk)
        if row.state == BulkState.PENDING and row.code is not None:
            services.rotate(row.code, reason="leaked", actor=run.actor, channel=Channel.ADMIN, now=NOW)
            run.rows.filter(pk=pk).update(state=BulkState.DONE)

    for row in run.rows.all():
        at_once(*[partial(carry_out_without_lock, row.pk)] * TABS)
    assert rotations() > CODES
