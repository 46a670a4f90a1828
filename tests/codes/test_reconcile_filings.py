"""reconcile_filings: the platform's list against the filings here; nothing without --apply, repeated the same."""

import csv
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from codes import services
from codes.choices import Channel, FilingState
from codes.models import AuthorizationCode, CodeEvent, Filing
from codes.reconciling.comparing import unlisted
from codes.reconciling.listed import Listed
from codes.services import Issued
from icpportal.api.models import ApiClient
from servers.models import Server
from tests.api.client import Api
from tests.codes.witness import rows
from tests.factories import NOW, make_client, make_filing, make_issued, make_server

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=3)
ACT: dict[str, Any] = {"actor": None, "channel": Channel.COMMAND, "now": NOW}
ICP = "粤ICP备12345678号"


@pytest.fixture
def client() -> ApiClient:
    return make_client(name="platform")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "filings"


def reconcile(file: Path, *options: str, name: str = "platform") -> tuple[int, list[str]]:
    """Exit code and lines."""
    out = StringIO()
    with time_machine.travel(LATER, tick=False):
        try:
            call_command("reconcile_filings", str(file), "--client", name, *options, stdout=out)
        except SystemExit as exit:
            return int(str(exit.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


def row(subject: Filing | Issued, **said: Any) -> dict[str, Any]:
    """As the platform lists it; began an hour after NOW."""
    known = {"order_number": "2026-1", "domain": "shop.example.cn"}
    if isinstance(subject, Filing):
        known = {"order_number": subject.order_number, "domain": subject.domain}
    code = subject.code_id if isinstance(subject, Filing) else subject.code.pk
    return {"code": code, **known, "began_at": "2026-11-23T05:00:00Z", **said}


def write(file: Path, *listed: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(each) + "\n" for each in listed))
    return file


def settled(file: Path, *listed: dict[str, Any]) -> list[str]:
    """What is to be done, then done, then agrees."""
    write(file, *listed)
    before = rows()
    code, lines = reconcile(file)
    assert (code, rows()) == (1, before)
    assert reconcile(file, "--apply")[0] == 0
    after = rows()
    assert after != before
    assert reconcile(file, "--apply") == (0, [f"{len(listed)} listed, 0 applied, 0 differ."])
    assert rows() == after
    call_command("check_invariants", stdout=StringIO())
    return lines


def test_what_agrees_is_left_alone(client: ApiClient, file: Path) -> None:
    active, over = make_filing(client=client), make_filing(client=client)
    services.complete_filing(over, icp_number=ICP, **ACT)
    write(file, row(active, state="active"), row(over, state="completed", icp_number=ICP))
    before = rows()
    assert reconcile(file, "--apply") == (0, ["2 listed, 0 applied, 0 differ."])
    assert rows() == before


def test_a_completion_that_is_missing_is_recorded(client: ApiClient, file: Path) -> None:
    filing = make_filing(client=client)
    lines = settled(file, row(filing, state="completed", icp_number=ICP, ended_at="2026-11-24T04:00:00Z"))
    order = filing.order_number
    assert lines[0] == f"{order} (code {filing.code_id}): active here, completed {ICP} there; to do: complete"
    filing.refresh_from_db()
    assert (filing.state, filing.icp_number, filing.code.state) == ("completed", ICP, "used")
    assert filing.ended_at == NOW + timedelta(days=1)
    event = CodeEvent.objects.latest("pk")
    assert (event.type, event.channel, event.actor) == ("completed", "command", "client:platform")


def test_a_completion_after_expiry_is_recorded_and_flagged(client: ApiClient, file: Path) -> None:
    """Decision 11: the hold began while the code was valid."""
    filing = make_filing(client=client)
    Server.objects.update(expires_at=NOW + timedelta(hours=2))
    settled(file, row(filing, state="completed", icp_number=ICP, ended_at="2026-11-24T04:00:00Z"))
    assert Filing.objects.get().completed_after_expiry


def test_an_abandonment_and_a_rejection_that_are_missing_are_recorded(client: ApiClient, file: Path) -> None:
    given_up, sent_back = make_filing(client=client), make_filing(client=client)
    settled(file, row(given_up, state="abandoned"), row(sent_back, state="rejected", reason="photo"))
    given_up.refresh_from_db()
    sent_back.refresh_from_db()
    assert (given_up.state, given_up.code.state) == ("abandoned", "unused")
    assert (sent_back.state, sent_back.reason, sent_back.code.state) == ("rejected", "photo", "in_use")


def test_a_rejected_filing_that_is_active_again_is_begun_again(client: ApiClient, file: Path) -> None:
    filing = make_filing(client=client)
    services.reject_filing(filing, reason="photo", **ACT)
    settled(file, row(filing, state="active"))
    assert Filing.objects.get().state == "active"


@pytest.mark.parametrize(("state", "becomes"), [("active", "in_use"), ("rejected", "in_use"), ("completed", "used")])
def test_a_filing_whose_beginning_was_lost_is_recorded_as_it_began(
    client: ApiClient, file: Path, state: str, becomes: str
) -> None:
    issued = make_issued()
    number = {"icp_number": ICP} if state == "completed" else {}
    lines = settled(file, row(issued, state=state, **number))
    assert lines[0].startswith(f"2026-1 (code {issued.code.pk}): not here, {state} there; to do: begin")
    filing = Filing.objects.get()
    assert (filing.state, filing.client, filing.began_at) == (state, client, NOW + timedelta(hours=1))
    assert AuthorizationCode.objects.get().state == becomes


def test_a_beginning_is_judged_as_of_its_moment(client: ApiClient, file: Path) -> None:
    """Expired since is no hindrance; expired before is."""
    issued = make_issued(make_server(expires_at=NOW + timedelta(hours=2)))
    write(file, row(issued, state="active", began_at="2026-11-23T06:00:00Z"))
    code, lines = reconcile(file, "--apply")
    assert (code, lines[0].endswith("; begin refused: code_expired")) == (1, True)
    settled(file, row(issued, state="active", began_at="2026-11-23T05:59:59Z"))


def test_a_code_that_another_filing_holds_is_named(client: ApiClient, file: Path) -> None:
    held = make_filing(client=make_client())
    write(file, row(held, order_number="2026-1", state="completed", icp_number=ICP))
    before = rows()
    code, lines = reconcile(file, "--apply")
    assert code == 1
    assert lines[0].endswith("not here, completed there; begin, complete refused: code_in_use")
    assert rows() == before


def test_one_code_given_up_by_one_order_and_begun_by_the_next(client: ApiClient, file: Path) -> None:
    """In the order in which they began, whatever the order of the lines."""
    first = make_filing(client=client)
    again = row(first, order_number="2026-2", state="completed", icp_number=ICP, began_at="2026-11-24T05:00:00Z")
    settled(file, again, row(first, state="abandoned", ended_at="2026-11-24T04:00:00Z"))
    assert list(Filing.objects.order_by("pk").values_list("state", flat=True)) == ["abandoned", "completed"]


def test_an_order_begun_again_after_it_was_given_up(client: ApiClient, file: Path) -> None:
    filing = make_filing(client=client)
    services.abandon_filing(filing, **ACT)
    write(file, row(filing, state="abandoned"), row(filing, state="active", began_at="2026-11-24T05:00:00Z"))
    assert reconcile(file, "--apply")[0] == 0
    assert list(Filing.objects.order_by("pk").values_list("state", flat=True)) == ["abandoned", "active"]


def test_what_was_reset_here_is_not_begun_again(client: ApiClient, file: Path) -> None:
    filing = make_filing(client=client)
    services.reset(filing.code, reason="asked", actor=None, channel=Channel.ADMIN, now=NOW + timedelta(hours=2))
    write(file, row(filing, state="active"))
    code, lines = reconcile(file, "--apply")
    assert (code, lines[0].split("): ")[1]) == (1, "abandoned here, active there; cannot be applied")


DONE = {"state": "completed", "icp_number": ICP}
OTHER = "粤ICP备99999999号"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"state": "active"}, f"completed {ICP} here, active there"),
        (DONE | {"icp_number": OTHER}, f"completed {ICP} here, completed {OTHER} there"),
        (DONE | {"domain": "other.example.cn"}, "domain shop.example.cn here, other.example.cn there"),
        (DONE | {"account": "1001"}, "account - here, 1001 there"),
        (DONE | {"ended_at": "2030-01-01T00:00:00Z"}, "a time of it is still to come"),
    ],
)
def test_what_contradicts_is_named_and_left(client: ApiClient, file: Path, said: dict[str, Any], why: str) -> None:
    filing = make_filing(client=client)
    services.complete_filing(filing, icp_number=ICP, **ACT)
    write(file, row(filing, **said))
    before = rows()
    code, lines = reconcile(file, "--apply")
    assert (code, lines[0].split("): ")[1], rows()) == (1, f"{why}; cannot be applied", before)


