"""The forms of the desk: what is missing is named, never "this field"."""

import pytest
from django import forms
from django.contrib import admin

from codes.admin.api_clients import LifetimeForm
from codes.admin.forms import DeskForm, GenerateForm
from codes.admin.what_if import WhatIfForm
from servers.models import IPAddress


def descendants(form: type[forms.Form]) -> list[type[forms.Form]]:
    return [form, *(each for child in form.__subclasses__() for each in descendants(child))]


@pytest.mark.django_db
def test_what_is_too_long_is_told_and_not_cut_by_the_browser():
    admin.autodiscover()
    generate = GenerateForm(ips=IPAddress.objects.none(), left=1)
    forms_of_ours = {**{form.__name__: form.base_fields for form in descendants(DeskForm)}, "G": generate.fields}
    cut = [
        f"{form}.{name}"
        for form, fields in forms_of_ours.items()
        for name, field in fields.items()
        if isinstance(field, forms.CharField) and "maxlength" in field.widget.attrs
    ]
    assert cut == []


@pytest.mark.parametrize(("days", "said"), [("0", "Enter 1 or more."), ("99999", "Enter 36500 or less.")])
def test_a_number_out_of_range_is_told_in_our_words(days, said):
    assert LifetimeForm({"days": days}).errors["days"] == [said]


@pytest.mark.django_db
def test_what_is_missing_is_named_by_every_field_that_must_be_filled_in():
    admin.autodiscover()
    generate = GenerateForm(ips=IPAddress.objects.none(), left=1)
    named = {form.__name__: form.base_fields for form in [*descendants(DeskForm), WhatIfForm]}
    silent = [
        f"{form}.{name}"
        for form, fields in {**named, "GenerateForm": generate.fields}.items()
        for name, field in fields.items()
        if field.required and field.error_messages["required"] == forms.Field.default_error_messages["required"]
    ]
    assert silent == []
