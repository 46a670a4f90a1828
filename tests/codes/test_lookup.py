"""Look-up: each handle finds its object, noise is tolerated, mistyped codes are told apart, nothing is hinted."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes import services
from codes.choices import Channel
from codes.lookup import Handle, resolve
from codes.pasted import Term
from servers.models import Account
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    account = factories.make_account(uid="100012345678")
    server = factories.make_server(account=account, instance_id="ins-7k2m9qpx", name="Web prod 2", with_ip=False)
    factories.make_ip(server, address="203.0.113.47")
    issued = factories.make_issued(server)
    filing = factories.make_filing(issued, order_number="20261002093177", domain="blog.example.cn")
    services.complete_filing(
        filing, icp_number="粤ICP备2026018842号-1", actor=filing.client, channel=Channel.API, now=NOW
    )
    return {
        "account": account,
        "server": server,
        "ip": server.ips.get(),
        "code": issued.code,
        "filing": filing,
        "value": issued.value,
    }


HANDLES = [
    ("100012345678", Handle.ACCOUNT, "account"),
    ("ins-7k2m9qpx", Handle.INSTANCE_ID, "server"),
    ("INS-7K2M9QPX", Handle.INSTANCE_ID, "server"),
    ("203.0.113.47", Handle.IP, "ip"),
    ("::ffff:203.0.113.47", Handle.IP, "ip"),
    ("20261002093177", Handle.ORDER, "filing"),
    ("blog.example.cn", Handle.DOMAIN, "filing"),
    ("粤ICP备2026018842号-1", Handle.ICP_NUMBER, "filing"),
    ("粤ICP备2026018842号", Handle.ICP_NUMBER, "filing"),
    ("Web prod", Handle.NAME, "server"),
]
NOISE = ["{}", "  {}\n", "IP：{}", "“{}”，", "Customer says: {} does not work!", "工单：实例 {} 无法生成。"]
NOISE += ["客户的{}不能用", f"{'and so it goes on ' * 12}{{}}"]


@pytest.mark.parametrize(("text", "handle", "what"), HANDLES)
def test_each_handle_finds_its_object(world, text, handle, what):
    found = resolve(text, user=factories.make_agent())
    assert found.only == world[what]
    assert found.read_as == [handle]


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize(("text", "handle", "what"), [row for row in HANDLES if row[1] != Handle.NAME])
def test_pasted_noise_is_tolerated(world, noise, text, handle, what):
    assert resolve(noise.format(text), user=factories.make_agent()).only == world[what]


@pytest.mark.parametrize("noise", [*NOISE, "https://{}/"])
def test_a_full_value_finds_its_code(world, noise):
    found = resolve(noise.format(world["value"]), user=factories.make_agent())
    assert found.only == world["code"]
    assert found.holds_value and not found.mistyped


@pytest.mark.parametrize("form", ["lower", "spaces", "run", "no prefix"])
def test_a_value_is_found_in_every_form(world, form):
    value = world["value"]
    texts = {
        "lower": value.lower(),
        "spaces": value.replace("-", " "),
        "run": value.replace("-", ""),
        "no prefix": value[4:],
    }
    assert resolve(texts[form], user=factories.make_agent()).only == world["code"]


def test_the_last_five_characters_find_the_code(world):
    agent = factories.make_agent()
    for text in (world["code"].tail, world["code"].tail.lower(), world["code"].masked, f"see {world['code'].masked}."):
        assert world["code"] in resolve(text, user=agent).codes


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("公网IP203.0.113.47打不开", "ip"),
        ("It is IP203.0.113.47.", "ip"),
        ("实例IDins-7k2m9qpx。", "server"),
        ("账号UIN100012345678", "account"),
    ],
)
def test_a_handle_may_stand_to_its_label_without_a_sign(world, text, what):
    assert resolve(text, user=factories.make_agent()).only == world[what]


def test_a_url_finds_its_domain(world):
    assert resolve("https://blog.example.cn/about?x=1", user=factories.make_agent()).only == world["filing"]


def test_a_mistyped_value_is_told_apart_by_its_check_character(world):
    value = world["value"]
    wrong = value[:-1] + ("0" if value[-1] != "0" else "1")
    found = resolve(wrong, user=factories.make_agent())
    assert found.mistyped and not found.unknown and not found.objects


def test_a_well_formed_value_that_no_code_has_is_unknown(world):
    issued = factories.make_issued()
    services.rotate(issued.code, reason="leaked", actor=None, channel=Channel.COMMAND, now=NOW)
    found = resolve(issued.value, user=factories.make_agent())
    assert found.unknown and not found.mistyped and not found.objects


def test_several_assignments_of_an_ip_bring_their_servers_and_codes(world):
    other = factories.make_server(with_ip=False)
    factories.make_ip(other, address="203.0.113.47", released_at=NOW)
    found = resolve("203.0.113.47", user=factories.make_agent())
    assert set(found.servers) == {world["server"], other}
    assert found.codes == [world["code"]] and len(found.ips) == 2


def test_a_code_that_is_pasted_beside_its_ip_is_listed_once(world):
    factories.make_ip(factories.make_server(with_ip=False), address="203.0.113.47", released_at=NOW)
    found = resolve(f"203.0.113.47 {world['code'].masked}", user=factories.make_agent())
    assert found.codes == [world["code"]]


def test_what_was_tried_is_told_when_nothing_is_found(world):
    found = resolve("ins-nothing1", user=factories.make_agent())
    assert not found.objects and set(found.tried) == set(Handle)


STARTS = [
    ("1000123", Handle.ACCOUNT_START, "account"),
    ("Qing", Handle.ACCOUNT_START, "account"),
    ("青山", Handle.ACCOUNT_START, "chinese"),
    ("INS-7k", Handle.INSTANCE_ID_START, "server"),
    ("203.0.113.", Handle.IP_START, "ip"),
    ("2026100209", Handle.FILING_START, "filing"),
    ("Blog.example", Handle.FILING_START, "filing"),
    ("粤ICP备20260188", Handle.FILING_START, "filing"),
]


@pytest.mark.parametrize(("text", "handle", "what"), STARTS)
def test_where_nothing_is_found_what_begins_like_it_is_listed_and_not_opened(world, text, handle, what):
    Account.objects.filter(pk=world["account"].pk).update(name="Qingshan Trading")
    world["chinese"] = factories.make_account(name="青山贸易")
    found = resolve(text, user=factories.make_agent())
    assert found.objects == [world[what]] and found.read_as == [handle]
    assert found.only is None


@pytest.mark.parametrize("text", ["203.0.113.4", "20", "青", "hat ins-7k"])
def test_a_complete_address_and_what_is_too_short_or_no_start_begin_nothing(world, text):
    assert not resolve(text, user=factories.make_agent()).objects


def test_what_begins_like_a_handle_is_not_looked_up_where_one_is_found(world):
    factories.make_server(instance_id="ins-7k2m9qpx2")
    assert resolve("ins-7k2m9qpx", user=factories.make_agent()).only == world["server"]


def test_who_may_view_nothing_finds_nothing_and_is_told_nothing(world):
    for user in (AnonymousUser(), factories.make_user(), factories.make_user(is_staff=True)):
        for text in ("ins-7k2m9qpx", world["value"], "203.0.113.47"):
            found = resolve(text, user=user)
            assert not found.objects and not found.tried


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "%", "_", "\ud800", "x" * 100_000, "::", "1" * 400, "😀", "..", "ICP-"]
)
def test_garbage_finds_nothing_and_breaks_nothing(world, text):
    assert not resolve(text, user=factories.make_agent()).objects


@pytest.mark.parametrize(
    "text",
    ["please check whether these three codes still work", "hello world", "order 2026, thanks", "粤ICP备2026018842号"],
)
def test_prose_is_no_value(text):
    assert Term.of(text).values == []


def test_a_look_up_is_a_fixed_number_of_statements(world):
    agent = factories.make_agent()
    agent.has_perm("codes.view_filing")
    with CaptureQueriesContext(connection) as queries:
        resolve("工单 100012345678 ins-7k2m9qpx 203.0.113.47 blog.example.cn 7Q4KD", user=agent)
    assert len(queries) <= len(Handle)


@pytest.mark.parametrize("address", ["::1", "2001:db8::", "2001:db8::1"])
@pytest.mark.parametrize("noise", ["{}", "IP: {}", "{}."])
def test_an_ipv6_address_keeps_its_colons(address, noise):
    ip = factories.make_ip(factories.make_server(with_ip=False), address=address)
    assert Term.of(address).whole == address
    assert resolve(noise.format(address), user=factories.make_agent()).only == ip


def test_an_icp_number_without_a_website_leads_to_all_of_its_websites_and_no_other(world):
    def complete(icp_number):
        filing = factories.make_filing(factories.make_issued(world["server"]), order_number=icp_number[-4:])
        services.complete_filing(filing, icp_number=icp_number, actor=filing.client, channel=Channel.API, now=NOW)
        return filing

    second, _other = complete("粤ICP备2026018842号-12"), complete("粤ICP备20260188421号-1")
    found = resolve("粤ICP备2026018842号", user=factories.make_agent())
    assert found.filings == [second, world["filing"]]
    assert resolve("粤ICP备2026018842号-12", user=factories.make_agent()).only == second