def test_a_code_that_is_not_here_or_is_another_one_is_named(client: ApiClient, file: Path) -> None:
    """After a restore numbers may be given again: a filing older than its code is that of a lost one."""
    issued = make_issued(now=NOW + timedelta(hours=2))
    lost, another = row(issued, state="active", code=987654), row(issued, state="active", order_number="2026-2")
    untimed = row(issued, state="active", order_number="2026-3") | {"began_at": None}
    write(file, lost, another, untimed)
    code, lines = reconcile(file, "--apply")
    assert code == 1
    assert [line.split("): ")[1] for line in sorted(lines[:3])] == [
        "neither the filing nor its code is here; cannot be applied",
        "not here, and the code of this number is younger: it is another one; cannot be applied",
        "not here, and began_at is not listed; cannot be applied",
    ]


def test_an_order_number_is_its_clients_own(client: ApiClient, file: Path) -> None:
    theirs = make_filing(client=make_client())
    write(file, row(theirs, state="abandoned"))
    assert reconcile(file, "--apply") == (0, ["1 listed, 0 applied, 0 differ."])
    theirs.refresh_from_db()
    assert theirs.state == "active"


def test_what_is_held_here_alone_is_named_when_the_list_is_whole(client: ApiClient, file: Path) -> None:
    filing = make_filing(client=client)
    make_filing(client=make_client())
    write(file, row(make_filing(client=client), state="active"))
    assert reconcile(file)[0] == 0
    code, lines = reconcile(file, "--complete")
    assert (code, lines[0]) == (1, f"{filing.order_number} (code {filing.code_id}): active here, not listed")


