"""Generating: all or none, under the limit, recorded, refusals too (FAQ 1, 2 and 4)."""

from typing import Any

import pytest

from codes import services, values
from codes.choices import Channel, State
from codes.errors import NotEligible, ValueInText
from codes.models import AuthorizationCode, CodeEvent
from icpportal import sealing
from servers.choices import BillingMode, IPKind
from servers.models import Server
from tests.codes.witness import nothing_changes, one_event, said
from tests.factories import NOW, make_account, make_client, make_ip, make_issued, make_server, make_user

pytestmark = pytest.mark.django_db

POLICY = {"codes_per_server": 5, "min_prepaid_months": 3, "elastic_ip_allowed": False}


def generate(server: Server, **fields: Any) -> list[services.Issued]:
    return services.generate(server, **({"actor": None, "channel": Channel.COMMAND, "now": NOW} | fields))


def test_a_code_is_generated_for_the_default_ip() -> None:
    server = make_server()
    (issued,) = generate(server)
    code = AuthorizationCode.objects.get()
    assert code == issued.code
    assert (code.server, code.ip, code.slot, code.state) == (server, server.ips.get(), 1, State.UNUSED)
    assert (code.generated_at, code.remark, code.authorized_account) == (NOW, "", "")


def test_the_value_is_given_once_and_kept_sealed() -> None:
    (issued,) = generate(make_server())
    canonical = values.normalise(issued.value)
    assert values.is_well_formed(canonical)
    assert issued.value == values.show(canonical)
    stored = AuthorizationCode.objects.get()
    assert sealing.unseal(stored.sealed) == canonical
    assert (stored.tail, stored.masked) == (canonical[-5:], f"ICP-…-{canonical[-5:]}")
    assert AuthorizationCode.objects.of_value(issued.value).get() == stored


def test_remark_and_authorized_account_are_kept() -> None:
    (issued,) = generate(make_server(), remark="for the shop", authorized_account="1001")
    issued.code.refresh_from_db()
    assert (issued.code.remark, issued.code.authorized_account) == ("for the shop", "1001")


def test_a_code_may_be_generated_for_another_ip_of_the_server() -> None:
    server = make_server()
    other = make_ip(server, position=1)
    assert generate(server, ip=other)[0].code.ip == other


def test_the_event_tells_who_from_where_on_which_ticket_and_under_which_policy() -> None:
    server, agent = make_server(), make_user(username="lin")
    with one_event() as told:
        (issued,) = generate(server, actor=agent, channel=Channel.ADMIN, ticket="T-9")
    assert CodeEvent.objects.get().code == issued.code
    assert told == {
        "type": "generated",
        "actor": "user:lin",
        "channel": "admin",
        "ticket": "T-9",
        "policy": POLICY,
        "request_id": "req-7",
    }


def test_an_api_client_and_the_system_are_actors_too() -> None:
    generate(make_server(), actor=make_client(name="console"), channel=Channel.API)
    generate(make_server())
    assert [event.actor for event in CodeEvent.objects.order_by("pk")] == ["client:console", "system"]


def test_slots_count_from_1_and_each_code_has_its_event() -> None:
    server = make_server()
    first = generate(server, count=2)
    rest = generate(server, count=3)
    assert [issued.code.slot for issued in first + rest] == [1, 2, 3, 4, 5]
    assert len({issued.value for issued in first + rest}) == 5
    events = CodeEvent.objects.order_by("pk")
    assert [event.code for event in events] == [issued.code for issued in first + rest]


def test_nothing_frees_a_slot() -> None:
    server = make_server()
    codes = [issued.code for issued in generate(server, count=5)]
    for code, state in zip(codes, State, strict=False):
        AuthorizationCode.objects.filter(pk=code.pk).update(state=state)
    with pytest.raises(NotEligible) as refused:
        generate(server)
    assert refused.value.report.failed_codes == ["code_limit_reached"]


def test_several_are_generated_all_or_none() -> None:
    server = make_server()
    generate(server, count=3)
    with pytest.raises(NotEligible) as refused:
        generate(server, count=3)
    assert refused.value.report.failed_codes == ["code_limit_reached"]
    assert AuthorizationCode.objects.count() == 3


def test_a_refusal_is_recorded_with_every_rule_that_fails() -> None:
    server, client = make_server(billing_mode=BillingMode.PAY_AS_YOU_GO, with_ip=False), make_client(name="console")
    with one_event() as told, pytest.raises(NotEligible) as refused:
        generate(server, actor=client, channel=Channel.API, ticket="T-9")
    assert refused.value.report.failed_codes == ["not_prepaid", "no_live_public_ip"]
    event = CodeEvent.objects.get()
    assert (event.server, event.code, AuthorizationCode.objects.count()) == (server, None, 0)
    assert told == {
        "type": "generation_refused",
        "actor": "client:console",
        "channel": "api",
        "ticket": "T-9",
        "failed": ["not_prepaid", "no_live_public_ip"],
        "policy": POLICY,
        "request_id": "req-7",
    }


def test_the_event_keeps_the_policy_of_that_moment(settings: Any) -> None:
    settings.CODES_PER_SERVER, settings.MIN_PREPAID_MONTHS, settings.ELASTIC_IP_ALLOWED = 2, 6, True
    generate(make_server())
    settings.CODES_PER_SERVER = 5
    (told,) = map(said, CodeEvent.objects.all())
    assert told["policy"] == {"codes_per_server": 2, "min_prepaid_months": 6, "elastic_ip_allowed": True}


def test_a_lowered_limit_refuses_the_next_code(settings: Any) -> None:
    settings.CODES_PER_SERVER = 2
    server = make_server()
    generate(server, count=2)
    with pytest.raises(NotEligible):
        generate(server)


@pytest.mark.parametrize("kind", [IPKind.ELASTIC, IPKind.CLB])
def test_a_chosen_ip_that_does_not_qualify_is_refused(kind: str) -> None:
    server = make_server()
    with pytest.raises(NotEligible) as refused:
        generate(server, ip=make_ip(server, kind=kind))
    assert refused.value.report.failed_codes == [f"{kind}_ip"]


def test_an_ip_of_another_server_is_never_used() -> None:
    with pytest.raises(NotEligible):
        generate(make_server(), ip=make_server().ips.get())
    assert not AuthorizationCode.objects.exists()


def test_the_facts_are_read_after_the_lock_and_not_from_the_object_at_hand() -> None:
    server, account = make_server(), make_account()
    Server.objects.filter(pk=server.pk).update(account=account)
    generate(server)
    assert CodeEvent.objects.get().account == account


@pytest.mark.parametrize("field", ["remark", "ticket"])
def test_a_value_in_a_text_is_refused_and_nothing_is_recorded(field: str) -> None:
    value = make_issued().value
    server = make_server()
    with nothing_changes(ValueInText) as refused:
        generate(server, **{field: f"replaces {value.lower()}"})
    assert refused.value.field == field
