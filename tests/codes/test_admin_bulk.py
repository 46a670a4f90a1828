"""Bulk runs: asked first with who is skipped, processed row by row, once each, with a result of each, resumable."""

import csv
import html
import io
import re
from datetime import timedelta
from itertools import islice

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codes import services
from codes.admin import bulk_work
from codes.admin.bulk_work import Progress
from codes.admin.columns import list_url, page_url
from codes.choices import BulkAction, BulkState, Channel, EventType
from codes.errors import ValueInText
from codes.models import AuthorizationCode, BulkRow, BulkRun, CodeEvent, Filing
from servers.models import Server
from tests import factories
from tests.codes.desk import signed_in

pytestmark = pytest.mark.django_db
WHY = {"reason": "asked for by the customer", "ticket": "T-20261123-0412"}
_BY = {"actor": None, "channel": Channel.COMMAND, "now": timezone.now()}
GENERATED = {"remark": "Autumn sites", "ticket": "T-2"}


def make_server(**facts) -> Server:
    return factories.make_server(now=timezone.now(), **facts)


def make_held() -> AuthorizationCode:
    now = timezone.now()
    return factories.make_filing(factories.make_issued(make_server(), now=now), now=now).code


def make_unused() -> AuthorizationCode:
    return factories.make_code(make_server(), now=timezone.now())


def choose(client: Client, model, action: str, keys, **more):
    sent = {"action": action, "_selected_action": keys, "index": "0", **more}
    return client.post(list_url(model), sent, follow=True)


def run_url(run: BulkRun) -> str:
    return reverse("admin:codes_bulkrun_run", args=[run.pk])


def planned(actor: User, action: BulkAction, *subjects) -> BulkRun:
    return services.plan_run(action, [each.pk for each in subjects], actor=actor, now=timezone.now())


def confirmed(actor: User, *codes: AuthorizationCode) -> BulkRun:
    run = planned(actor, BulkAction.RESET, *codes)
    services.confirm_run(run, texts=WHY, now=timezone.now())
    return run


def states(run: BulkRun) -> list[str]:
    return list(run.rows.order_by("pk").values_list("state", flat=True))


def resets() -> int:
    return CodeEvent.objects.filter(type=EventType.RESET).count()


def table(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode()[1:], newline="")))


def test_a_bulk_reset_says_who_is_skipped_then_what_became_of_each():
    client, held, unused = signed_in(), make_held(), make_unused()
    html = choose(client, AuthorizationCode, "reset", [held.pk, unused.pk]).content.decode()
    assert "Reset the filing of 1 code? 1 of the 2 selected is skipped" in html
    assert "No filing holds the code." in html and "Reset 1 filing" in html
    assert resets() == 0
    run = BulkRun.objects.get()
    done = client.post(run_url(run), WHY, follow=True)
    assert done.redirect_chain == [(page_url(run), 302)] and "1 filing reset, 1 not" in done.content.decode()
    rows = {row.shown_code.pk: (row.state, row.why) for row in done.context["rows"]}
    assert rows[held.pk] == (BulkState.DONE, "") and rows[unused.pk][0] == BulkState.REFUSED
    assert rows[unused.pk][1] == "No filing holds the code."  # as the question said
    event = CodeEvent.objects.get(type=EventType.RESET)
    assert (event.reason, event.ticket, event.user, event.channel) == (*WHY.values(), run.actor, Channel.ADMIN)
    run.refresh_from_db()
    assert run.finished_at and event.request_id


