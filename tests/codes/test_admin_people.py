"""Users and roles, as superusers see them."""

import json
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from codes.admin.columns import list_url, page_url
from icpportal.dates import shanghai
from icpportal.sign_in.throttle import PER_NAME
from tests import factories

pytestmark = pytest.mark.django_db

SHOWN = re.compile(r'>([^<]+)<|(?:aria-label|title|data-field-name)="([^"]+)"')


def shown(client: Client, url: str) -> str:
    """What a page says, but for the permissions to choose from."""
    page = re.sub(r"<option.*?</option>|<script.*?</script>", "", client.get(url).content.decode(), flags=re.S)
    return " ".join(text or label for text, label in SHOWN.findall(page)).lower()


def raw(client: Client, url: str) -> str:
    return client.get(url).content.decode()


@pytest.mark.parametrize(("language", "ours", "djangos"), [("en", "role", "group"), ("zh-hans", "角色", "组")])
def test_a_role_is_called_so_on_every_page(language, ours, djangos):
    client = Client(headers={"Accept-Language": language})
    client.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    roles, role, agent = list_url(Group), Group.objects.get(name="Agent"), factories.make_agent()
    for url in (roles, f"{roles}add/", page_url(role), page_url(agent)):
        assert ours in shown(client, url) and djangos not in shown(client, url), url
    assert client.post(f"{roles}add/", {"name": "Night shift"}).status_code == 302
    assert ours in shown(client, roles) and djangos not in shown(client, roles)


def test_nothing_that_superusers_read_is_left_in_english():
    client = Client(headers={"Accept-Language": "zh-hans"})
    client.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    add = f"{list_url(User)}add/"
    assert "创建用户后" in shown(client, add) and "用户名：" in shown(client, add)
    assert "添加 用户" in shown(client, add) and "添加 用户" in shown(client, list_url(User)), "one word for one thing"
    scripts = json.loads(
        re.findall(r"const newcatalog = (\{.*?\});", client.get("/admin/jsi18n/").content.decode(), re.S)[0]
    )
    assert scripts["Choose all %s"] == "选择全部%s" and "Filter" in scripts, "ours beside Django's"
    assert "客服" in shown(client, list_url(Group)) and ">客服</option>" in raw(
        client, page_url(factories.make_agent())
    )
    sent = {"username": "li", "password1": "aB1", "password2": "aB1", "usable_password": "true"}
    page = client.post(add, sent).content.decode()
    assert "密码太短，至少需要 8 个字符。" in page and "too short" not in page
    options = re.findall("<option[^>]*>(.*?)</option>", client.get(f"{list_url(Group)}add/").content.decode())
    permissions = [option for option in options if "|" in option]
    english = [option for option in permissions if re.search("[A-Za-z]", re.sub("API|IP|Webhook", "", option))]
    assert permissions and not english


def test_a_person_is_added_with_a_password_and_no_date_of_theirs_is_edited(admin_client):
    add, agent = f"{list_url(User)}add/", factories.make_agent()
    assert "Single Sign-On" not in shown(admin_client, add) and 'name="usable_password"' not in raw(admin_client, add)
    page = raw(admin_client, page_url(agent))
    assert shanghai(agent.date_joined) in page and 'name="date_joined' not in page and 'name="last_login' not in page


@pytest.mark.parametrize(("language", "missing"), [("en", "Enter a new password."), ("zh-hans", "请输入新密码。")])
def test_a_superuser_gives_a_new_password_on_a_page_in_our_words_and_takes_none_away(language, missing):
    client, agent = Client(headers={"Accept-Language": language}), factories.make_agent()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    url = reverse("admin:auth_user_password_change", args=[agent.pk])
    page = raw(client, url)
    assert "LDAP" not in page and "usable_password" not in page and '/admin/auth/"' not in page
    assert missing in client.post(url, {"usable_password": "false", "unset-password": "1"}).content.decode()
    typed, theirs, signed_in = "green-harbour-lamp-42", Client(), Client()
    signed_in.force_login(agent)
    for _try in range(PER_NAME):
        theirs.post(reverse("admin:login"), {"username": agent.username, "password": "forgotten"})
    assert client.post(url, {"password1": typed, "password2": typed}).url == page_url(agent)
    assert theirs.post(reverse("admin:login"), {"username": agent.username, "password": typed}).status_code == 302
    assert signed_in.get(page_url(agent)).status_code == 302, "signed out"


