"""A queryset compiled once gives what it gives when it is built anew, whatever the values."""

from datetime import timedelta

import pytest
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Concat

from icpportal.prepared import prepared
from servers.models import Account, Server
from tests.factories import NOW, make_account, make_server


def test_a_value_that_stands_twice_is_taken_for_both(db: None) -> None:
    @prepared
    def by_name(*, name: str):  # type: ignore[no-untyped-def]
        return Account.objects.filter(name=name).exclude(uid=name).values_list("uid")

    one, other = make_account(name="Qingshan"), make_account(name="Baihe")
    assert by_name(name="Qingshan") == [(one.uid,)]
    assert by_name(name="Baihe") == [(other.uid,)]


def test_what_never_changes_may_hold_percent_signs_and_quotes(db: None) -> None:
    @prepared
    def texts(*, name: str):  # type: ignore[no-untyped-def]
        text = Concat(F("name"), Value(" 100%s '%%"), output_field=CharField())
        return Account.objects.filter(name=name).annotate(text=text).values_list("text")

    make_account(name="50% off")
    assert texts(name="50% off") == [("50% off 100%s '%%",)]


def test_objects_come_as_django_makes_them(db: None) -> None:
    @prepared
    def servers(*, pk: int) -> QuerySet[Server]:
        return Server.objects.filter(pk=pk).select_related("account")

    server = make_server(expires_at=NOW + timedelta(days=100))
    server.account.emails = ["it@example.com"]
    server.account.save()
    (found,) = servers(pk=server.pk)
    known = Server.objects.select_related("account").get()
    fields = [field.attname for field in Server._meta.concrete_fields]
    assert [getattr(found, name) for name in fields] == [getattr(known, name) for name in fields]
    assert found.account.emails == known.account.emails == ["it@example.com"]
    assert found.expires_at is not None
    assert found.expires_at.utcoffset() == timedelta(0)


def test_an_argument_by_position_makes_a_statement_of_its_own(db: None) -> None:
    @prepared
    def ordered(order: str, *, after: int):  # type: ignore[no-untyped-def]
        return Account.objects.filter(pk__gt=after).order_by(order).values_list("name")

    names = [make_account(name=name).name for name in ("b", "a")]
    assert ordered("pk", after=0) == [(name,) for name in names]
    assert ordered("name", after=0) == [("a",), ("b",)]


def test_none_and_tuples_of_each_length_make_statements_of_their_own(db: None) -> None:
    @prepared
    def named(*, names: tuple[str, ...] | None):  # type: ignore[no-untyped-def]
        known = Account.objects.order_by("name").values_list("name")
        return known if names is None else known.filter(name__in=names)

    for name in ("a", "b", "c"):
        make_account(name=name)
    assert named(names=None) == [("a",), ("b",), ("c",)]
    assert named(names=("b",)) == [("b",)]
    assert named(names=("c", "a")) == [("a",), ("c",)]


def test_a_value_of_another_type_is_refused(db: None) -> None:
    @prepared
    def within(*, length: timedelta):  # type: ignore[no-untyped-def]
        return Account.objects.filter(created_at__gt=NOW - length)

    with pytest.raises(TypeError, match="No marker"):
        within(length=timedelta(days=1))