def test_codes_are_generated_for_several_servers_with_a_preview():
    client, good, bad = signed_in(), make_server(), make_server(prepaid_months=1)
    html = choose(client, Server, "generate", [good.pk, bad.pk]).content.decode()
    assert "Generate 1 code? 1 of the 2 selected is skipped" in html and "Prepaid for 1 month in total" in html
    done = client.post(run_url(BulkRun.objects.get()), GENERATED, follow=True)
    code = AuthorizationCode.objects.get()
    rows = {row.shown_server.pk: (row.state, row.shown_code) for row in done.context["rows"]}
    assert rows == {good.pk: (BulkState.DONE, code), bad.pk: (BulkState.REFUSED, None)}
    assert done.context["rows"][0].state == BulkState.REFUSED  # what was not done comes first
    assert code.masked in done.content.decode()
    assert (code.remark, code.events.get().ticket) == ("Autumn sites", "T-2")


def test_stalled_holds_are_reset_from_the_list_of_filings():
    client, now = signed_in(), timezone.now()
    stalled = [make_held().filings.get() for _ in range(2)]
    over = make_held().filings.get()
    services.abandon_filing(over, reason="", actor=over.client, channel=Channel.API, now=now)
    page = choose(client, Filing, "reset", [each.pk for each in (*stalled, over)])
    html = page.content.decode()
    assert "Filings that hold no code are left out." in html and "Reset the filings of 2 codes?" in html
    client.post(run_url(BulkRun.objects.get()), WHY)
    assert {each.state for each in Filing.objects.filter(pk__in=[each.pk for each in stalled])} == {"abandoned"}
    assert "None of these filings holds a code." in choose(client, Filing, "reset", [over.pk]).content.decode()
    assert BulkRun.objects.count() == 1
    assert 'value="reset"' in client.get(list_url(Filing)).content.decode()
    assert 'value="reset"' not in signed_in("Auditor").get(list_url(Filing)).content.decode()


@pytest.mark.parametrize("action", ["withdraw", "rotate"])
def test_each_action_is_done_to_each_code(action):
    client, codes = signed_in(), [make_unused() for _ in range(3)]
    choose(client, AuthorizationCode, action, [code.pk for code in codes])
    client.post(run_url(BulkRun.objects.get()), WHY)
    event = {"withdraw": EventType.WITHDRAWN, "rotate": EventType.ROTATED}[action]
    assert CodeEvent.objects.filter(type=event).count() == 3


def begin_another(code: AuthorizationCode) -> Filing:
    """What held the code is abandoned, and another filing begins."""
    now = timezone.now()
    issued = services.Issued(code=code, value=services.reveal(code, reason="x", **_BY))
    held = code.filings.holding().first()
    if held:
        services.abandon_filing(held, reason="", actor=held.client, channel=Channel.API, now=now)
    return factories.make_filing(issued, now=now)


def test_a_filing_that_began_since_the_plan_is_skipped_and_not_reset():
    agent, held, replaced, unused = factories.make_agent(), make_held(), make_held(), make_unused()
    run = planned(agent, BulkAction.RESET, held, replaced, unused)
    since = [begin_another(replaced), begin_another(unused)]
    client = signed_in(agent)
    question = client.get(page_url(run)).content.decode()
    assert "2 of the 3 selected are skipped" in question
    assert question.count("Another filing has begun since this was asked") == 2
    rows = table(client.get(reverse("admin:codes_bulkrun_rows_csv", args=[run.pk])))
    assert [row[3] for row in rows[1:]] == ["Planned", "Skipped", "Skipped"]
    client.post(run_url(run), WHY)
    assert states(run) == ["done", "refused", "refused"]
    assert [each.state for each in Filing.objects.filter(pk__in=[each.pk for each in since])] == ["active", "active"]


def test_a_refusal_is_read_in_the_language_of_who_reads_it():
    agent, unused, bad = factories.make_agent(), make_unused(), make_server(prepaid_months=1)
    client = signed_in(agent)
    for run, sent in (
        (planned(agent, BulkAction.RESET, unused), WHY),
        (planned(agent, BulkAction.GENERATE, bad), GENERATED),
    ):
        client.post(run_url(run), sent, headers={"accept-language": "zh-hans"})
        english, chinese = (
            client.get(page_url(run), headers={"accept-language": each}).content.decode() for each in ("en", "zh-hans")
        )
        why = run.rows.get().whys["en"]
        assert why in html.unescape(english) and run.rows.get().whys["zh-hans"] in html.unescape(chinese)
        assert why.isascii() and why not in html.unescape(chinese)


