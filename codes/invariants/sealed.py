"""Code values at rest: sealed, found by digest, told apart by tail (codes/values.py)."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.fernet import InvalidToken
from django.db import connection

from codes import values
from codes.invariants.invariant import Broken, Invariant, rows
from codes.models import AuthorizationCode
from icpportal import sealing


def _malformed() -> Iterator[Broken]:
    """Codes whose digest, sealed value or tail cannot be one."""
    matches = "~" if connection.vendor == "postgresql" else "REGEXP"
    sealed = len(sealing.seal("0" * values.LENGTH))
    return rows(
        "SELECT id FROM codes_authorizationcode WHERE length(digest) <> 32 "
        f"OR length(sealed) <> {sealed} OR NOT tail {matches} '^[{values.ALPHABET}]{{{values.TAIL}}}$'"
    )


def _unreadable() -> Iterator[Broken]:
    """Codes that the keys at hand do not unseal to a value of this digest and tail."""
    codes = AuthorizationCode.objects.order_by("pk").values_list("pk", "digest", "sealed", "tail")
    for pk, digest, sealed, tail in codes.iterator():
        try:
            value = sealing.unseal(sealed)
        except InvalidToken:
            yield str(pk)
            continue
        if not (value.endswith(tail) and values.is_well_formed(value) and bytes(digest) in values.digests(value)):
            yield str(pk)


SEALED = (
    Invariant(
        name="digests_are_well_formed",
        says="A code has a digest, a sealed value and a tail of the right form.",
        things="codes",
        broken=_malformed,
    ),
)
READABLE_KEYS = Invariant(
    name="values_can_be_read",
    says="CODE_KEYS unseal every code, to the value that its digest and tail belong to.",
    things="codes",
    broken=_unreadable,
)
