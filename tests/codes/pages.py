"""What the tests of the customers' pages share: people who are signed in, and every address there is."""

import re
import secrets
from urllib.parse import quote_from_bytes

from django.test import Client
from django.urls import reverse

from codes.models import AuthorizationCode
from servers.models import Account, Server
from tests.factories import make_user

FORM = {"form_id": "f" * 22}  # of a form that is sent for the first time
VALUE = re.compile(r"ICP(-[0-9A-Z]{5}){5}")


def client_of(*accounts: Account, **person: str) -> Client:
    """A browser in which a member of these accounts is signed in."""
    user = make_user(**person)
    for account in accounts:
        account.members.add(user)
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


def new_form() -> dict[str, str]:
    """What a form that was never sent carries beside its fields."""
    return {"form_id": secrets.token_urlsafe(16)}


def text(response) -> str:
    """The page without its tags, whitespace folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def post_raw(client: Client, url: str, typed: str, *names: str):
    """POST the same text, however odd, in each of these fields."""
    value = quote_from_bytes(typed.encode("utf-8", "surrogatepass"))
    body = "&".join(f"{name}={value}" for name in names)
    return client.post(url, body, content_type="application/x-www-form-urlencoded")


def form_id(client: Client, server: Server) -> str:
    """The id of a freshly opened generate form."""
    found = re.search(r'name="form_id" value="([^"]+)"', client.get(generate_url(server)).content.decode())
    assert found
    return found.group(1)


def generate_url(server: Server) -> str:
    return reverse("codes:generate", args=[server.instance_id])


def server_urls(server: Server) -> list[str]:
    return [reverse(f"codes:{name}", args=[server.instance_id]) for name in ("server", "generate", "contact_server")]


def code_urls(code: AuthorizationCode) -> list[str]:
    return [
        reverse(f"codes:{name}", args=[code.pk]) for name in ("code", "reveal", "withdraw", "annotate", "contact_code")
    ]