def test_the_way_leads_back_to_the_list_as_it_was_filtered():
    client, held = signed_in(), make_held()
    here = f"{list_url(Filing)}?state=active"
    asked = client.post(here, {"action": "reset", "_selected_action": held.filings.get().pk, "index": "0"}, follow=True)
    assert f'href="{here}">Cancel, change nothing' in asked.content.decode()
    (action,) = re.findall(r'action="(/admin/codes/bulkrun/[^"]*)"', asked.content.decode())
    again = client.post(html.unescape(action), {"reason": ""}).content.decode()
    assert f'href="{here}">Cancel, change nothing' in again
    done = client.post(html.unescape(action), WHY, follow=True).content.decode()
    assert f'href="{here}">Back to the list' in done


@pytest.mark.parametrize("model", [AuthorizationCode, Filing])
def test_the_sidebar_of_a_question_marks_the_list_it_came_from(model):
    client, held = signed_in(), make_held()
    chosen = held if model is AuthorizationCode else held.filings.get()
    asked = choose(client, model, "reset", [chosen.pk]).content.decode()
    assert re.findall(r'<li><a href="([^"]*)" aria-current="page"', asked) == [list_url(model)]


@pytest.mark.parametrize(
    "way", ["//example.com/", "https://example.com/", "/admin/", "javascript:1", "/admin/codes/filing"]
)
def test_the_way_leads_nowhere_but_to_a_list_of_ours(way):
    agent = factories.make_agent()
    run = planned(agent, BulkAction.RESET, make_held())
    page = signed_in(agent).get(page_url(run), {"back": way}).content.decode()
    assert f'href="{list_url(AuthorizationCode)}">Cancel, change nothing' in page


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "Nothing to do: the one selected is skipped"), (2, "Nothing to do: all 2 selected are skipped")],
)
def test_where_all_are_skipped_nothing_is_asked(count, said):
    agent = factories.make_agent()
    run = planned(agent, BulkAction.RESET, *(make_unused() for _ in range(count)))
    page = signed_in(agent).get(page_url(run)).content.decode()
    assert f"<h1>{said}</h1></div>" in page and "Reset the filing" not in page


def test_a_choice_that_is_skipped_whole_leaves_no_run_behind():
    client, code = signed_in(), make_unused()
    page = choose(client, AuthorizationCode, "reset", [code.pk])
    assert page.redirect_chain == [] and "Nothing to do: the one selected is skipped" in page.content.decode()
    assert f'href="{list_url(AuthorizationCode)}">Back</a>' in page.content.decode()
    assert not BulkRun.objects.exists() and not BulkRow.objects.exists()


def test_nothing_selected_is_said():
    page = choose(signed_in(), AuthorizationCode, "reset", []).content.decode()
    assert "Select at least one row first. Nothing was changed." in page and not BulkRun.objects.exists()
    make_unused()
    page = signed_in().get(list_url(AuthorizationCode)).content.decode()
    assert '<input type="hidden" name="index" value="0">' in page  # without it Django would say nothing


def test_what_was_withdrawn_before_is_skipped_and_not_done_again():
    client, unused, gone = signed_in(), make_unused(), make_unused()
    services.withdraw(gone, reason="twice", actor=None, channel=Channel.COMMAND, now=timezone.now())
    html = choose(client, AuthorizationCode, "withdraw", [unused.pk, gone.pk]).content.decode()
    assert "1 of the 2 selected is skipped" in html
    run = BulkRun.objects.get()
    client.post(run_url(run), WHY)
    assert states(run) == [BulkState.REFUSED, BulkState.DONE]  # the newest code first


