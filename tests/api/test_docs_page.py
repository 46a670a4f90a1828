"""The documentation's page: a guide in the look and the language of the other pages, above the list of calls."""

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import override

from icpportal.api import documentation, swagger_ui
from icpportal.api.models import Scope
from icpportal.api.problems import KINDS

CHINESE = re.compile(r"[\u4e00-\u9fff]")
pytestmark = pytest.mark.django_db


def page(language: str = "en", **cookies: str) -> str:
    client = Client(headers={"accept-language": language})
    client.cookies.load(cookies)
    return client.get("/api/v1/docs/").content.decode()


def texts(said: Any) -> set[str]:
    """Every summary and description in a part of the document."""
    if isinstance(said, list):
        return set().union(*map(texts, said))
    if not isinstance(said, dict):
        return set()
    own = {said[name] for name in ("summary", "description") if isinstance(said.get(name), str)}
    return own.union(*map(texts, said.values()))


def test_the_guide_names_every_scope_and_every_problem() -> None:
    shown = page()
    assert [scope for scope in Scope.values if f"<code>{scope}</code>" not in shown] == []
    assert len(KINDS) > 30
    assert [code for code in KINDS if f'problems/{code}"><code>{code}</code>' not in shown] == []


def test_the_code_of_a_problem_is_no_authorization_code() -> None:
    assert '<th scope="col">错误代码</th>' in page("zh-hans")


def test_the_guide_tells_the_limits_that_are_set(settings: Any) -> None:
    settings.THROTTLE_RATES = {"calls": 7700, "unknown_codes": 9}
    assert "make 7,700 calls a minute, and send 9 unknown codes a minute to verify and begin: past that, both" in page()


@pytest.mark.parametrize(
    "said",
    [
        "that name that account or nobody, it may verify and begin",
        "after any other answer the request is carried out anew",
        "A 503 may have, if the database broke off while it wrote",
        "<code>data</code>, which is the event as <code>GET events/</code> gives it",
        "after a 410, at once",
    ],
)
def test_the_guide_tells_what_no_single_call_says(said: str) -> None:
    assert said in page()


def test_examples_begin_with_the_address_that_was_called() -> None:
    assert "http://testserver/api/v1/servers/ins-1a2b3c4d/eligibility/" in page()


def test_the_page_follows_the_cookie_of_the_language_switch_before_the_browser() -> None:
    chinese, english = page("en", **{settings.LANGUAGE_COOKIE_NAME: "zh-hans"}), page("zh-hans")
    assert '<html lang="zh-hans">' in chinese and "令牌和权限范围" in chinese
    assert 'data-language="zh-hans"' in chinese
    assert '<html lang="en">' in page("zh-hans", **{settings.LANGUAGE_COOKIE_NAME: "en"})
    assert "令牌和权限范围" in english  # no cookie: the browser's


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/problems/not_eligible"])
def test_who_opens_it_first_can_switch_the_language(path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).content.decode())
    assert token
    sent = {"language": "zh-hans", "next": path, "csrfmiddlewaretoken": token[1]}
    assert client.post("/i18n/setlang/", sent)["Location"] == path


def test_the_answer_names_its_language() -> None:
    client = Client(headers={"accept-language": "en"})
    client.cookies.load({settings.LANGUAGE_COOKIE_NAME: "zh-hans"})
    for path in ("docs/", "problems/not_eligible"):
        answer = client.get(f"/api/v1/{path}")
        assert answer["Content-Language"] == "zh-hans"
        assert {"Cookie", "Accept-Language"} <= {name.strip() for name in answer["Vary"].split(",")}


def test_every_text_of_the_chinese_document_is_chinese() -> None:
    chinese = texts(documentation.schema("zh-hans"))
    assert len(chinese) > 80
    assert sorted(text for text in chinese if not CHINESE.search(text)) == []
    english = texts(documentation.schema("en"))
    assert [text for text in english if CHINESE.search(text.replace("粤ICP备12345678号", ""))] == []


def test_swagger_ui_has_all_its_words_in_chinese() -> None:
    with override("en"):
        assert swagger_ui.words() == {}
    with override("zh-hans"):
        said = swagger_ui.words()
    assert said["Code"] == "状态码"
    assert len(said) > 50
    assert [word for word in said.values() if not CHINESE.search(word)] == []


def test_the_words_reach_the_script() -> None:
    found = re.search(r'data-words="([^"]*)"', page("zh-hans"))
    assert found is not None
    assert json.loads(found[1].replace("&quot;", '"'))["Execute"] == "执行"
