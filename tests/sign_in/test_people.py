"""What a person is called."""

import pytest

from icpportal.sign_in.people import name
from tests.codes.desk import signed_in
from tests.codes.pages import text
from tests.factories import make_agent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "last", "called"),
    [
        ("小明", "王", "王小明"),
        ("古丽", "阿依·", "阿依·古丽"),
        ("Xiaoming", "Wang", "Xiaoming Wang"),
        ("小明", "Wang", "小明 Wang"),
        ("小明", "", "小明"),
        ("", "", "sun"),
    ],
)
def test_a_name_stands_in_the_order_of_its_script(first: str, last: str, called: str) -> None:
    assert name(make_agent(username="sun", first_name=first, last_name=last)) == called


def test_the_desk_calls_whoever_is_signed_in_so() -> None:
    assert "王小明" in text(signed_in(make_agent(first_name="小明", last_name="王")).get("/admin/"))
