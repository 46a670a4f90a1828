"""Every error of the services has words, and every rule a sentence for when it fails."""

import pytest
from django.utils.translation import override

from codes import errors
from codes.choices import Action, FilingState, State, SupportAction, SupportState
from codes.eligibility import GENERATION
from codes.messages import SENTENCES, explain, reason, refusals
from codes.policy import Policy
from codes.staff import Beyond
from codes.validity import VALIDITY
from servers.choices import BillingMode
from tests.factories import NOW, make_server

pytestmark = pytest.mark.django_db


def test_every_rule_has_a_sentence_for_its_failure():
    assert set(SENTENCES) == {rule.code for rule in (*GENERATION.rules, *VALIDITY.rules)}


def test_every_rule_of_generating_has_a_reason_in_a_few_words():
    policy = Policy.current().as_dict()
    reasons = {rule.code: reason(rule.code, policy) for rule in GENERATION.rules}
    assert not any(code == text for code, text in reasons.items())
    assert reasons["not_prepaid"] == "Not prepaid"
    assert reasons["prepaid_term_too_short"] == "Prepaid term under 3 months"
    assert reasons["code_limit_reached"] == "All 5 codes generated"


def test_not_eligible_lists_every_failed_condition_with_its_remedy():
    server = make_server(billing_mode=BillingMode.PAY_AS_YOU_GO, public_ip_assigned=False)
    report = GENERATION.report(server, now=NOW)
    text = explain(errors.NotEligible(report))
    assert text.startswith("No code can be generated: 2 of 12 conditions fail.")
    assert "The server is not prepaid: Pay-as-you-go. Change the server to prepaid for 3 months" in text
    assert "(FAQ 4.1)" in text and "(FAQ 4.2)" in text


def test_in_chinese_its_stops_and_brackets_are_chinese():
    with override("zh-hans"):
        text = explain(errors.NotEligible(GENERATION.report(make_server(prepaid_months=1), now=NOW)))
    assert text.startswith("无法生成授权码：12 项条件中有 1 项不满足。包年包月购买时长为 1 个月，至少需要 3 个月。")
    assert text.endswith("。（FAQ 4.1）")


def test_one_failed_condition_is_counted_in_the_singular():
    report = GENERATION.report(make_server(prepaid_months=2), now=NOW)
    assert "1 of 12 conditions fails." in explain(errors.NotEligible(report))
    assert [refusal.sentence for refusal in refusals(report)] == [
        "Prepaid for 2 months in total; at least 3 are needed."
    ]


@pytest.mark.parametrize(
    "error",
    [
        errors.TransitionRefused(Action.WITHDRAW, State.IN_USE),
        errors.HeldSince(),
        errors.ReasonRequired(Action.RESET),
        errors.OrderConflict(),
        errors.FilingEnded(FilingState.COMPLETED),
        errors.FilingEnded(FilingState.ABANDONED),
        errors.CodeNotFound(),
        errors.ValueInText("remark"),
        errors.SupportRefused(SupportAction.CLOSE, SupportState.CLOSED),
        errors.TextUnfit(4000),
        errors.TooManyRequests(20),
        errors.TooManyMessages(100),
        errors.OutOfReach(Beyond.ONESELF),
    ],
)
def test_every_error_is_a_sentence(error):
    assert explain(error).endswith(".")


def test_every_error_class_is_explained():
    own = [each for each in vars(errors).values() if isinstance(each, type) and each.__module__ == errors.__name__]
    assert {each.__name__ for each in own if issubclass(each, errors.Refused)} == {
        "Refused",
        "NotEligible",
        "CodeRefused",
        "TransitionRefused",
        "HeldSince",
        "ReasonRequired",
        "OrderConflict",
        "FilingEnded",
        "CodeNotFound",
        "ValueInText",
        "SupportRefused",
        "TextUnfit",
        "TooManyRequests",
        "TooManyMessages",
        "OutOfReach",
    }
