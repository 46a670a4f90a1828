"""The words of a problem follow the answer's language, not the one of the start or of an answer before."""

import pytest
from django.utils import translation

from icpportal.api.problems import KINDS
from tests.api.client import Api
from tests.factories import make_code


def test_a_rules_meaning_is_translated_when_it_is_read() -> None:
    meaning = KINDS["code_expired"].meaning
    with translation.override("en"):
        english = str(meaning)
    with translation.override("zh-hans"):
        chinese = str(meaning)
    assert english == "A code expires when its server or its IP does."
    assert chinese == "授权码随云服务器或 IP 到期而过期，以较早者为准。"


def test_the_policy_in_force_is_named(settings) -> None:  # type: ignore[no-untyped-def]
    settings.MIN_PREPAID_MONTHS = 6
    with translation.override("en"):
        assert str(KINDS["prepaid_term_too_short"].title) == "Prepaid for at least 6 months in total"


def test_what_is_wrong_with_a_body_is_told_to_each_caller_in_the_language_asked_for(db: None) -> None:
    api, body = Api(), {"items": [{"instance_id": "x" * 65, "count": 6}]}
    for language, told in {
        "zh-Hans": ["最多 64 个字符。", "不能大于 5。"],
        "en": ["Give at most 64 characters.", "Give 5 or less."],
    }.items():
        answer = api.post("codes/generate/", body, accept_language=language)
        assert [error["detail"] for error in answer.json["errors"]] == told


ITEM = {"instance_id": "ins-1"}


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("codes/generate/", {}, "This field is missing."),
        ("codes/generate/", {"items": None}, "This field cannot be null."),
        ("codes/generate/", {"items": "x"}, "Give a list."),
        ("codes/generate/", {"items": []}, "Too few items: give 1 or more."),
        ("codes/generate/", {"items": [{}] * 101}, "Too many items: give 100 or fewer."),
        ("codes/generate/", {"items": ["x"]}, "Give a JSON object."),
        ("codes/generate/", {"items": [{"instance_id": 5}]}, "Give a string."),
        ("codes/generate/", {"items": [{"instance_id": ""}]}, "This field cannot be empty."),
        ("codes/generate/", {"items": [ITEM | {"count": "x"}]}, "Give a whole number."),
        ("codes/generate/", {"items": [ITEM | {"count": 0}]}, "Give 1 or more."),
        ("codes/verify/", {"code": "x", "id": 1}, "There is no such field. The fields are: account, code."),
        ("inventory/tencent/", {"account": "1", "responses": [], "complete": 1}, "Give true or false."),
    ],
)
def test_a_wrong_field_is_told_what_would_be_right(db: None, path: str, body: object, told: str) -> None:
    api = Api()
    for language in ("en", "zh-Hans"):
        (error,) = api.post(path, body, accept_language=language).json["errors"]
        assert (error["detail"] == told) is (language == "en"), error


def test_a_wrong_e_mail_address_and_a_field_too_many_are_told_what_would_be_right(db: None) -> None:
    api = Api()
    answer = api.call("PUT", "accounts/1/", {"name": "A", "emails": ["x", "", 5]})
    mail = "Enter an e-mail address, such as name@example.com."
    assert [error["detail"] for error in answer.json["errors"]] == [mail, "This field cannot be empty.", mail]
    (error,) = api.post(f"codes/{make_code().pk}/reveal/", {"why": "x"}).json["errors"]
    assert error["detail"] == "This call takes no fields."
