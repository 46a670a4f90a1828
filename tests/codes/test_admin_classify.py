"""Supervisors classify regions, several at once: told first how many servers it concerns, then what became of each."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from codes.admin.base import BULK_LIMIT
from codes.admin.columns import list_url, page_url
from servers.choices import Jurisdiction
from servers.models import Region
from tests import factories
from tests.codes.desk import signed_in
from tests.codes.pages import text

pytestmark = pytest.mark.django_db
URL = "admin:servers_region_classify"


def make_regions() -> tuple[Region, Region]:
    """One that nobody has classified, with two servers, and one that somebody has."""
    new = factories.make_region(jurisdiction=Jurisdiction.UNCLASSIFIED)
    for _ in range(2):
        factories.make_server(region=new)
    return new, factories.make_region()


def choose(client: Client, *regions: Region):
    sent = {"action": "classify", "index": "0", "select_across": "0", "_selected_action": [each.pk for each in regions]}
    return client.post(list_url(Region), sent)


def classify(client: Client, *regions: Region, jurisdiction: str = "mainland"):
    return client.post(reverse(URL), {"region": [each.pk for each in regions], "jurisdiction": jurisdiction})


def test_the_question_says_how_many_servers_it_concerns_and_what_is_skipped():
    new, known = make_regions()
    page = choose(signed_in("Supervisor"), new, known).content.decode()
    assert "Classify 1 region? 1 of the 2 selected is skipped" in page
    assert "2 servers are checked again at once" in page and "Classified already." in page
    assert '<option value="overseas">Overseas</option>' in page
    new.refresh_from_db()
    assert new.jurisdiction == Jurisdiction.UNCLASSIFIED


def test_where_all_are_classified_nothing_is_asked():
    _new, known = make_regions()
    page = choose(signed_in("Supervisor"), known).content.decode()
    assert "<h1>Nothing to do: the one selected is skipped</h1></div>" in page


def test_the_servers_there_can_generate_at_once():
    new, known = make_regions()
    server = new.servers.all()[0]
    assert factories.failed_codes(server) == ["region_unknown"]
    page = classify(signed_in("Supervisor"), new, known).content.decode()
    assert "1 region classified" in page and "Classified already." in page
    assert factories.failed_codes(server) == []
    log = LogEntry.objects.get(object_id=str(new.pk))
    assert log.user.groups.get().name == "Supervisor"


def test_what_is_classified_stays_as_it_is():
    _new, known = make_regions()
    classify(signed_in("Supervisor"), known, jurisdiction="overseas")
    known.refresh_from_db()
    assert known.jurisdiction == Jurisdiction.MAINLAND


@pytest.mark.parametrize("jurisdiction", ["", "unclassified", "mars", "\0"])
def test_a_place_that_is_none_is_asked_for_again(jurisdiction):
    new, _known = make_regions()
    answer = classify(signed_in("Supervisor"), new, jurisdiction=jurisdiction)
    assert answer.status_code == 200 and "There is a problem" in answer.content.decode()
    new.refresh_from_db()
    assert new.jurisdiction == Jurisdiction.UNCLASSIFIED


@pytest.mark.parametrize("role", ["Agent", "Auditor"])
def test_nobody_but_supervisors_classifies(role):
    new, _known = make_regions()
    client = signed_in(role)
    assert classify(client, new).status_code == 403
    choose(client, new)
    assert 'value="classify"' not in client.get(list_url(Region)).content.decode()
    assert 'value="classify"' in signed_in("Supervisor").get(list_url(Region)).content.decode()
    new.refresh_from_db()
    assert new.jurisdiction == Jurisdiction.UNCLASSIFIED


@pytest.mark.parametrize("chosen", [[], ["x"], ["\0"], ["9" * 40], list(range(1, BULK_LIMIT + 2))])
def test_a_forged_selection_is_400(chosen):
    assert signed_in("Supervisor").post(reverse(URL), {"region": chosen, "jurisdiction": "mainland"}).status_code == 400
    assert signed_in("Supervisor").get(reverse(URL)).status_code == 405


@pytest.mark.parametrize(
    ("language", "question", "result"),
    [("en", "Classify 1 region?", "1 region classified"), ("zh-hans", "分类 1 个地域？", "已分类 1 个地域")],
)
def test_both_languages_show_question_and_result(language, question, result):
    new, known = make_regions()
    client = signed_in("Supervisor", language=language)
    assert question in choose(client, new, known).content.decode()
    assert result in classify(client, new, known).content.decode()


def test_the_limit_of_a_bulk_action_is_said_before():
    page = signed_in("Supervisor").get(list_url(Region)).content.decode()
    assert "At most 200 at a time." in page


def test_all_rows_of_a_list_up_to_the_limit_can_be_chosen():
    regions = [factories.make_region(jurisdiction=Jurisdiction.UNCLASSIFIED) for _ in range(60)]
    client, url = signed_in("Supervisor"), list_url(Region, jurisdiction="unclassified")
    page = client.get(url).content.decode()
    assert "Select all 60" in page and 'class="question' in page
    sent = {"action": "classify", "index": "0", "select_across": "1", "_selected_action": [regions[0].pk]}
    assert "Classify 60 regions?" in client.post(url, sent).content.decode()
    for _ in range(BULK_LIMIT):
        factories.make_region(jurisdiction=Jurisdiction.UNCLASSIFIED)
    assert 'class="question' not in client.get(url).content.decode()
    assert "Choose at most 200 rows" in client.post(url, sent, follow=True).content.decode()


def test_a_region_is_classified_on_its_page_and_the_page_tells_by_whom():
    client, (new, _known) = signed_in("Supervisor"), make_regions()
    url = reverse("admin:servers_region_classify_one", args=[new.pk])
    assert url in client.get(page_url(new)).content.decode()
    assert "2 servers are checked again at once" in client.get(url).content.decode()
    answer = client.post(url, {"jurisdiction": "mainland"}, follow=True)
    assert answer.redirect_chain == [(page_url(new), 302)]
    told = text(answer)
    assert "Jurisdiction Mainland China" in told and "Jurisdiction changed" in told
    assert "not classified yet → mainland China" in told
    assert factories.failed_codes(new.servers.all()[0]) == []


def test_a_region_without_servers_is_not_said_to_have_some_checked():
    region = factories.make_region(code="ap-nowhere-1", jurisdiction="unclassified")
    page = signed_in("Supervisor").get(reverse("admin:servers_region_classify_one", args=[region.pk])).content.decode()
    assert "No server is there yet" in page and "0 servers" not in page


def test_a_classified_region_can_be_moved_and_moving_it_nowhere_is_not_logged():
    client, (_new, known) = signed_in("Supervisor"), make_regions()
    url = reverse("admin:servers_region_classify_one", args=[known.pk])
    for place in ("overseas", "overseas"):
        client.post(url, {"jurisdiction": place})
    assert Region.objects.get(pk=known.pk).jurisdiction == "overseas"
    assert LogEntry.objects.get().change_message == "mainland overseas"


@pytest.mark.parametrize("place", ["", "mars", "unclassified"])
def test_a_region_is_moved_nowhere_else(place):
    client, (new, _known) = signed_in("Supervisor"), make_regions()
    url = reverse("admin:servers_region_classify_one", args=[new.pk])
    assert "There is a problem" in client.post(url, {"jurisdiction": place}).content.decode()
    assert client.get(url.replace(str(new.pk), "999999")).status_code == 404


def test_a_region_classified_before_its_places_were_logged_still_tells_who_and_when():
    client, (new, _known) = signed_in("Supervisor"), make_regions()
    user = factories.make_agent()
    kind = ContentType.objects.get_for_model(Region)
    LogEntry.objects.create(
        user=user,
        content_type=kind,
        object_id=str(new.pk),
        object_repr="x",
        action_flag=2,
        change_message='[{"changed": {"fields": ["Jurisdiction"]}}]',
    )
    told = text(client.get(page_url(new)))
    assert "Jurisdiction changed" in told and "→" not in told


def offered(client: Client, region: Region) -> list[str]:
    return re.findall(r'<a class="btn" href="[^"]*">([^<]*)<', client.get(page_url(region)).content.decode())


@pytest.mark.parametrize("role", ["Agent", "Auditor"])
def test_others_read_a_region_and_are_offered_nothing(role):
    for region in make_regions():
        assert offered(signed_in(role), region) == []


def test_where_a_region_is_can_be_said_by_a_button_like_any_other_act():
    client, (new, known) = signed_in("Supervisor"), make_regions()
    assert [offered(client, region) for region in (new, known)] == [["Classify…"], ["Change the jurisdiction…"]]


def test_a_region_has_a_code_of_its_own_in_chinese():
    client, (new, _known) = signed_in("Supervisor"), make_regions()
    main = client.get(page_url(new), headers={"accept-language": "zh-hans"}).content.decode().split("<main")[1]
    assert ">地域代码<" in main and ">授权码<" not in main.split("</section>")[0]
