"""What is sealed opens under its key, while that is kept, and tells nothing."""

import base64
from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from icpportal import sealing

OLD, NEW = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"o", b"n"))


def test_the_newest_key_seals(settings: Any) -> None:
    settings.CODE_KEYS = [NEW, OLD]
    sealed = sealing.seal("KEY")
    assert sealing.is_newest(sealed)
    settings.CODE_KEYS = [NEW]
    assert sealing.unseal(sealed) == "KEY"


def test_what_an_older_key_sealed_is_unsealed_until_that_key_goes(settings: Any) -> None:
    settings.CODE_KEYS = [OLD]
    sealed = sealing.seal("KEY")
    settings.CODE_KEYS = [NEW, OLD]
    assert sealing.unseal(memoryview(sealed)) == "KEY" and not sealing.is_newest(sealed)
    settings.CODE_KEYS = [NEW]
    with pytest.raises(InvalidToken):
        sealing.unseal(sealed)


def test_equal_texts_are_not_sealed_alike() -> None:
    assert len({sealing.seal("0" * 25) for _ in range(20)}) == 20
