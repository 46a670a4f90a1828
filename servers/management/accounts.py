"""The account that a command of the inventory works on."""

from django.core.management.base import CommandError

from servers.models import Account

NOTHING_DONE = 2  # exit code


def account_named(uid: str, *, create_as: str | None) -> Account:
    """The account, made under the name `create_as` if that is given and it is not known. Else raises CommandError."""
    if create_as is not None:
        return Account.objects.get_or_create(uid=uid, defaults={"name": create_as})[0]
    account = Account.objects.filter(uid=uid).first()
    if account is None:
        message = f"There is no account {uid}; create it with --create-account NAME."
        raise CommandError(message, returncode=NOTHING_DONE)
    return account
