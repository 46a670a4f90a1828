"""What the tests of the desk share: a browser in which somebody of the staff is signed in."""

from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_agent


def signed_in(who: User | str = "Agent", *, language: str = "en") -> Client:
    """The browser of this person, or of somebody new in this role."""
    client = Client(headers={"accept-language": language})
    client.force_login(make_agent(role=who) if isinstance(who, str) else who)
    return client