def test_without_its_reason_a_run_is_asked_for_again_and_does_nothing():
    client, held = signed_in(), make_held()
    choose(client, AuthorizationCode, "reset", [held.pk])
    run = BulkRun.objects.get()
    assert "There is a problem" in client.post(run_url(run), {"reason": " "}).content.decode()
    run.refresh_from_db()
    assert run.confirmed_at is None and states(run) == ["pending"] and resets() == 0


def test_looking_at_a_run_does_nothing():
    agent = factories.make_agent()
    run = planned(agent, BulkAction.RESET, make_held())
    client = signed_in(agent)
    assert client.get(run_url(run), WHY).status_code == 302
    services.confirm_run(run, texts=WHY, now=timezone.now())
    for url in (page_url(run), run_url(run), reverse("admin:codes_bulkrun_rows_csv", args=[run.pk])):
        client.get(url)
    assert states(run) == ["pending"] and resets() == 0


def test_a_run_that_is_confirmed_twice_is_done_once():
    agent = factories.make_agent()
    run = planned(agent, BulkAction.RESET, make_held(), make_held())
    client = signed_in(agent)
    for _ in range(2):
        assert client.post(run_url(run), WHY).status_code == 302
    assert (states(run), resets()) == (["done", "done"], 2)


def test_the_texts_that_were_confirmed_first_stay():
    run = confirmed(factories.make_agent(), make_held())
    services.confirm_run(run, texts={**WHY, "reason": "another"}, now=timezone.now())
    run.refresh_from_db()
    assert run.texts == WHY


def test_a_row_that_somebody_has_done_is_left_alone():
    run = confirmed(factories.make_agent(), make_held())
    row = run.rows.get()
    for _ in range(2):
        services.carry_out(row, channel=Channel.ADMIN, now=timezone.now())
    assert (states(run), resets()) == (["done"], 1)


def test_a_planned_row_is_not_carried_out():
    run = planned(factories.make_agent(), BulkAction.RESET, make_held())
    services.carry_out(run.rows.get(), channel=Channel.ADMIN, now=timezone.now())
    assert (states(run), resets()) == (["pending"], 0)


def test_a_run_ends_once_and_not_while_a_row_is_pending():
    agent, now = factories.make_agent(), timezone.now()
    run, other = confirmed(agent, make_held()), confirmed(agent, make_held())
    services.end_run(run, now=now)
    assert not BulkRun.objects.exclude(finished_at=None).exists()
    services.carry_out(run.rows.get(), channel=Channel.ADMIN, now=now)
    for moment in (now, now + timedelta(hours=1)):
        services.end_run(run, now=moment)
    assert dict(BulkRun.objects.values_list("pk", "finished_at")) == {run.pk: now, other.pk: None}


def test_what_a_run_has_twice_is_one_row():
    held = make_held()
    assert planned(factories.make_agent(), BulkAction.RESET, held, held).rows.count() == 1


def long_run(agent: User) -> BulkRun:
    """More rows than are done within one answer, most of them refused."""
    held, free = [make_held() for _ in range(3)], []
    for _ in range(12):
        issued = services.generate(make_server(), count=5, actor=None, channel=Channel.COMMAND, now=timezone.now())
        free += [each.code for each in issued]
    return planned(agent, BulkAction.RESET, *held, *free)


def test_a_long_run_shows_how_far_it_is_while_it_goes():
    agent = factories.make_agent()
    run = long_run(agent)
    answer = signed_in(agent).post(run_url(run), WHY)
    assert answer.streaming and answer["X-Accel-Buffering"] == "no"
    parts = [part.decode() for part in answer.streaming_content]
    lines = [line for part in parts for line in re.findall(r"<li>(.*?)</li>", part) if "processed" in line]
    assert lines == [f"{done} of 63 processed, {done - 3} of them not done" for done in (20, 40, 60, 63)]
    assert "Resetting 63 filings" in parts[0] and f'href="{page_url(run)}" data-go-on' in parts[-1]
    assert (resets(), states(run).count("refused")) == (3, 60)


