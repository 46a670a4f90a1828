"""Saved views: one's own and the shared ones, above the list; kept, changed and deleted by whom they belong to."""

import re
from io import StringIO
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from codes import services
from codes.admin.columns import list_url
from codes.errors import ValueInText
from codes.models import AuthorizationCode, Filing, SavedView
from icpportal.api.models import ApiClient
from servers.models import Account
from tests import factories
from tests.codes.desk import signed_in

pytestmark = pytest.mark.django_db
CODES = "codes.authorizationcode"
WEEK = "expires_within=7"


def save_url(query: str) -> str:
    return f"{reverse('admin:codes_authorizationcode_save_view')}?{query}"


def view_url(view: SavedView, what: str = "edit") -> str:
    return reverse(f"admin:codes_authorizationcode_{what}_view", args=[view.pk])


def make_view(owner: User | None = None, *, name: str = "Mine", query: str = WEEK, is_shared: bool = False):
    owner = owner or factories.make_agent()
    return services.keep_view(owner, list_name=CODES, name=name, query=query, is_shared=is_shared)


def pills(client: Client, query: str = "") -> list[str]:
    page = client.get(f"{list_url(AuthorizationCode)}?{query}").content.decode()
    nav = re.search(r'<nav class="views".*?</nav>', page, re.S)
    links = re.findall(r'<a href="[^"]*view=\d+"( aria-current="true")?>(.*?)</a>', nav.group(), re.S) if nav else []
    words = [("* " if current else "") + re.sub(r"<[^>]*>", "", text) for current, text in links]
    return [" ".join(text.split()) for text in words]


@pytest.mark.parametrize("role", ["Agent", "Supervisor", "Auditor"])
def test_every_role_keeps_views_of_its_own(role):
    client = signed_in(factories.make_agent(role=role))
    question = client.get(save_url(f"state=unused&{WEEK}&o=6&p=2")).content.decode()
    assert "State: Unused" in question and "Expires: within 7 days" in question
    answer = client.post(save_url(f"state=unused&{WEEK}&o=6&p=2"), {"name": "  Mine   now "}, follow=True)
    view = SavedView.objects.get()
    assert (view.name, view.query, view.list_name, view.is_shared) == ("Mine now", f"{WEEK}&state=unused", CODES, False)
    assert answer.redirect_chain == [(f"{list_url(AuthorizationCode)}?{view.query}&view={view.pk}", 302)]
    assert "The view Mine now is saved." in answer.content.decode()
    assert pills(client, f"{view.query}&view={view.pk}") == ["* Mine now"]


def test_auditors_share_nothing():
    client = signed_in(factories.make_agent(role="Auditor"))
    assert "is_shared" not in client.get(save_url(WEEK)).content.decode()
    client.post(save_url(WEEK), {"name": "Mine", "is_shared": "on"})
    assert SavedView.objects.get().is_shared is False


def test_own_and_shared_views_are_shown_and_those_of_others_are_not():
    person, other = factories.make_agent(), factories.make_agent()
    make_view(other, name="All theirs, shared", is_shared=True)
    make_view(other, name="Theirs alone")
    make_view(person, name="Mine")
    make_view(person, name="Both", query="state=used")
    services.keep_view(person, list_name="codes.filing", name="Of filings", query="held=long", is_shared=True)
    assert pills(signed_in(person)) == ["Both", "Mine", "Shared: All theirs, shared"]  # one's own first, by name


def test_a_list_with_filters_offers_to_save_them():
    client, offer = signed_in(), f'href="views/save/?{WEEK}"'
    assert offer in client.get(f"{list_url(AuthorizationCode)}?{WEEK}&o=6&p=1").content.decode()
    assert "views/save/" not in client.get(list_url(AuthorizationCode)).content.decode()


def test_a_chosen_view_says_when_the_filters_differ():
    person = factories.make_agent()
    view = make_view(person)
    client = signed_in(person)
    assert pills(client) == ["Mine"]
    assert pills(client, WEEK) == ["* Mine"]
    assert pills(client, f"{WEEK}&view={view.pk}&o=6&p=1") == ["* Mine"]
    assert pills(client, f"{WEEK}&state=used&view={view.pk}") == ["* Mine changed"]


@pytest.mark.parametrize("chosen", ["0", "x", "-1", "9" * 40, "%27"])
def test_a_view_that_is_not_there_breaks_nothing(chosen):
    view = make_view()
    client = signed_in(view.owner)
    assert pills(client, f"state=used&view={chosen}") == ["Mine"]
    key = chosen if chosen.isdecimal() else "0"
    for what in ("", "delete/"):
        assert client.get(f"{list_url(AuthorizationCode)}views/{key}/{what}").status_code == 302


@pytest.mark.parametrize("what", ["edit", "delete"])
@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_view_deleted_meanwhile_leads_back_to_the_list_as_it_was_filtered(what, verb):
    view = make_view()
    client, url = signed_in(view.owner), f"{view_url(view, what)}?state=used"
    services.delete_view(view)
    answer = getattr(client, verb)(url, {"name": "Mine"} if verb == "post" else None, follow=True)
    assert answer.redirect_chain == [(f"{list_url(AuthorizationCode)}?state=used", 302)]
    assert "This view was deleted, or it is shared with you no more. Nothing was changed." in answer.content.decode()
    assert not SavedView.objects.exists()


