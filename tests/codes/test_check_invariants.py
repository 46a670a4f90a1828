"""check_invariants: after any use all hold; each one, broken behind the application's back, names what breaks it."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from codes import services, values
from codes.choices import Channel, EventType
from codes.invariants import INVARIANTS, READABLE_KEYS
from codes.invariants.texts import text_columns
from codes.models import AuthorizationCode, CodeEvent
from servers.models import Server
from tests.codes.tampering import behind_its_back
from tests.codes.test_dump import day_of_use
from tests.factories import NOW, make_account, make_agent, make_client, make_filing, make_server, make_user

pytestmark = pytest.mark.django_db
ACT: dict[str, Any] = {"actor": None, "channel": Channel.COMMAND, "now": NOW}


def check(*options: str) -> tuple[int, str]:
    """Exit code and what was printed."""
    out = StringIO()
    try:
        call_command("check_invariants", *options, stdout=out)
    except SystemExit as exit:
        return int(str(exit.code)), out.getvalue()
    return 0, out.getvalue()


def named(invariant: str) -> list[str]:
    """What breaks this invariant; the check must find it broken."""
    code, said = check(invariant)
    assert code == 1, said
    first, second, _last = said.splitlines()
    assert first.startswith(f"BROKEN {invariant}: ")
    return second.split(": ", 1)[1].split(", ")


@pytest.fixture
def world() -> dict[str, int]:
    """One server with a code in every state, by services alone; the numbers of all that."""
    server, client = make_server(), make_client()
    used, held, dropped, withdrawn, unused = services.generate(server, count=5, **ACT)
    filings = {name: make_filing(each, client=client) for name, each in (("used", used), ("dropped", dropped))}
    services.complete_filing(filings["used"], icp_number="粤ICP备12345678号", **ACT)
    services.abandon_filing(filings["dropped"], **ACT)
    services.withdraw(withdrawn.code, reason="x", **ACT)
    filings["held"] = make_filing(held, client=client, order_number="H-1")
    codes = {"used": used, "held": held, "dropped": dropped, "withdrawn": withdrawn, "unused": unused}
    other = make_server()
    return {
        "server": server.pk,
        "ip": used.code.ip_id,
        "other": other.pk,
        "other_ip": other.ips.get().pk,
        **{name: each.code.pk for name, each in codes.items()},
        **{f"{name}_filing": filing.pk for name, filing in filings.items()},
        **{f"{name}_event": last_event(each.code) for name, each in codes.items()},
    }


def last_event(code: AuthorizationCode) -> int:
    return CodeEvent.objects.filter(code=code).latest("pk").pk


def test_after_a_day_of_use_all_hold() -> None:
    day_of_use()
    code, said = check("--unseal")
    assert (code, said.splitlines()[-1]) == (0, f"{len(INVARIANTS) + 1} of {len(INVARIANTS) + 1} invariants hold.")


def test_after_renewals_transfers_and_filings_begun_again_all_hold(world: dict[str, int]) -> None:
    client = make_client()
    server = make_server(expires_at=NOW + timedelta(days=1), purchased_at=NOW - timedelta(days=364))
    (issued,) = services.generate(server, **ACT)
    filing = make_filing(issued, client=client, order_number="A-1")
    services.reject_filing(filing, reason="photo", **ACT)
    renewal = {"expires_at": ["2026-11-24T04:00:00Z", "2027-11-24T04:00:00Z"]}
    services.record_server_changes([(server, renewal)], **ACT)
    Server.objects.filter(pk=server.pk).update(expires_at=NOW + timedelta(days=366), account=make_account())
    again = {"value": issued.value, "order_number": "A-1", "domain": filing.domain, "actor": client}
    services.begin_filing(issued.code, **again, channel=Channel.API, now=NOW + timedelta(days=400))
    services.abandon_filing(filing, **ACT)
    services.begin_filing(issued.code, **again, channel=Channel.API, now=NOW)
    code, said = check()
    assert code == 0, said


def test_each_invariant_has_a_test_that_breaks_it() -> None:
    marks = test_what_breaks_an_invariant_is_named.pytestmark
    broken = {case[0] for mark in marks if mark.name == "parametrize" for case in mark.args[1]}
    apart = {"roles_hold_their_permissions", "nobody_raises_themselves", "no_permission_beyond_the_roles"}
    apart |= {"superusers_are_staff", "no_value_is_readable"}
    assert broken | apart == {invariant.name for invariant in (*INVARIANTS, READABLE_KEYS)}


SHORT = {
    "CODES": "UPDATE codes_authorizationcode SET",
    "FILINGS": "UPDATE codes_filing SET",
    "EVENTS": "UPDATE codes_codeevent SET",
    "NO_EVENTS": "DELETE FROM codes_codeevent",
    "SERVERS": "UPDATE servers_server SET",
    "IPS": "UPDATE servers_ipaddress SET",
    "NOW": "'2026-11-23 04:00:00'",
    "LONG_AGO": "'2020-01-01 00:00:00+00:00'",
}


@pytest.mark.parametrize(
    ("invariant", "statement", "things"),
    [
        ("slots", "{CODES} slot = 6 WHERE id = {unused}", "{server}"),
        ("slots", "{CODES} server_id = {other} WHERE id = {held}", "{server}, {other}"),
        ("ip_of_the_server", "{CODES} ip_id = {other_ip} WHERE id = {used}", "{used}"),
        ("one_live_holder", "{IPS} address = '203.0.113.9'", "203.0.113.9"),
        ("terminated_holds_no_ip", "{SERVERS} state = 'terminated' WHERE id = {other}", "{other}"),
        ("used_has_one_completed_filing", "{CODES} state = 'used'", "{held}, {dropped}, {withdrawn}, {unused}"),
        ("used_has_one_completed_filing", "{FILINGS} code_id = {used}, state = 'completed'", "{used}"),
        ("in_use_has_one_hold", "{CODES} state = 'in_use' WHERE id = {unused}", "{unused}"),
        ("in_use_has_one_hold", "{FILINGS} code_id = {held}, state = 'active'", "{held}"),
        ("filing_fits_its_code", "{CODES} state = 'unused'", "{used_filing}, {held_filing}"),
        ("filing_is_ended_or_not", "{FILINGS} ended_at = NULL", "{used_filing}, {dropped_filing}"),
        ("filing_is_ended_or_not", "{FILINGS} icp_number = ''", "{used_filing}"),
        ("order_stands_once", "{FILINGS} order_number = 'H-1'", "{held_filing}"),
        ("authorized_account_files", "{CODES} authorized_account = '1001'", "{used_filing}, {held_filing}"),
        ("event_of_the_server", "{EVENTS} server_id = {other} WHERE id = {used_event}", "{used_event}"),
        ("events_are_counted", "{NO_EVENTS} WHERE id = {held_event}", "{server}"),
        ("events_are_counted", "{NO_EVENTS}", "{server}"),
        ("events_are_counted", "DELETE FROM codes_eventhead", "{server}"),
        ("events_are_counted", "{EVENTS} place = 99 WHERE id = {held_event}", "{server}"),
        ("generated_once", "{NO_EVENTS} WHERE type = 'generated' AND code_id = {held}", "{held}"),
        ("generated_once", "{EVENTS} type = 'generated' WHERE id = {used_event}", "{used}"),
        ("generated_once", "{CODES} generated_at = {LONG_AGO} WHERE id = {held}", "{held}"),
        ("state_has_its_event", "{NO_EVENTS} WHERE id = {used_event}", "{used}"),
        ("state_has_its_event", "{NO_EVENTS} WHERE code_id = {unused}", "{unused}"),
        ("state_has_its_event", "{CODES} state = 'withdrawn' WHERE id = {unused}", "{unused}"),
        ("events_follow", "{EVENTS} type = 'rotated' WHERE type = 'begun' AND code_id = {used}", "{used_event}"),
        ("events_follow", "{EVENTS} type = 'completed' WHERE id = {withdrawn_event}", "{withdrawn_event}"),
        ("events_follow", "{EVENTS} code_id = {used} WHERE id = {withdrawn_event}", "{withdrawn_event}"),
        ("filings_have_their_events", "DELETE FROM codes_filing WHERE id = {held_filing}", "{held}"),
        ("filings_have_their_events", "{NO_EVENTS} WHERE id = {dropped_event}", "{dropped}"),
        ("filings_have_their_events", "{EVENTS} order_number = 'other' WHERE id = {used_event}", "{used}, {used}"),
        ("filings_have_their_events", "{NO_EVENTS} WHERE type = 'begun' AND code_id = {held}", "{held}"),
        ("nothing_begun_after_expiry", "{SERVERS} expires_at = {NOW} WHERE id = {server}", "begun"),
        ("nothing_begun_after_expiry", "{IPS} expires_at = {NOW} WHERE id = {ip}", "begun"),
        ("late_completions_are_flagged", "{SERVERS} expires_at = {NOW} WHERE id = {server}", "{used_event}"),
        ("nothing_begun_after_termination", "{SERVERS} state = 'terminated'", "begun"),
        ("digests_are_well_formed", "{CODES} tail = 'ABCDU' WHERE id = {used}", "{used}"),
        ("digests_are_well_formed", "{CODES} tail = 'ABCD' WHERE id = {used}", "{used}"),
        ("digests_are_well_formed", "{CODES} digest = {short} WHERE id = {used}", "{used}"),
        ("digests_are_well_formed", "{CODES} sealed = {short} WHERE id = {used}", "{used}"),
        ("values_can_be_read", "{CODES} tail = 'ABCDE' WHERE id = {used}", "{used}"),
        ("values_can_be_read", "{CODES} digest = {short} WHERE id = {used}", "{used}"),
        ("values_can_be_read", "{CODES} sealed = {short} WHERE id = {used}", "{used}"),
    ],
)  # fmt: skip
def test_what_breaks_an_invariant_is_named(world: dict[str, int], invariant: str, statement: str, things: str) -> None:
    short = "'\\x0102'" if connection.vendor == "postgresql" else "x'0102'"
    if invariant == "nothing_begun_after_termination":
        services.record_server_changes(
            [(Server.objects.get(pk=world["server"]), {"state": ["running", "terminated"]})], **ACT
        )
        statement += ";{EVENTS} id = -id WHERE type = 'server_changed'"
    assert check(invariant)[0] == 0
    with behind_its_back(unguarded=True) as cursor:
        for each in statement.split(";"):
            cursor.execute(each.format(**SHORT, **world, short=short))
    begun = CodeEvent.objects.filter(type=EventType.BEGUN).order_by("pk")
    found = named(invariant)
    if things == "begun":
        assert found == [str(event.pk) for event in begun]
    else:
        assert sorted(found) == sorted(things.format(**world).split(", "))


def test_an_expiry_that_was_changed_later_is_taken_as_it_was(world: dict[str, int]) -> None:
    """The server had expired when the filing began; a renewal since does not hide it."""
    server = Server.objects.get(pk=world["server"])
    renewal = {"expires_at": ["2026-11-23T04:00:00Z", "2027-11-24T04:00:00Z"]}
    services.record_server_changes([(server, {"name": ["a", "b"]}), (server, renewal)], **ACT)
    later = {"expires_at": ["2027-11-24T04:00:00Z", "2026-01-24T04:00:00Z"]}
    services.record_server_changes([(server, later)], **ACT)
    assert len(named("nothing_begun_after_expiry")) == 3
    assert named("late_completions_are_flagged") == [str(world["used_event"])]


def test_many_are_counted_and_the_first_named() -> None:
    for _ in range(25):
        make_server(state="terminated")
    code, said = check("terminated_holds_no_ip")
    assert (code, said.count(", "), " and 5 more" in said) == (1, 19, True)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(CommandError, match="no invariant nonsense; there are slots, "):
        check("nonsense")


# Values in texts


def test_every_text_and_json_column_is_looked_at() -> None:
    columns = {f"{table}.{column}" for table, found in text_columns().items() for column in found}
    assert columns >= {
        "django_admin_log.change_message",
        "django_admin_log.object_repr",
        "sign_in_session.session_data",
        "api_keptanswer.key",
        "axes_accessattempt.post_data",
        "servers_account.emails",
        "codes_authorizationcode.remark",
        "codes_codeevent.detail",
        "codes_supportmessage.text",
        "codes_supportrequest.report",
        "codes_savedview.query",
        "webhooks_webhookattempt.response",
        "auth_user.last_name",
    }


@pytest.mark.parametrize(
    "form",
    [
        str,
        str.lower,
        lambda value: value.replace("-", " "),
        lambda value: value.replace("-", ""),
        lambda value: value.removeprefix("ICP-"),
        lambda value: value.removeprefix("ICP-").replace("-", " – "),
        lambda value: " ".join(value.replace("-", "")),
        lambda value: f"备案：{value}。",
        lambda value: f"{value[:6]}\u200b{value[6:]}",  # which is not seen
        lambda value: "".join(chr(ord(letter) + 0xFEE0) for letter in value),
    ],
)
@pytest.mark.parametrize(
    ("column", "statement"),
    [
        ("codes_authorizationcode.remark", "UPDATE codes_authorizationcode SET remark = %s"),
        ("codes_codeevent.reason", "UPDATE codes_codeevent SET reason = %s"),
    ],
)
def test_a_value_in_a_text_is_found(column: str, statement: str, form: Any) -> None:
    (issued,) = services.generate(make_server(), **ACT)
    assert check("no_value_is_readable")[0] == 0
    with behind_its_back() as cursor:
        cursor.execute(statement, [form(issued.value)])
    (event,) = CodeEvent.objects.all()
    assert named("no_value_is_readable") == [f"{column} {issued.code.pk if 'remark' in column else event.pk}"]


def test_a_value_in_json_is_found() -> None:
    (issued,) = services.generate(make_server(), **ACT)
    Server.objects.get().account.emails = []
    with behind_its_back() as cursor:
        cursor.execute("UPDATE servers_account SET emails = %s", [f'["a@example.com", "{issued.value}"]'])
        cursor.execute("UPDATE codes_codeevent SET detail = %s", [f'{{"name": ["", "({issued.value})"]}}'])
    assert [each.split()[0] for each in named("no_value_is_readable")] == [
        "codes_codeevent.detail",
        "servers_account.emails",
    ]


def test_a_value_in_a_session_is_found_and_its_key_not_shown() -> None:
    (issued,) = services.generate(make_server(), **ACT)
    client = Client()
    client.force_login(make_user())
    session = client.session
    session["draft"] = f"remark {issued.value}"
    session.save()
    assert named("no_value_is_readable") == [f"session {session.session_key[:6]}…"]


@pytest.mark.parametrize(
    "text", ["ICP-…-7Q4KD", "f" * 40, values.show("0" * 24 + "1"), "备案授权码" * 20, "a b c d " * 20]
)
def test_what_is_no_value_is_not_taken_for_one(text: str) -> None:
    services.generate(make_server(), remark=text[:200], **ACT)
    assert check("no_value_is_readable")[0] == 0


def test_what_has_the_form_of_a_value_by_chance_is_not_taken_for_one() -> None:
    (issued,) = services.generate(make_server(), **ACT)
    user = make_user()
    user.password = f"argon2$argon2id$v=19${values.mint()}$"
    user.save()
    assert check("no_value_is_readable")[0] == 0
    user.password = f"argon2$argon2id$v=19${issued.value.replace('-', '')}$"
    user.save()
    assert [each.split()[0] for each in named("no_value_is_readable")] == ["auth_user.password"]


# Staff


def permission(name: str) -> Permission:
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def test_a_role_that_lacks_or_holds_a_permission_is_named() -> None:
    group = Group.objects.get(name="Auditor")
    group.permissions.remove(permission("codes.view_filing"))
    group.permissions.add(permission("codes.reveal_code"))
    assert named("roles_hold_their_permissions") == [
        "Auditor lacks codes.view_filing",
        "Auditor holds codes.reveal_code",
    ]


def test_whoever_could_raise_themselves_is_named() -> None:
    agent, superuser = make_agent(), User.objects.create_superuser("root")
    for user in (agent, superuser):
        user.user_permissions.add(permission("auth.change_user"))
    group = Group.objects.create(name="Night shift")
    group.permissions.add(permission("auth.add_group"))
    assert named("nobody_raises_themselves") == ["group Night shift", f"{agent.username} ({agent.pk})"]


def test_whoever_holds_more_than_any_role_is_named() -> None:
    agent = make_agent()
    agent.user_permissions.add(permission("codes.delete_filing"), permission("codes.reveal_code"))
    group = Group.objects.create(name="Night shift")
    group.permissions.add(permission("codes.add_codeevent"), permission("codes.view_filing"))
    assert named("no_permission_beyond_the_roles") == [
        f"{agent.username} holds codes.delete_filing",
        "Night shift holds codes.add_codeevent",
    ]


def test_a_superuser_who_is_no_staff_is_named() -> None:
    hidden = make_user(is_superuser=True)
    make_user(is_superuser=True, is_staff=True)
    make_user(is_superuser=True, is_active=False)
    assert named("superusers_are_staff") == [f"{hidden.username} ({hidden.pk})"]
