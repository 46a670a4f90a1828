"""The account that a command of the inventory works on."""

from django.core.management.base import CommandError

from servers.inventory.facts import ACCOUNT_NAME_LENGTH, UID
from servers.models import Account

NOTHING_DONE = 2  # exit code


def account_named(uid: str, *, create_as: str | None) -> Account:
    """The account, made under the name `create_as` if that is given and it is not known. Else raises CommandError."""
    if create_as is not None:
        _check(uid, create_as)
        return Account.objects.get_or_create(uid=uid, defaults={"name": create_as})[0]
    account = Account.objects.filter(uid=uid).first()
    if account is None:
        message = f"There is no account {uid}; create it with --create-account NAME."
        raise CommandError(message, returncode=NOTHING_DONE)
    return account


def _check(uid: str, name: str) -> None:
    """Raises CommandError for what the API would not take either."""
    if not UID.fullmatch(uid):
        message = "An account is named by 1 to 32 letters, digits, dots, hyphens or underscores."
        raise CommandError(message, returncode=NOTHING_DONE)
    if not name.strip() or len(name) > ACCOUNT_NAME_LENGTH:
        message = f"An account's name has 1 to {ACCOUNT_NAME_LENGTH} characters, not blanks alone."
        raise CommandError(message, returncode=NOTHING_DONE)
