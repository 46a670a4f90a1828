"""Spreadsheets of servers as people and programs save them: read, or told what is wrong and what would be right."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes import values
from icpportal.spreadsheets import guard, unguard
from servers.inventory import cells
from servers.inventory.fields import Bad
from servers.inventory.files import Unreadable
from tests.servers.sheets import GOOD, rows_of, sheet, table, wrong


def fact(**changed: str) -> Any:
    row = rows_of(table(changed))[0]
    assert row.facts is not None, row.wrong
    return row


def test_a_row_states_a_server_as_the_api_body_does() -> None:
    row = fact(version="17", prepaid_months="12")
    assert (row.line, row.instance_id, row.account, row.version) == (2, "ins-a", "100000000001", 17)
    assert row.facts.purchased_at == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert (row.facts.billing_mode, row.facts.state, row.facts.public_ip_assigned) == ("prepaid", "running", True)
    assert [(ip.address, ip.kind, ip.expires_at) for ip in row.facts.ips] == [("203.0.113.7", "public", None)]
    assert row.facts.prepaid_months == 12


@pytest.mark.parametrize(
    "data",
    [
        table({"name": "青山网站"}).encode(),
        b"\xef\xbb\xbf" + table({"name": "青山网站"}).encode(),
        table({"name": "青山网站"}).encode("gb18030"),
        table({"name": "青山网站"}).encode("utf-16"),
        table({"name": "青山网站"}, delimiter=";").encode(),
        table({"name": "青山网站"}, delimiter="\t").encode(),
        b"sep=;\r\n" + table({"name": "青山网站"}, delimiter=";").encode(),
        b"sep=\t\r\n" + table({"name": "青山网站"}, delimiter="\t").encode(),
        b"sep=,;\r\n" + table({"name": "青山网站"}).encode(),
        table({"name": "青山网站"}).replace("\r\n", "\n").encode(),
        table({"name": "青山网站"}).replace("\r\n", "\r").encode(),
        b"\r\nSEP=;\r\n \r\n" + table({"name": "青山网站"}, delimiter=";").encode(),
        (table({"name": "青山网站"}) + ",,,,\r\n\r\n   \r\n").encode(),
        table({"name": "青山网站"}).replace("\r\n", ",,\r\n").encode(),
        ("\r\n" + table({"name": "青山网站"}).replace("instance_id", " Instance_ID ")).encode(),
    ],
)
def test_encodings_delimiters_line_ends_and_empty_rows(data: bytes) -> None:
    (row,) = rows_of(data)
    assert row.wrong == () and row.facts is not None
    assert row.facts.name == "青山网站"


def test_lines_before_the_first_row_are_counted() -> None:
    data = "\r\nsep=;\r\n" + table({}, delimiter=";")
    assert rows_of(data)[0].line == 4
    with pytest.raises(Unreadable) as refused:
        sheet(data + '"' + "x" * 140_000)
    assert "Line 5 is not CSV" in str(refused.value.reason)


def test_a_name_may_hold_lines_quotes_and_delimiters_and_lines_are_counted_as_in_the_file() -> None:
    name = 'a "b", c;\nd\r\n\te'
    rows = rows_of(table({"name": name, "ips": ""}, {"instance_id": "ins-b", "ips": ""}))
    assert [(row.line, row.facts and row.facts.name) for row in rows] == [(2, name), (5, "web-1")]


@given(st.text())
def test_guarded_texts_read_back_and_run_nowhere(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    "name", ["=1+1", "'=1+1", "''-x", "'quoted'", "-", "@a", "\tx", "\n=1", "＝1+1", "＠a", " spaced ", "+86 青山 🏔"]
)
def test_a_name_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(name: str) -> None:
    assert fact(name=cells.write(name)).facts.name == name


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31 16:00:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026/1/31 16:05", datetime(2026, 1, 31, 8, 5, tzinfo=UTC)),
        ("1988-07-01 12:00:00", datetime(1988, 7, 1, 3, tzinfo=UTC)),  # in the summers of those years nine hours ahead
        ("2026-01-31", datetime(2026, 1, 30, 16, tzinfo=UTC)),
        ("2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31 16:00:00 +08:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31 02:30:07.25-0530", datetime(2026, 1, 31, 8, 0, 7, 250_000, tzinfo=UTC)),
        ("2026.01.31t08:00z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_times_are_shanghais_unless_they_say_otherwise(text: str, moment: datetime) -> None:
    assert fact(purchased_at=text).facts.purchased_at == moment


def test_a_time_is_written_as_shanghais_and_says_so() -> None:
    assert cells.write(datetime(2026, 1, 31, 8, tzinfo=UTC)) == "2026-01-31 16:00:00 +08:00"


@pytest.mark.parametrize("moment", [datetime(1988, 7, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 7, tzinfo=UTC)])
def test_a_written_time_reads_as_the_same_moment(moment: datetime) -> None:
    assert cells.read_time(cells.write_time(moment)) == moment


@pytest.mark.parametrize(
    ("text", "flag"), [("TRUE", True), ("是", True), ("1", True), ("No", False), ("否", False), ("0", False)]
)
def test_yes_and_no_in_the_words_of_spreadsheets(text: str, flag: bool) -> None:
    assert fact(public_ip_assigned=text).facts.public_ip_assigned is flag


@pytest.mark.parametrize("text", ["PREPAID", " prepaid ", "包年包月", "Prepaid (monthly subscription)"])
def test_words_may_be_the_apis_or_the_desks(text: str) -> None:
    assert fact(billing_mode=text).facts.billing_mode == "prepaid"


@pytest.mark.parametrize("flag", [True, False])
def test_a_written_flag_reads_as_the_same(flag: bool) -> None:
    assert fact(public_ip_assigned=cells.write(flag)).facts.public_ip_assigned is flag


def test_a_whole_number_may_have_become_a_decimal_one() -> None:
    row = fact(version="17.0", prepaid_months="32767", name="x" * 200)
    assert (row.version, row.facts.prepaid_months) == (17, 32_767)


def test_several_addresses_stand_in_one_cell() -> None:
    ips = "203.0.113.7 public; 198.51.100.9 Elastic IP Until 2027-01-31；\n2001:DB8::1 clb; ;"
    assert [(ip.address, ip.kind, ip.expires_at) for ip in fact(ips=ips).facts.ips] == [
        ("203.0.113.7", "public", None),
        ("198.51.100.9", "elastic", datetime(2027, 1, 30, 16, tzinfo=UTC)),
        ("2001:db8::1", "clb", None),
    ]


def many_ips(number: int) -> str:
    return "".join(f"2001:db8::{n:x} clb;" for n in range(number))


def test_a_server_has_up_to_a_thousand_addresses() -> None:
    assert len(fact(ips=many_ips(1000)).facts.ips) == 1000


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("instance_id", "", "An empty cell is not an instance ID"),
        ("instance_id", "ins/1", "“ins/1” is not an instance ID: 1 to 64 letters"),
        ("account", "1.00012E+11", "The spreadsheet shortened the account to 1.00012E+11: format the column as text."),
        ("account", "a/b", "“a/b” is not an account: 1 to 32 letters"),
        ("name", "x" * 201, "The name is longer than 200 characters."),
        ("name", "a\0b", "The name holds a NUL character."),
        ("region", "广州", "“广州” is not a region: write its code, such as ap-guangzhou."),
        ("billing_mode", "weekly", "write one of prepaid, pay_as_you_go, spot, dedicated_host, dedicated_cluster."),
        ("purchased_at", "46053", "46053 is a spreadsheet's day number: format the column as text."),
        ("purchased_at", "46053.67", "46053.67 is a spreadsheet's day number"),
        ("purchased_at", "1969-12-31", "is not a time"),
        ("expires_at", "9999-01-02", "is not a time"),
        ("purchased_at", "31/01/2026", "“31/01/2026” is not a time: write 2027-01-31 16:00:00, in Shanghai's time."),
        ("purchased_at", "2026-02-30", "is not a time"),
        ("purchased_at", "2026-01-31 16:00:00 +99:00", "is not a time"),
        ("purchased_at", "", "A prepaid server has one."),
        ("expires_at", "2020-01-01", "This is before the purchase."),
        ("state", "broken", "write one of running, stopped, isolated, terminated."),
        ("public_ip_assigned", "maybe", "“maybe” is neither true nor false."),
        ("ips", "203.0.113.7 until 2027-01-31", "203.0.113.7 lacks its kind: public, elastic or clb."),
        ("ips", "203.0.113.7", "203.0.113.7 lacks its kind: public, elastic or clb."),
        ("ips", "119.***.***.51 public", "“119.***.***.51 public” is not an IP address: write 203.0.113.7 public."),
        ("ips", "203.0.113.7 public; 203.0.113.7 clb", "203.0.113.7 is in the cell twice."),
        ("ips", "203.0.113.7 private", "“private” is unknown: write one of public, elastic, clb."),
        ("ips", many_ips(1001), "More than 1000 addresses."),
        ("version", "-1", "“-1” is not a whole number from 0 to 9223372036854775807."),
        ("version", "9223372036854775808", "is not a whole number"),
        ("prepaid_months", "1.5", "“1.5” is not a whole number from 0 to 32767."),
    ],
)
def test_a_bad_cell_is_named_with_what_would_be_right(column: str, text: str, said: str) -> None:
    ((line, where, reason),) = wrong(table({column: text}))
    assert (line, where) == (2, column)
    assert said in reason


def test_all_bad_cells_of_a_row_are_named_and_the_other_rows_are_good() -> None:
    data = table({"state": "x", "ips": "y"}, {"instance_id": "ins-b", "ips": ""})
    assert [(line, column) for line, column, _reason in wrong(data)] == [(2, "state"), (2, "ips")]
    assert rows_of(data)[1].facts is not None


def test_a_second_row_of_an_instance_or_of_an_address_is_bad() -> None:
    other = {"instance_id": "ins-b", "ips": "198.51.100.1 public; 203.0.113.7 public"}
    guarded = [{"instance_id": name, "ips": ""} for name in ("-c", "'-c")]
    data = table({}, {"instance_id": " ins-a ", "ips": ""}, other, *guarded)
    assert wrong(data) == [
        (3, "instance_id", "ins-a is in line 2 already."),
        (4, "ips", "203.0.113.7 is in line 2 already."),
        (6, "instance_id", "-c is in line 5 already."),
    ]


def test_two_rows_without_a_name_are_not_the_same_server() -> None:
    found = wrong(table({"instance_id": ""}, {"instance_id": "", "ips": ""}, {"instance_id": "ins/1", "ips": ""}))
    assert [(line, column) for line, column, _reason in found] == [(n, "instance_id") for n in (2, 3, 4)]


def test_a_bad_row_has_its_instance_and_no_address() -> None:
    data = table({"state": "x"}, {}, {"instance_id": "ins-b"})
    assert [(line, column) for line, column, _reason in wrong(data)] == [(2, "state"), (3, "instance_id")]


def test_a_row_with_too_many_cells_is_bad_and_short_rows_lack_theirs() -> None:
    head, row, _end = table({}).split("\r\n")
    assert wrong(f"{head}\r\n{row},more\r\n") == [(2, "", "The row has 1 cell more than the first row.")]
    assert wrong(f"{head}\r\n{row},more,\r\n") == [(2, "", "The row has 2 cells more than the first row.")]
    assert wrong(f"{head}\r\n{row}, ,\r\n") == []
    assert {column for _line, column, _reason in wrong(f"{head}\r\nins-b\r\n")} >= {"account", "region", "state"}


@pytest.mark.parametrize("column", ["instance_id", "account", "name", "region", "state", "ips", "purchased_at"])
def test_a_cell_with_a_code_value_is_bad_and_is_not_repeated(column: str) -> None:
    value = values.mint()
    for text in (f"use {values.show(value)}", value):
        reasons = [reason for _line, _column, reason in wrong(table({column: text}))]
        assert "The cell carries an authorization code: take it out." in reasons
        assert not any(text in reason for reason in reasons)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "It is empty."),
        (b"\r\n\r\n", "It is empty."),
        (b"\x80\xff\x80\xff", "It is neither UTF-8 nor GB18030"),
        (b"PK\x03\x04" + bytes(60), "It is a workbook, not a CSV file: save it as “CSV UTF-8”."),
        (b"\xd0\xcf\x11\xe0" + bytes(60), "It is a workbook, not a CSV file"),
        (table({}).replace("region", "Region code").encode(), "lacks the columns region. It may name instance_id"),
        (table({}, columns=[*GOOD, "colour"]).encode(), "unknown columns: colour. It may"),
        (table({}, columns=[*GOOD, *map(str, range(9000))]).encode(), "columns: 0, 1, 2, 3, 4, …. It may"),
        (table({}, columns=[*GOOD, "name"]).encode(), "names name twice"),
        (table({"name": '"' + "x" * 140_000}).encode(), "Line 2 is not CSV"),
        (b"\xff\xfe\x00\xd8a\x00", "Line 1 is not CSV"),
        (table({}).encode("utf-16")[:-1], "is not CSV"),
    ],
)
def test_a_file_that_is_no_table_of_servers_is_refused_whole(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        sheet(data)
    assert said in str(refused.value.reason)


def test_huge_cells_are_bad_and_told_in_few_words() -> None:
    gap, spaced = "203.0.113.7 public" + " " * 100_000 + "x", "x " * 50_000
    data = table({"ips": gap}, {"instance_id": "ins-b", "ips": spaced}, {"instance_id": "ins-c", "name": spaced})
    reasons = wrong(data)  # in minutes, if each gap were tried with each other
    assert [(line, column) for line, column, _reason in reasons] == [(2, "ips"), (3, "ips"), (4, "name")]
    assert all(len(reason) < 250 for _line, _column, reason in reasons)
    assert "“public x” is unknown" in reasons[0][2] and "is not an IP address" in reasons[1][2]


def test_until_without_a_time_is_bad() -> None:
    ((_line, column, reason),) = wrong(table({"ips": "203.0.113.7 public until"}))
    assert (column, reason.partition(":")[0]) == ("ips", "“public until” is unknown")


def test_a_table_may_lack_version_and_months() -> None:
    columns = [column for column in GOOD if column not in ("version", "prepaid_months")]
    (row,) = rows_of(table({}, columns=columns))
    assert row.facts is not None and (row.version, row.facts.prepaid_months) == (None, None)


def test_more_rows_than_allowed_are_refused() -> None:
    data = table({"ips": ""}, {"instance_id": "ins-b", "ips": ""})
    assert sheet(data, most=2).rows == 2
    with pytest.raises(Unreadable, match="more than 1 rows"):
        sheet(data, most=1)


def test_an_unknown_word_raises_bad() -> None:
    with pytest.raises(Bad):
        cells.read("state", "gone")
