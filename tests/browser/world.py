"""`python -m tests.browser.world`: fills the database of DATABASE_URL for the browser tests, says how to get in.

It is the demonstration world and a little besides. Prints JSON: `sessions`, a session key for each username, so that
not every test has to type a password; `token`, of an API client that may do everything; `request`, a reference.
"""

import json
import os
import sys

import django


def main() -> None:
    """Migrates, loads, prints."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "icpportal.settings")
    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from codes.management.commands import load_demo
    from icpportal.api.models import ApiClient
    from servers.models import Account, Server
    from tests import factories

    now = timezone.now()
    call_command("migrate", verbosity=0)
    call_command("load_demo", small=True, stdout=sys.stderr)
    qingshan, lanye = (Account.objects.get(uid=uid) for uid, _name in (load_demo.demo.QINGSHAN, load_demo.demo.LANYE))
    newcomer = factories.make_user(username="newcomer")
    factories.make_account(uid="100099990000", name="New", members=(newcomer,))
    both = factories.make_user(username="both")
    for account in (qingshan, lanye):
        account.members.add(both)
    studio = Server.objects.get(instance_id="ins-5t2d8hkw")
    request = factories.make_request(studio, actor=lanye.members.earliest("pk"), now=now)
    world = {
        "sessions": {name: _session(name) for name in ("qingshan", "lanye", "both", "newcomer", "agent", "supervisor")},
        "token": factories.make_token(ApiClient.objects.get(name=load_demo.CLIENT)),
        "request": request.reference,
    }
    json.dump(world, sys.stdout)


def _session(username: str) -> str:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(REMOTE_ADDR="127.0.0.1")
    client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


if __name__ == "__main__":
    main()