def test_the_chosen_view_is_kept_by_filters_and_left_by_clear_all():
    view = make_view()
    address = f"{list_url(AuthorizationCode)}?{WEEK}&server=ins-1&view={view.pk}"
    page = signed_in(view.owner).get(address).content.decode()
    clear = re.search(r'href="([^"]*)">Clear all<', page)
    assert clear and "view=" not in clear[1] and WEEK not in clear[1]
    assert f"server=ins-1&amp;view={view.pk}" in page


@pytest.mark.parametrize("name", ["", "   ", "a\0b", "a\u202eb", "\u200b", "x" * 61])
def test_a_name_that_cannot_be_read_is_asked_for_again(name):
    answer = signed_in(factories.make_agent()).post(save_url(WEEK), {"name": name})
    assert answer.status_code == 200 and "There is a problem" in answer.content.decode()
    assert not SavedView.objects.exists()


def test_a_name_is_text_and_never_markup():
    person = factories.make_agent()
    signed_in(person).post(save_url(WEEK), {"name": "<script>x</script> 备案"})
    page = signed_in(person).get(list_url(AuthorizationCode)).content.decode()
    assert "&lt;script&gt;x&lt;/script&gt; 备案" in page and "<script>x" not in page


def test_a_name_stands_once_for_one_person_and_list():
    view = make_view()
    answer = signed_in(view.owner).post(save_url("state=used"), {"name": "Mine"})
    assert "You have a view of this name" in answer.content.decode()
    make_view(name="Mine")
    services.keep_view(view.owner, list_name="codes.filing", name="Mine", query="held=long", is_shared=False)
    with pytest.raises(services.NameTaken):
        make_view(view.owner)
    assert SavedView.objects.count() == 3


def test_upper_and_lower_case_make_no_other_name():
    view = make_view(name="Übrig Mine")
    other = make_view(view.owner, name="Other")
    with pytest.raises(services.NameTaken):
        make_view(view.owner, name="ÜBRIG mine")
    with pytest.raises(services.NameTaken):
        services.change_view(other, name="übrig MINE", query=WEEK, is_shared=False)
    assert services.change_view(view, name="übrig mine", query=WEEK, is_shared=False).name == "übrig mine"


def test_no_value_is_kept_in_name_or_filters():
    issued = factories.make_issued()
    client = signed_in(factories.make_agent())
    assert "This text contains a code value" in client.post(save_url(WEEK), {"name": issued.value}).content.decode()
    assert client.post(save_url(f"server={issued.value}"), {"name": "x"}).status_code == 400
    for texts in ({"query": f"server={issued.value}"}, {"name": issued.value}):
        with pytest.raises(ValueInText):
            make_view(**texts)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("query", ["", "o=1", "state=foo", "x=1", "state=%00", f"server={'x' * 1001}"])
def test_filters_that_cannot_be_right_are_not_saved(query):
    client = signed_in(factories.make_agent())
    assert client.get(save_url(query)).status_code == client.post(save_url(query), {"name": "x"}).status_code == 400
    assert not SavedView.objects.exists()


def test_its_owner_renames_shares_and_refilters_it():
    view = make_view()
    client = signed_in(view.owner)
    assert "Keep the filters" not in client.get(f"{view_url(view)}?{WEEK}").content.decode()
    question = client.get(f"{view_url(view)}?state=used").content.decode()
    assert "Keep the filters" in question and "Set now: State: Used" in question and 'value="Mine"' in question
    answer = client.post(f"{view_url(view)}?state=used", {"name": "New", "is_shared": "on"}, follow=True)
    view.refresh_from_db()
    assert (view.name, view.query, view.is_shared) == ("New", WEEK, True)
    assert answer.redirect_chain == [(f"{list_url(AuthorizationCode)}?{WEEK}&view={view.pk}", 302)]
    assert "The view New is saved." in answer.content.decode()
    assert "Set now" not in client.get(view_url(view)).content.decode()
    client.post(view_url(view), {"name": "New", "is_shared": "on", "takes_filters": "on"})  # none are set
    view.refresh_from_db()
    assert view.query == WEEK
    client.post(f"{view_url(view)}?state=used", {"name": "New", "takes_filters": "on"})
    view.refresh_from_db()
    assert (view.query, view.is_shared) == ("state=used", False)