def test_csv_and_what_the_api_answers_read_alike(client: ApiClient, file: Path) -> None:
    api, filing = Api(client=client), make_filing(client=client)
    answer = api.get(f"filings/{filing.order_number}/").json
    write(file, answer)
    assert reconcile(file) == (0, ["1 listed, 0 applied, 0 differ."])
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        table = csv.DictWriter(out, answer)
        table.writeheader()
        table.writerow(answer | {"completed_after_expiry": ""})
    assert reconcile(file) == (0, ["1 listed, 0 applied, 0 differ."])


def test_a_line_that_is_no_filing_is_named_and_the_others_count(client: ApiClient, file: Path) -> None:
    filing, issued = make_filing(client=client), make_issued()
    good = row(filing, state="abandoned")
    bad = [
        good | {"state": "lost"},
        good | {"code": issued.value},
        good | {"reason": f"see {issued.value}"},
        good | {"state": "completed"},
        good | {"began_at": "yesterday"},
        good | {"more": 1},
    ]
    write(file, *bad, good)
    file.write_text(file.read_text() + "[]\n{\n")
    code, lines = reconcile(file, "--apply")
    assert code == 1
    assert [line.split(": ")[:3] for line in lines[:6]] == [
        [f"line {n}", "cannot be used", field]
        for n, field in enumerate(["state", "code", "reason", "icp_number", "began_at", "more"], start=1)
    ]
    assert lines[6:8] == ["line 8: cannot be used: no JSON object", "line 9: cannot be used: no JSON"]
    assert lines[-1] == "9 listed, 1 applied, 8 differ."
    assert issued.value not in "".join(lines)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"order_number,code\n1,2\n", "is no list of filings: there is no column domain, state"),
        (b"", "is no list of filings: there is no column"),
        (b"\xff\xfe", "cannot be read|is not UTF-8"),
        (b'order_number,code,domain,state\n"1', "is no list of filings: it is no CSV"),
    ],
)
def test_a_file_that_is_no_list_is_refused(client: ApiClient, file: Path, content: bytes, why: str) -> None:
    file.write_bytes(content)
    with pytest.raises(CommandError, match=why):
        reconcile(file)


def test_an_absent_file_and_an_unknown_client_are_named(client: ApiClient, file: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        reconcile(file)
    with pytest.raises(CommandError, match="no API client nobody"):
        reconcile(write(file), name="nobody")


def test_rows_of_csv_with_too_few_cells_are_named(client: ApiClient, file: Path) -> None:
    file.write_text("order_number,code,domain,state\n1,2\n1,2,3,4,5\n")
    assert reconcile(file)[1][:2] == [f"line {n}: cannot be used: not as many cells as columns" for n in (2, 3)]


def test_a_list_longer_than_a_statement_takes_is_compared(client: ApiClient) -> None:
    kept, lost = (make_filing(client=client, order_number=number) for number in ("0", "x"))
    known = {"code": 1, "domain": "", "account": "", "state": FilingState.ACTIVE, "icp_number": "", "reason": ""}
    rows = [Listed(line=n, order_number=str(n), began_at=None, ended_at=None, **known) for n in range(300_000)]
    assert list(unlisted(rows, client=client)) == [lost]
    assert kept.order_number == "0"
