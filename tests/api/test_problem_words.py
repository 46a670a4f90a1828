"""The words of a declared problem follow the answer's language, not the one of the start."""

from django.utils import translation

from icpportal.api.problems import KINDS


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
