"""A queryset compiled once gives what it gives when it is built anew, whatever the values."""

from datetime import timedelta

from django.db.models import CharField, F, Value
from django.db.models.functions import Concat

from icpportal.prepared import Prepared, marker, prepared
from servers.models import Account, Server
from tests.factories import NOW, make_account, make_server


def test_a_value_that_stands_twice_is_taken_for_both(db: None) -> None:
    one, other = make_account(name="Qingshan"), make_account(name="Baihe")
    mark = marker("", 0)
    by_name = Prepared(Account.objects.filter(name=mark).exclude(uid=mark).values_list("uid"), [mark])
    assert by_name.fetch(["Qingshan"]) == [(one.uid,)]
    assert by_name.fetch(["Baihe"]) == [(other.uid,)]


def test_what_never_changes_may_hold_percent_signs_and_quotes(db: None) -> None:
    make_account(name="50% off")
    text = Concat(F("name"), Value(" 100%s '%%"), output_field=CharField())
    mark = marker("", 0)
    found = Prepared(Account.objects.filter(name=mark).annotate(text=text).values_list("text"), [mark])
    assert found.fetch(["50% off"]) == [("50% off 100%s '%%",)]


def test_objects_come_as_django_makes_them(db: None) -> None:
    server = make_server(expires_at=NOW + timedelta(days=100))
    server.account.emails = ["it@example.com"]
    server.account.save()
    mark = marker(0, 0)
    (found,) = Prepared(Server.objects.filter(pk=mark).select_related("account"), [mark]).fetch([server.pk])
    known = Server.objects.select_related("account").get()
    fields = [field.attname for field in Server._meta.concrete_fields]
    assert [getattr(found, name) for name in fields] == [getattr(known, name) for name in fields]
    assert found.account.emails == known.account.emails == ["it@example.com"]
    assert found.expires_at.utcoffset() == timedelta(0)


def test_an_argument_by_position_makes_a_statement_of_its_own(db: None) -> None:
    @prepared
    def ordered(order: str, *, after: int):  # type: ignore[no-untyped-def]
        return Account.objects.filter(pk__gt=after).order_by(order).values_list("name")

    names = [make_account(name=name).name for name in ("b", "a")]
    assert ordered("pk", after=0) == [(name,) for name in names]
    assert ordered("name", after=0) == [("a",), ("b",)]
