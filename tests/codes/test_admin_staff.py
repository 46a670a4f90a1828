"""People: supervisors give and take the roles of agents and auditors, and nothing lets anybody rise above those."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from codes import services
from codes.admin.columns import list_url, page_url
from codes.admin.staff import ACTS
from codes.choices import Channel, StaffAct
from codes.errors import OutOfReach, TextUnfit, ValueInText
from codes.models import CodeEvent, Person, StaffChange
from codes.roles import ROLES
from codes.staff import Beyond
from icpportal.final_rows import AppendOnly
from tests import factories
from tests.codes.desk import signed_in

pytestmark = pytest.mark.django_db
SENT = {"reason": "joined the team", "ticket": "HR-12"}
WHY = services.Why(**SENT)


def make_supervisor(**fields) -> User:
    return factories.make_agent(role="Supervisor", **fields)


def as_person(user: User) -> Person:
    return Person.objects.get(pk=user.pk)


def act_url(user: User, key: str) -> str:
    return reverse("admin:codes_person_act", args=[user.pk, key])


def rights(user: User) -> tuple:
    user = User.objects.get(pk=user.pk)
    return (
        user.is_active,
        user.is_staff,
        user.is_superuser,
        sorted(user.groups.values_list("name", flat=True)),
        user.user_permissions.count(),
    )


def test_a_supervisor_gives_a_role_and_it_holds_on_the_next_request():
    newcomer = factories.make_user(username="mei", is_staff=True)
    theirs = signed_in(newcomer)
    assert theirs.get(list_url(factories.Server)).status_code == 403
    supervisor = make_supervisor()
    sent = {"data": SENT, "headers": {"x-request-id": "hr-12"}, "follow": True}
    answer = signed_in(supervisor).post(act_url(newcomer, "give-agent"), **sent)
    assert "mei has the role Agent." in answer.content.decode()
    assert theirs.get(list_url(factories.Server)).status_code == 200
    change = StaffChange.objects.get()
    assert (change.person, change.actor, change.act, change.role) == (newcomer, supervisor, StaffAct.GIVEN, "Agent")
    assert (change.reason, change.ticket, change.request_id) == (*SENT.values(), "hr-12")


def test_a_role_that_is_taken_is_gone_on_the_next_request():
    agent = factories.make_agent()
    theirs = signed_in(agent)
    assert theirs.get(list_url(factories.Server)).status_code == 200
    signed_in(make_supervisor()).post(act_url(agent, "take-agent"), SENT)
    assert theirs.get(list_url(factories.Server)).status_code == 403
    assert StaffChange.objects.get().act == StaffAct.TAKEN


def test_who_is_deactivated_is_signed_out_and_stays_so_until_they_sign_in_anew():
    agent = factories.make_agent(role="Auditor")
    theirs, mine = signed_in(agent), signed_in(make_supervisor())
    mine.post(act_url(agent, "deactivate"), SENT)
    assert theirs.get(reverse("admin:index")).status_code == 302 and rights(agent)[0] is False
    mine.post(act_url(agent, "activate"), SENT)
    assert theirs.get(reverse("admin:index")).status_code == 302
    assert rights(agent) == (True, True, False, ["Auditor"], 0)


def test_done_already_changes_and_records_nothing():
    agent, supervisor, now = as_person(factories.make_agent()), make_supervisor(), timezone.now()
    services.give_role(agent, "Agent", why=WHY, actor=supervisor, now=now)
    services.take_role(agent, "Auditor", why=WHY, actor=supervisor, now=now)
    services.activate(agent, why=WHY, actor=supervisor, now=now)
    assert StaffChange.objects.count() == 0


def test_a_reason_is_owed_and_carries_no_value():
    agent, client = factories.make_agent(), signed_in(make_supervisor())
    answer = client.post(act_url(agent, "take-agent"), {"reason": " ", "ticket": ""})
    assert answer.status_code == 200 and "There is a problem" in answer.content.decode()
    value = factories.make_issued().value
    refused = client.post(act_url(agent, "take-agent"), {"reason": value}).content.decode()
    assert "This text contains a code value" in refused
    wrong = [(" ", "", TextUnfit), ("x" * 501, "", TextUnfit), (value, "", ValueInText), ("x", value, ValueInText)]
    for reason, ticket, refusal in wrong:
        with pytest.raises(refusal):
            why = services.Why(reason=reason, ticket=ticket)
            services.deactivate(as_person(agent), why=why, actor=make_supervisor(), now=timezone.now())
    assert rights(agent)[0] and StaffChange.objects.count() == 0


@pytest.mark.parametrize("length", [1, 500])
def test_a_reason_has_one_to_five_hundred_characters(length):
    agent, why = factories.make_agent(), services.Why(reason="x" * length)
    services.deactivate(as_person(agent), why=why, actor=make_supervisor(), now=timezone.now())
    assert not rights(agent)[0]


def out_of_reach(supervisor: User) -> dict[str, User]:
    higher = factories.make_agent(username="higher")
    higher.user_permissions.add(Permission.objects.get(codename="change_user"))
    other = factories.make_agent(username="other")
    other.groups.add(Group.objects.create(name="Payroll"))
    return {
        "oneself": supervisor,
        "a superuser": factories.make_user(is_staff=True, is_superuser=True),
        "another supervisor": make_supervisor(),
        "a deactivated supervisor": make_supervisor(is_active=False),
        "a permission of their own": higher,
        "another group": other,
    }


@pytest.mark.parametrize("key", ACTS)
def test_supervisors_superusers_and_oneself_are_out_of_reach_also_of_forged_posts(key):
    supervisor = make_supervisor()
    client = signed_in(supervisor)
    for who, target in out_of_reach(supervisor).items():
        before = rights(target)
        page = client.get(page_url(as_person(target))).content.decode()
        assert "/act/" not in page and str(Beyond.ONESELF.label if who == "oneself" else "under Users") in page
        answer = client.post(act_url(target, key), {**SENT, "is_superuser": "1", "groups": "2"}, follow=True)
        assert answer.redirect_chain == [(page_url(as_person(target)), 302)], who
        assert rights(target) == before, who
    assert StaffChange.objects.count() == 0


@pytest.mark.parametrize("key", ACTS)
def test_who_may_not_give_roles_is_refused(key):
    target = factories.make_user(is_staff=True)
    for role in ("Agent", "Auditor"):
        person = factories.make_agent(role=role)
        for one in (target, person):
            assert signed_in(person).post(act_url(one, key), SENT).status_code == 403
    assert rights(target) == (True, True, False, [], 0)


@pytest.mark.parametrize("key", ["give-supervisor", "take-supervisor", "give-superuser", "give-payroll", "give-", "x"])
def test_no_other_role_can_be_named(key):
    Group.objects.create(name="Payroll")
    target = factories.make_agent()
    assert signed_in(make_supervisor()).post(act_url(target, key), SENT).status_code == 404
    assert rights(target) == (True, True, False, ["Agent"], 0)


@pytest.mark.parametrize("verb", [services.give_role, services.take_role])
def test_the_service_knows_no_other_role_either(verb):
    with pytest.raises(ValueError):
        verb(as_person(factories.make_agent()), "Supervisor", why=WHY, actor=make_supervisor(), now=timezone.now())


def test_customers_get_no_role():
    customer, supervisor = factories.make_user(), make_supervisor()
    assert signed_in(supervisor).post(act_url(customer, "give-agent"), SENT).status_code == 404
    assert signed_in(supervisor).get(page_url(as_person(customer))).status_code == 302
    with pytest.raises(OutOfReach) as refused:
        services.give_role(as_person(customer), "Agent", why=WHY, actor=supervisor, now=timezone.now())
    assert refused.value.beyond == Beyond.NOT_STAFF and rights(customer)[3] == []


def test_nothing_is_edited_added_or_deleted_by_the_stock_pages():
    agent, client = factories.make_agent(), signed_in(make_supervisor())
    before = rights(agent)
    forged = {"is_superuser": "on", "groups": [Group.objects.get(name="Supervisor").pk], "_save": "1"}
    assert client.post(page_url(as_person(agent)), forged).status_code == 405
    for view, code in (("add", 403), ("changelist", 200)):
        assert client.post(reverse(f"admin:codes_person_{view}"), forged).status_code == code
    assert client.post(reverse("admin:codes_person_delete", args=[agent.pk]), {"post": "yes"}).status_code == 403
    for name in ("auth_user", "auth_group"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403
        assert client.post(reverse(f"admin:{name}_add"), forged).status_code == 403
    assert client.post(reverse("admin:auth_user_change", args=[agent.pk]), forged).status_code == 403
    assert rights(agent) == before


def test_no_role_holds_a_permission_on_users():
    assert [name for names in ROLES.values() for name in names if name.startswith("auth.")] == []
    in_database = Permission.objects.filter(group__name__in=ROLES, content_type__app_label="auth")
    assert not in_database.exists()
    holders = Permission.objects.get(codename="give_role").group_set.values_list("name", flat=True)
    assert list(holders) == ["Supervisor"]


def test_the_page_says_who_changed_what_when_and_why():
    agent, supervisor = as_person(factories.make_agent()), make_supervisor(first_name="Lin", last_name="Yue")
    services.give_role(agent, "Auditor", why=WHY, actor=supervisor, now=factories.NOW)
    for role in ("Supervisor", "Auditor"):
        page = signed_in(factories.make_agent(role=role)).get(page_url(agent)).content.decode()
        text = " ".join(re.sub(r"<[^>]*>", " ", page).split())
        for part in ("Lin Yue", "Role given Auditor", "joined the team", "HR-12"):
            assert part in text
        assert "2026-11-23T04:00:00" in page
    assert "/act/" not in page  # auditors read


def test_agents_do_not_see_people():
    agent = factories.make_agent()
    for url in (list_url(Person), page_url(as_person(agent)), f"{list_url(Person)}csv/"):
        assert signed_in(agent).get(url).status_code == 403


def test_the_list_shows_staff_alone_with_roles_and_is_counted_by_them():
    agent, two = factories.make_agent(username="lin"), factories.make_agent(username="mei", role="Auditor")
    two.groups.add(Group.objects.get(name="Agent"))
    factories.make_user(username="customer")
    factories.make_user(username="new", is_staff=True, is_active=False)
    client = signed_in(make_supervisor(username="sup"))
    page = client.get(list_url(Person)).content.decode()
    assert agent.username in page and "customer" not in page and "Agent, Auditor" in page
    tabs = dict(re.findall(r"<a [^>]*>([^<]+?) <span>(\d+)</span></a>", page))
    assert tabs == {"All": "4", "Agent": "2", "Supervisor": "1", "Auditor": "1", "Superuser": "0", "No role": "1"}
    agents = client.get(list_url(Person, role="Agent")).content.decode()
    assert re.findall(r'/change/[^"]*">(\w+)</a>', agents) == ["lin", "mei"]


def test_a_change_stays_on_record():
    agent = as_person(factories.make_agent())
    services.deactivate(agent, why=WHY, actor=make_supervisor(), now=timezone.now())
    change = StaffChange.objects.get()
    for attempt in (change.save, change.delete, StaffChange.objects.all().delete):
        with pytest.raises(AppendOnly):
            attempt()
    with pytest.raises(AppendOnly):
        StaffChange.objects.update(reason="x")
    for statement in ("UPDATE codes_staffchange SET reason = 'x'", "DELETE FROM codes_staffchange"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("facts", [{"role": "Supervisor"}, {"role": ""}, {"act": "deactivated"}, {"itself": True}])
def test_the_database_takes_no_change_that_raises_anybody(facts):
    person, actor = factories.make_agent(), make_supervisor()
    facts = {"act": "given", "role": "Agent", **facts}
    actor = person if facts.pop("itself", False) else actor
    with pytest.raises(DatabaseError), transaction.atomic():
        StaffChange.objects.create(person=person, actor=actor, at=factories.NOW, reason="x", **facts)


def test_what_somebody_did_is_one_step_from_their_page():
    agent, other = factories.make_agent(username="lin"), factories.make_agent(username="chen")
    codes = [factories.make_code(factories.make_server(now=timezone.now()), now=timezone.now()) for _ in range(2)]
    for code, who in zip(codes, (agent, other), strict=True):
        services.withdraw(code, reason="by mistake", actor=who, channel=Channel.ADMIN, now=timezone.now())
    auditor = signed_in("Auditor")
    page = auditor.get(page_url(Person.objects.get(pk=agent.pk))).content.decode()
    url = list_url(CodeEvent, who="lin")
    assert f'href="{url}"' in page
    listed = auditor.get(url).content.decode()
    assert codes[0].masked in listed and codes[1].masked not in listed
    assert "Nothing matches." in auditor.get(list_url(CodeEvent, who="nobody")).content.decode()