def test_large_numbers_are_grouped():
    assert str(Progress(done=1200, refused=0, pending=800)) == "1,200 of 2,000 processed"


def test_a_closed_tab_leaves_a_run_that_goes_on():
    agent = factories.make_agent()
    run = long_run(agent)
    client = signed_in(agent)
    answer = client.post(run_url(run), WHY)
    assert len(list(islice(answer.streaming_content, 2))) == 2  # and nobody reads on
    assert states(run).count("pending") == 43
    page = client.get(page_url(run)).content.decode()
    assert "Unfinished: 43 of 63 rows are pending" in page and "Continue" in page
    assert "Your unfinished bulk runs" in client.get(reverse("admin:index")).content.decode()
    b"".join(client.post(run_url(run)).streaming_content)
    run.refresh_from_db()
    assert states(run).count("pending") == 0 and resets() == 3 and run.finished_at
    assert run.texts == WHY
    assert "Your unfinished bulk runs" not in client.get(reverse("admin:index")).content.decode()


def test_who_loses_the_role_in_the_middle_stops_there():
    agent = factories.make_agent()
    run = long_run(agent)
    services.confirm_run(run, texts=WHY, now=timezone.now())
    parts = bulk_work.work_off(run)
    assert next(parts).pending == 43
    agent.groups.clear()
    assert list(parts) == [] and states(run).count("pending") == 43
    assert signed_in(agent).post(run_url(run)).status_code == 403


@pytest.mark.parametrize("statement", ['INSERT INTO "codes_codeevent"', 'UPDATE "codes_bulkrow"'])
def test_a_row_that_the_database_does_not_take_stays_pending_and_is_done_later(statement):
    agent = factories.make_agent()
    run = confirmed(agent, make_held(), make_held())
    broken = []

    def refuse(execute, sql, params, many, context):
        if statement in sql and not broken:
            broken.append(sql)
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    client = signed_in(agent)
    with connection.execute_wrapper(refuse):
        answer = client.post(run_url(run), follow=True)
    assert broken and "What is pending stays pending" in answer.content.decode()
    assert (states(run), resets()) == (["pending", "pending"], 0)
    client.post(run_url(run))
    assert (states(run), resets()) == (["done", "done"], 2)


@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
def test_others_see_what_was_begun_and_go_on_with_none_of_it(role):
    owner = factories.make_agent()
    run, idea = confirmed(owner, make_held()), planned(owner, BulkAction.RESET, make_held())
    client = signed_in(role)
    page = client.get(page_url(run)).content.decode()
    assert "Unfinished: 1 of 1 rows are pending" in page and "Continue" not in page
    assert client.post(run_url(run)).status_code == 403
    assert client.get(page_url(idea)).status_code == 302  # what others only plan is not there
    assert client.post(run_url(idea), WHY).status_code == 404
    assert resets() == 0


def test_auditors_plan_nothing():
    code = make_held()
    choose(signed_in("Auditor"), AuthorizationCode, "reset", [code.pk])
    assert not BulkRun.objects.exists()


def test_what_would_become_of_each_can_be_taken_along():
    agent = factories.make_agent()
    good, bad = make_server(), make_server(prepaid_months=1)
    run = planned(agent, BulkAction.GENERATE, good, bad)
    answer = signed_in(agent).get(reverse("admin:codes_bulkrun_rows_csv", args=[run.pk]))
    head, *rows = table(answer)
    assert head == ["Server", "Code", "State now", "Result", "Why"]
    assert [(row[0], row[3]) for row in rows] == [(good.instance_id, "Planned"), (bad.instance_id, "Skipped")]
    assert rows[1][4].startswith("Prepaid for 1 month in total")


