"""Which texts can be the number of a row."""

import pytest

from icpportal.handles import is_number


@pytest.mark.parametrize("text", ["1", "42", "9" * 18])
def test_digits_within_63_bits_are_a_number(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize(
    "text", ["", "0", "007", "-1", "+1", "1.0", "1e3", " 1", "1\n", "1_0", "٣", "²", "x", "1" * 19]
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_number(text)
