"""Lists by filters, whose statement is kept: the second question of a kind is answered with its own values."""

from datetime import timedelta
from typing import Any

import pytest

from codes import services
from codes.choices import Channel
from servers.choices import BillingMode
from tests.api.client import Api
from tests.factories import NOW, make_account, make_code, make_ip, make_region, make_server


def servers(api: Api, query: str) -> list[str]:
    answer = api.get(f"servers/?{query}")
    assert answer.status == 200, answer.raw
    return [server["instance_id"] for server in answer.json["results"]]


def codes(api: Api, query: str) -> list[int]:
    answer = api.get(f"codes/?{query}")
    assert answer.status == 200, answer.raw
    return [code["id"] for code in answer.json["results"]]


def test_the_second_account_has_its_own_servers(api: Api) -> None:
    one, other = make_server(), make_server()
    assert servers(api, f"account={one.account.uid}&eligible=true") == [one.instance_id]
    assert servers(api, f"account={other.account.uid}&eligible=true") == [other.instance_id]
    assert servers(api, "account=100099999999&eligible=true") == []


def test_a_choice_makes_a_list_of_its_own(api: Api) -> None:
    able, paid_hourly = make_server(), make_server(billing_mode=BillingMode.PAY_AS_YOU_GO)
    assert servers(api, "eligible=true") == [able.instance_id]
    assert servers(api, "eligible=false") == [paid_hourly.instance_id]
    assert servers(api, "fails=not_prepaid") == [paid_hourly.instance_id]
    assert servers(api, "fails=not_mainland") == []
    assert servers(api, "billing_mode=prepaid") == [able.instance_id]


def test_eligible_is_judged_at_the_moment_of_the_question(api: Api, time_travel: Any) -> None:
    server = make_server(expires_at=NOW + timedelta(days=1), prepaid_months=3)
    assert servers(api, "eligible=true") == [server.instance_id]
    time_travel.shift(timedelta(days=1))
    assert servers(api, "eligible=true") == []


def test_eligible_follows_the_policy(api: Api, settings: Any) -> None:
    server = make_server(prepaid_months=3)
    assert servers(api, "eligible=true") == [server.instance_id]
    settings.MIN_PREPAID_MONTHS = 4
    assert servers(api, "eligible=true") == []


def test_values_of_every_kind_change_between_questions(api: Api) -> None:
    near = make_server(region=make_region(code="ap-near"), expires_at=NOW + timedelta(days=40), prepaid_months=3)
    far = make_server(region=make_region(code="ap-far"), expires_at=NOW + timedelta(days=400))
    assert servers(api, "region=ap-near") == [near.instance_id]
    assert servers(api, "region=ap-far") == [far.instance_id]
    assert servers(api, "codes_left_min=5") == [far.instance_id, near.instance_id]
    assert servers(api, "codes_left_min=6") == []
    for days, found in ((39, []), (41, [near.instance_id])):
        assert servers(api, f"expires_before={NOW + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}") == found


def test_codes_are_found_by_the_values_asked_for(api: Api) -> None:
    first, second = make_code(remark="a"), make_code(authorized_account="100012345678")
    withdrawn = make_code()
    services.withdraw(withdrawn, reason="Lost", actor=None, channel=Channel.COMMAND, now=NOW)
    for code in (first, second):
        assert codes(api, f"server={code.server.instance_id}") == [code.pk]
        assert codes(api, f"ip={code.ip.address}&state=unused") == [code.pk]
    assert codes(api, "state=withdrawn") == [withdrawn.pk]
    assert codes(api, "authorized_account=100012345678") == [second.pk]
    assert codes(api, "authorized_account=100012345679") == []
    assert codes(api, f"ip={make_ip(first.server).address}") == []


def test_a_client_of_one_account_sees_that_account_alone(db: None) -> None:
    accounts = make_account(), make_account()
    for account in accounts:
        server, api = make_server(account=account), Api(account=account)
        code = make_code(server)
        assert servers(api, "eligible=true") == [server.instance_id]
        assert codes(api, "state=unused") == [code.pk]
        assert servers(api, f"account={accounts[0].uid}") == ([server.instance_id] if account == accounts[0] else [])


@pytest.mark.parametrize("limit", [1, 2])
def test_filters_hold_on_the_next_page(api: Api, limit: int) -> None:
    names = [make_server().instance_id for _ in range(3)][::-1]
    make_server(with_ip=False)
    first = api.get(f"servers/?eligible=true&limit={limit}").json
    second = api.get(first["next"]).json
    found = [server["instance_id"] for page in (first, second) for server in page["results"]]
    assert found == names[: 2 * limit]