@pytest.mark.parametrize(
    ("query", "kept", "said"),
    [
        ("renamed=3&state=used", {"state": "used"}, "A filter that this list does not have is left out."),
        ("renamed=3", {}, "A filter that this list does not have is left out."),
        ("state=frozen", {}, "The value of the filter “state” was not understood: this filter is left out."),
    ],
)
def test_a_view_whose_filter_is_gone_keeps_the_others_and_can_be_deleted(query, kept, said):
    view = make_view()
    SavedView.objects.update(query=query)
    client = signed_in(view.owner)
    (address,) = re.findall(r'href="([^"]*view=\d+)"', client.get(list_url(AuthorizationCode)).content.decode())
    answer = client.get(address.replace("&amp;", "&"), follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200 and said in page
    assert {spec.parameter_name: spec.value() for spec in answer.context["cl"].filter_specs if spec.value()} == kept
    assert pills(client, answer.request["QUERY_STRING"]) == ["* Mine changed"]
    assert f'href="views/{view.pk}/?{urlencode(kept)}"' in page
    client.post(view_url(view, "delete"))
    assert not SavedView.objects.exists()


def test_nobody_edits_the_view_of_another():
    shared, private = make_view(is_shared=True), make_view()
    for role in ("Agent", "Supervisor", "Auditor"):
        client = signed_in(factories.make_agent(role=role))
        assert client.post(view_url(shared), {"name": "x"}).status_code == 403
        for answer in (client.get(view_url(private)), client.post(view_url(private), {"name": "x"})):
            assert (answer.status_code, answer["Location"]) == (302, list_url(AuthorizationCode))
        assert client.post(view_url(private, "delete")).status_code == 302
    assert set(SavedView.objects.values_list("name", flat=True)) == {"Mine"}


def test_its_owner_deletes_it_after_a_question():
    view = make_view()
    client = signed_in(view.owner)
    question = client.get(view_url(view, "delete")).content.decode()
    assert "Delete the view Mine?" in question and "shares it" not in question
    assert SavedView.objects.exists()
    answer = client.post(view_url(view, "delete"), follow=True)
    assert "The view Mine is deleted." in answer.content.decode()
    assert not SavedView.objects.exists()


def test_a_question_about_a_view_is_sent_with_the_filters_and_leads_back_to_them():
    view = make_view()
    client, listed = signed_in(view.owner), list_url(AuthorizationCode)
    chosen, typed = f"{listed}?{WEEK}&view={view.pk}", f"{WEEK}&state=used"
    for url, back in (
        (save_url(typed), f"{listed}?{typed}"),
        (f"{view_url(view)}?{typed}", chosen),
        (view_url(view, "delete"), chosen),
    ):
        question = client.get(url).content.decode()
        assert f'action="{escape(url)}"' in question and f'href="{escape(back)}"' in question


@pytest.mark.parametrize(("role", "status"), [("Agent", 403), ("Auditor", 403), ("Supervisor", 302)])
def test_supervisors_alone_delete_the_shared_view_of_another(role, status):
    view = make_view(is_shared=True)
    client = signed_in(factories.make_agent(role=role))
    link = view_url(view, "delete").removeprefix(list_url(AuthorizationCode))
    page = client.get(f"{list_url(AuthorizationCode)}?{WEEK}&view={view.pk}").content.decode()
    assert (f'href="{link}"' in page) == (status == 302)
    if status == 302:
        assert f"{view.owner} shares it." in client.get(view_url(view, "delete")).content.decode()
    assert client.post(view_url(view, "delete")).status_code == status
    assert SavedView.objects.exists() == (status == 403)


def test_who_may_not_view_the_list_keeps_no_view_of_it():
    view, stranger = make_view(is_shared=True), signed_in(factories.make_user(is_staff=True))
    for url in (save_url(WEEK), view_url(view), view_url(view, "delete")):
        assert stranger.get(url).status_code == stranger.post(url, {"name": "x"}).status_code == 403
    agent = signed_in(factories.make_agent())
    assert agent.get(reverse("admin:api_apiclient_save_view") + "?is_active=True").status_code == 403
    assert ApiClient.objects.count() == 0


def test_a_list_without_filters_has_no_views():
    page = signed_in(factories.make_agent()).get(list_url(Account)).content.decode()
    assert "Save view" not in page and 'class="views"' not in page


@pytest.mark.parametrize(("language", "word"), [("en", "Views"), ("zh-hans", "视图")])
def test_both_languages_show_views(language, word):
    view = make_view(is_shared=True)
    client = signed_in(view.owner, language=language)
    page = client.get(f"{list_url(AuthorizationCode)}?{WEEK}&view={view.pk}")
    assert page.status_code == 200 and word in page.content.decode()
    for url in (save_url(WEEK), view_url(view), view_url(view, "delete")):
        assert client.get(url).status_code == 200
    told = {"en": "State: Used", "zh-hans": "状态：已使用"}[language]
    assert told in client.get(save_url("state=used")).content.decode()
    assert client.get(list_url(Filing, held="long")).status_code == 200


def test_the_demonstration_shares_views_that_open(settings):
    settings.DEMO = True
    call_command("load_demo", stdout=StringIO())
    client = signed_in(User.objects.get(username="agent"))
    shared = {view.name: view for view in SavedView.objects.filter(is_shared=True)}
    assert set(shared) == {"Expiring this week", "Holds over 45 days"}
    assert pills(client, shared["Expiring this week"].query) == ["* Shared: Expiring this week"]
    page = client.get(f"{list_url(Filing)}?{shared['Holds over 45 days'].query}")
    assert page.status_code == 200 and 'aria-current="true"' in page.content.decode()
