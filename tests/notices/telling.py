"""What the tests of notices share: a member, what is due, a run."""

from datetime import datetime, timedelta
from io import StringIO

import time_machine
from django.core.management import call_command

from codes.models import AuthorizationCode, Filing
from servers.models import Account
from tests.factories import NOW, make_account, make_code, make_filing, make_issued, make_server, make_user


def make_member(*accounts: Account, username: str = "li"):
    user = make_user(username=username)
    for account in accounts or (make_account(),):
        account.members.add(user)
    return user


def make_expiring(
    account: Account | None = None, *, left: timedelta = timedelta(days=6), **fields
) -> AuthorizationCode:
    """A code whose server expires so long after NOW."""
    return make_code(make_server(account=account, expires_at=NOW + left, **fields))


def make_stalled(*, account: Account | None = None, days: int = 46) -> Filing:
    """A filing begun so many days before NOW, on a server that goes on for long."""
    began = NOW - timedelta(days=days)
    server = make_server(account=account, now=NOW)
    return make_filing(make_issued(server, now=began), now=began)


def send(*options: str, now: datetime = NOW) -> str:
    """One run at `now`; what it printed."""
    out = StringIO()
    with time_machine.travel(now.timestamp(), tick=False):
        call_command("send_notices", *options, stdout=out)
    return out.getvalue()