def test_who_is_no_superuser_is_not_marked_red(admin_client):
    factories.make_agent()
    assert "icon-no.svg" not in raw(admin_client, list_url(User))
    assert re.findall('field-superuser">(.*?)<', raw(admin_client, list_url(User))) == ["Yes", "No"]


def test_the_history_of_a_user_hangs_on_the_list_of_users_and_an_account_is_a_customers(admin_client):
    agent = factories.make_agent()
    page = raw(admin_client, reverse("admin:auth_user_history", args=[agent.pk]))
    assert f'href="{page_url(agent)}"' in page and 'href="/admin/auth/"' not in page
    for url in (page_url(agent), reverse("admin:codes_person_change", args=[agent.pk])):
        assert "known since" in shown(admin_client, url) and "account made" not in shown(admin_client, url)


def test_a_search_says_how_many_it_finds_and_that_it_finds_none(admin_client):
    people = list_url(User)
    assert "results" not in shown(admin_client, people)
    assert "1 result (" in shown(admin_client, f"{people}?q=admin")
    none = shown(admin_client, f"{people}?q=nobody")
    assert "nothing matches." in none and "nothing is here yet." not in none


def test_a_customer_becomes_a_member_of_accounts_by_their_numbers():
    client, one, two, kept = Client(), *(factories.make_account(uid=uid) for uid in ("11", "22", "33"))
    client.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    customer = User.objects.create_user("li", "li@example.com", "pw")
    customer.accounts.add(kept)
    page = client.get(page_url(customer))
    form = page.context["adminform"].form
    assert form["member_of"].value() == "33" and b"Account numbers" in page.content
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    sent |= {"date_joined_0": "2026-01-01", "date_joined_1": "08:00:00"}
    wrong = client.post(page_url(customer), {**sent, "member_of": "11 44\n55"})
    assert wrong.context["adminform"].form.errors["member_of"] == ["There is no account 44.", "There is no account 55."]
    assert [*customer.accounts.all()] == [kept]
    assert client.post(page_url(customer), {**sent, "member_of": " 11\r\n22 11"}).status_code == 302
    assert {*customer.accounts.all()} == {one, two}
    client.post(page_url(customer), {**sent, "member_of": "22\r\n11"})
    logged = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    said = "Changed Accounts. Added account “11”. Added account “22”. Deleted account “33”."
    assert logged == [said, "No fields changed."]


def test_whoever_may_only_look_at_a_person_reads_their_accounts(client):
    looking, customer = User.objects.create_user("sun", is_staff=True), User.objects.create_user("li")
    looking.user_permissions.add(Permission.objects.get(codename="view_user"))
    client.force_login(looking)
    assert client.get(page_url(customer)).status_code == 200
    customer.accounts.add(*(factories.make_account(uid=uid) for uid in ("22", "11")))
    page = raw(client, page_url(customer))
    assert "11, 22" in page and "<textarea" not in page


def test_an_account_names_its_members_at_the_desk(client):
    account = factories.make_account()
    client.force_login(factories.make_agent())
    for name in "fbdcae":
        account.members.add(User.objects.create_user(f"li-{name}"))
    facts = {fact["label"]: fact["value"] for fact in client.get(page_url(account)).context["facts"]}
    assert facts["Members"] == "li-a, li-b, li-c, li-d, li-e, …"


def test_the_form_of_a_role_offers_what_it_holds_and_nothing_that_has_no_page():
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    for role in Group.objects.all():
        offered = set(client.get(page_url(role)).context["adminform"].form.fields["permissions"].queryset)
        assert offered >= set(role.permissions.all()), role
    without_page = {"admin", "axes", "contenttypes", "notices", "sessions", "sign_in"}
    assert not [each for each in offered if each.content_type.app_label in without_page]
