"""What the database must not show, sealed: code values, kept answers, secrets of webhooks and one-time codes.

Under the keys of the setting CODE_KEYS, newest first, so that a dump opens nothing.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def seal(text: str) -> bytes:
    """Encrypted under the newest key."""
    return _fernet(tuple(settings.CODE_KEYS)).encrypt(text.encode())


def unseal(sealed: bytes | memoryview[int]) -> str:
    """Decrypted under whichever key sealed it. Raises cryptography.fernet.InvalidToken when none did."""
    return _fernet(tuple(settings.CODE_KEYS)).decrypt(bytes(sealed)).decode()


def is_newest(sealed: bytes | memoryview[int]) -> bool:
    """Whether it was the newest key that sealed it."""
    try:
        _fernet(tuple(settings.CODE_KEYS[:1])).decrypt(bytes(sealed))
    except InvalidToken:
        return False
    return True


@lru_cache(maxsize=8)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