def test_the_result_can_be_taken_along():
    agent, held, free = factories.make_agent(), make_held(), make_unused()
    run = confirmed(agent, held, free)
    client = signed_in(agent)
    client.post(run_url(run))
    _head, *rows = table(client.get(reverse("admin:codes_bulkrun_rows_csv", args=[run.pk])))
    assert [(row[1], row[2], row[3]) for row in rows] == [
        (held.masked, "Unused", "Done"),
        (free.masked, "Unused", "Not done"),
    ]
    assert rows[1][4].endswith("No filing holds the code.")


def test_the_list_says_how_far_each_run_is():
    agent = factories.make_agent()
    confirmed(agent, make_held())
    planned(agent, BulkAction.RESET, make_held())
    page = signed_in(agent).get(list_url(BulkRun)).content.decode()
    assert page.count("0 of 1 processed") == 2
    other = signed_in().get(list_url(BulkRun, stage="unfinished")).content.decode()
    assert other.count("0 of 1 processed") == 1


def test_a_plan_that_nobody_confirmed_is_forgotten_the_day_after():
    agent, now = factories.make_agent(), timezone.now()
    ages = {"old": timedelta(hours=25), "young": timedelta(hours=23), "begun": timedelta(hours=25)}
    runs = {
        name: services.plan_run(BulkAction.RESET, [make_held().pk], actor=agent, now=now - age)
        for name, age in ages.items()
    }
    services.confirm_run(runs["begun"], texts=WHY, now=now)
    others = services.plan_run(BulkAction.RESET, [make_held().pk], actor=factories.make_agent(), now=now - ages["old"])
    newest = planned(agent, BulkAction.RESET, make_held())
    assert set(BulkRun.objects.all()) == {runs["young"], runs["begun"], others, newest}
    assert not BulkRow.objects.filter(run=runs["old"].pk).exists()


def test_no_value_is_kept_in_the_texts_of_a_run():
    run, issued = planned(factories.make_agent(), BulkAction.RESET, make_held()), factories.make_issued()
    with pytest.raises(ValueInText):
        services.confirm_run(run, texts={**WHY, "ticket": issued.value}, now=timezone.now())
    run.refresh_from_db()
    assert run.confirmed_at is None and run.texts == {}


@pytest.mark.parametrize(
    ("query", "offered"),
    [({}, "Select all 51"), ({"eligible": "true"}, "Select all 51"), ({"eligible": "false"}, "")],
)
def test_all_that_match_can_be_selected_beyond_the_page(query, offered):
    account = factories.make_account()
    for _ in range(51):
        make_server(account=account)
    page = signed_in().get(list_url(Server, **query)).content.decode()
    assert ("Select all" in page) == bool(offered) and offered in page


def test_all_that_match_are_planned_and_not_what_the_filters_leave_out():
    client, in_it, out = signed_in(), make_server(), make_server(prepaid_months=1)
    choose(client, Server, "generate", [in_it.pk], select_across="1")
    assert set(BulkRun.objects.get().rows.values_list("server", flat=True)) == {in_it.pk, out.pk}
    sent = {"action": "generate", "_selected_action": [in_it.pk], "index": "0", "select_across": "1"}
    client.post(list_url(Server, eligible="true"), sent)
    newest = BulkRun.objects.order_by("-pk")[0]
    assert list(newest.rows.values_list("server", flat=True)) == [in_it.pk]


def test_rows_that_left_the_list_meanwhile_are_said_to_be_gone():
    gone = make_unused()
    services.withdraw(gone, reason="sold", **_BY)
    sent = {"action": "withdraw", "_selected_action": [gone.pk], "index": "0"}
    url = list_url(AuthorizationCode, state="unused")
    page = signed_in().post(url, sent, follow=True)
    assert "What was selected is no longer in this list. Nothing was changed." in page.content.decode()
    assert (page.wsgi_request.get_full_path(), BulkRun.objects.exists()) == (url, False)
