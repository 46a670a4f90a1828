"""The words of a problem follow the answer's language, not the one of the start or of an answer before."""

from django.utils import translation

from icpportal.api.problems import KINDS
from tests.api.client import Api


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
        "zh-Hans": ["请确保这个字段不能超过 64 个字符。", "请确保该值小于或者等于 5。"],
        "en": ["Ensure this field has no more than 64 characters.", "Ensure this value is less than or equal to 5."],
    }.items():
        answer = api.post("codes/generate/", body, accept_language=language)
        assert [error["detail"] for error in answer.json["errors"]] == told
